/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/interface.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *const interface_type_names[16] = {
    NULL,       "user",   "ethernet", "vhostuser", "server", "client", "mcast", "network",
    "bridge",   "internal", "direct", "hostdev",   "udp",    "vdpa",   "null",  "vds",
};

static const struct field bandwidth_fields[] = {
    { "@average", K_U64, AT(struct bandwidth, average) },
    { "@peak", K_U64, AT(struct bandwidth, peak) },
    { "@burst", K_U64, AT(struct bandwidth, burst) },
    { "@floor", K_U64, AT(struct bandwidth, floor) },
};
static const struct element bandwidth_element = { "bandwidth", sizeof(struct bandwidth), FIELDS(bandwidth_fields) };

static const struct field ip_fields[] = {
    { "@address", K_STR, AT(struct ip, address), .flags = F_REQUIRED },
    { "@family", K_STR, AT(struct ip, family) },
    { "@prefix", K_U32, AT(struct ip, prefix), .max = 128 },
    { "@peer", K_STR, AT(struct ip, peer) },
};
const struct element ip_element = { "ip", sizeof(struct ip), FIELDS(ip_fields) };

static const struct field route_fields[] = {
    { "@family", K_STR, AT(struct route, family) },
    { "@address", K_STR, AT(struct route, address) },
    { "@netmask", K_STR, AT(struct route, netmask) },
    { "@prefix", K_U32, AT(struct route, prefix), .max = 128 },
    { "@gateway", K_STR, AT(struct route, gateway) },
    { "@metric", K_U32, AT(struct route, metric) },
};
const struct element route_element = { "route", sizeof(struct route), FIELDS(route_fields) };

static const struct field range_fields[] = {
    { "@start", K_U32, AT(struct port_forward_range, start), .max = 65535, .flags = F_REQUIRED },
    { "@end", K_U32, AT(struct port_forward_range, end), .max = 65535 },
    { "@to", K_U32, AT(struct port_forward_range, to), .max = 65535 },
    { "@exclude", K_YESNO, AT(struct port_forward_range, exclude) },
};
static const struct element range_element = { "range", sizeof(struct port_forward_range), FIELDS(range_fields) };

static const struct field forward_fields[] = {
    { "@proto", K_STR, AT(struct port_forward, proto), .flags = F_REQUIRED },
    { "@address", K_STR, AT(struct port_forward, address) },
    { "@dev", K_STR, AT(struct port_forward, dev) },
    { "range", K_LIST, AT(struct port_forward, ranges), .sub = &range_element },
};
static const struct element forward_element = { "portForward", sizeof(struct port_forward), FIELDS(forward_fields) };

static const struct field parameter_fields[] = {
    { "@name", K_STR, AT(struct filter_parameter, name), .flags = F_REQUIRED },
    { "@value", K_STR, AT(struct filter_parameter, value), .flags = F_REQUIRED },
};
static const struct element parameter_element = { "parameter", sizeof(struct filter_parameter), FIELDS(parameter_fields) };

static const struct field tag_fields[] = {
    { "@id", K_U32, AT(struct vlan_tag, id), .max = 4095, .flags = F_REQUIRED },
    { "@nativeMode", K_STR, AT(struct vlan_tag, native_mode) },
};
static const struct element tag_element = { "tag", sizeof(struct vlan_tag), FIELDS(tag_fields) };

/* A MAC is six pairs of digits; the group bit is refused as libvirt does. */
static bool interface_parsed(void *self, struct parse *p)
{
    struct interface *i = self;
    if (!i->mac)
        return true;
    unsigned char byte[6];
    size_t n = 0;
    for (const char *s = i->mac; n < 6; n++) {
        if (!isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]) || s[2] != (n < 5 ? ':' : '\0'))
            break;
        byte[n] = (unsigned char)strtoul((char[]){ s[0], s[1], 0 }, NULL, 16);
        s += 3;
    }
    if (n != 6)
        return parse_error(p, i->meta.line, "<interface> mac '%s': not an address like 52:54:00:12:34:56", i->mac);
    if (byte[0] & 1)
        return parse_error(p, i->meta.line, "<interface> mac '%s': is a multicast address, an interface has its own", i->mac);
    char *lower = arena_strdup(p->arena, i->mac);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    i->mac = lower;
    return true;
}

#define OFFLOAD(where, member)                                                                   \
    { "driver/" where "@csum", K_ONOFF, AT(struct interface, member.csum) },                     \
    { "driver/" where "@gso", K_ONOFF, AT(struct interface, member.gso) },                       \
    { "driver/" where "@tso4", K_ONOFF, AT(struct interface, member.tso4) },                     \
    { "driver/" where "@tso6", K_ONOFF, AT(struct interface, member.tso6) },                     \
    { "driver/" where "@ecn", K_ONOFF, AT(struct interface, member.ecn) },                       \
    { "driver/" where "@ufo", K_ONOFF, AT(struct interface, member.ufo) },                       \
    { "driver/" where "@mrg_rxbuf", K_ONOFF, AT(struct interface, member.mrg_rxbuf) }

static const struct field interface_fields[] = {
    { "@type", K_ENUM, AT(struct interface, type), NAMES(interface_type_names), .flags = F_REQUIRED },
    { "@trustGuestRxFilters", K_YESNO, AT(struct interface, trust_guest_rx_filters) },
    { "@managed", K_YESNO, AT(struct interface, managed) },
    { "mac@address", K_STR, AT(struct interface, mac) },
    { "mac@type", K_STR, AT(struct interface, mac_type) },
    { "mac@check", K_YESNO, AT(struct interface, mac_check) },
    { "source@type", K_STR, AT(struct interface, socket_type) },
    { "source@path", K_STR, AT(struct interface, path) },
    { "source@network", K_STR, AT(struct interface, network) },
    { "source@portgroup", K_STR, AT(struct interface, portgroup) },
    { "source@portid", K_STR, AT(struct interface, portid) },
    { "source@bridge", K_STR, AT(struct interface, bridge) },
    { "source@dev", K_STR, AT(struct interface, dev) },
    { "source@mode", K_STR, AT(struct interface, mode) },
    { "source@address", K_STR, AT(struct interface, address) },
    { "source@port", K_U32, AT(struct interface, port), .max = 65535 },
    { "source@name", K_STR, AT(struct interface, name) },
    { "source/reconnect@enabled", K_YESNO, AT(struct interface, reconnect) },
    { "source/reconnect@timeout", K_U32, AT(struct interface, reconnect_timeout) },
    { "source/address", K_STRUCT, AT(struct interface, source_address), .sub = &address_element },
    { "source/local@address", K_STR, AT(struct interface, local_address) },
    { "source/local@port", K_U32, AT(struct interface, local_port), .max = 65535 },
    { "source/ip", K_LIST, AT(struct interface, source_ips), .sub = &ip_element },
    { "virtualport@type", K_STR, AT(struct interface, virtualport_type) },
    { "virtualport/parameters@managerid", K_STR, AT(struct interface, vp_managerid) },
    { "virtualport/parameters@typeid", K_STR, AT(struct interface, vp_typeid) },
    { "virtualport/parameters@typeidversion", K_STR, AT(struct interface, vp_typeidversion) },
    { "virtualport/parameters@instanceid", K_STR, AT(struct interface, vp_instanceid) },
    { "virtualport/parameters@interfaceid", K_STR, AT(struct interface, vp_interfaceid) },
    { "virtualport/parameters@profileid", K_STR, AT(struct interface, vp_profileid) },
    { "vlan@trunk", K_YESNO, AT(struct interface, vlan_trunk) },
    { "vlan/tag", K_LIST, AT(struct interface, vlan_tags), .sub = &tag_element },
    { "ip", K_LIST, AT(struct interface, ips), .sub = &ip_element },
    { "route", K_LIST, AT(struct interface, routes), .sub = &route_element },
    { "portForward", K_LIST, AT(struct interface, port_forwards), .sub = &forward_element },
    { "script@path", K_STR, AT(struct interface, script) },
    { "downscript@path", K_STR, AT(struct interface, downscript) },
    { "backend@type", K_STR, AT(struct interface, backend_type) },
    { "backend@tap", K_STR, AT(struct interface, backend_tap) },
    { "backend@vhost", K_STR, AT(struct interface, backend_vhost) },
    { "backend@logFile", K_STR, AT(struct interface, backend_log_file) },
    { "target@dev", K_STR, AT(struct interface, target) },
    { "target@managed", K_YESNO, AT(struct interface, target_managed) },
    { "guest@dev", K_STR, AT(struct interface, guest_dev) },
    { "model@type", K_STR, AT(struct interface, model) },
    { "driver@name", K_STR, AT(struct interface, driver_name) },
    { "driver@txmode", K_STR, AT(struct interface, txmode) },
    { "driver@ioeventfd", K_ONOFF, AT(struct interface, ioeventfd) },
    { "driver@event_idx", K_ONOFF, AT(struct interface, event_idx) },
    { "driver@queues", K_U32, AT(struct interface, queues) },
    { "driver@rx_queue_size", K_U32, AT(struct interface, rx_queue_size) },
    { "driver@tx_queue_size", K_U32, AT(struct interface, tx_queue_size) },
    { "driver@rss", K_ONOFF, AT(struct interface, rss) },
    { "driver@rss_hash_report", K_ONOFF, AT(struct interface, rss_hash_report) },
    VIRTIO_FIELDS(struct interface, virtio),
    OFFLOAD("host", host_offload),
    OFFLOAD("guest", guest_offload),
    { "filterref@filter", K_STR, AT(struct interface, filter) },
    { "filterref/parameter", K_LIST, AT(struct interface, filter_parameters), .sub = &parameter_element },
    { "bandwidth/inbound", K_STRUCT, AT(struct interface, inbound), .sub = &bandwidth_element },
    { "bandwidth/outbound", K_STRUCT, AT(struct interface, outbound), .sub = &bandwidth_element },
    { "teaming@type", K_STR, AT(struct interface, teaming_type) },
    { "teaming@persistent", K_STR, AT(struct interface, teaming_persistent) },
    { "link@state", K_STR, AT(struct interface, link_state) },
    { "mtu@size", K_U32, AT(struct interface, mtu) },
    { "coalesce/rx/frames@max", K_U32, AT(struct interface, coalesce_rx_frames_max) },
    { "tune/sndbuf", K_U64, AT(struct interface, sndbuf) },
    { "port@isolated", K_YESNO, AT(struct interface, isolated) },
    DEVICE_FIELDS(struct interface),
};
const struct element interface_element = { "interface", sizeof(struct interface), FIELDS(interface_fields), interface_parsed };
