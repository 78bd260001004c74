/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_INTERFACE_H
#define DOMAIN_INTERFACE_H

#include "domain/domain.h"
#include "domain/virtio.h"

enum interface_type {
    INTERFACE_UNSET,
    INTERFACE_USER,
    INTERFACE_ETHERNET,
    INTERFACE_VHOSTUSER,
    INTERFACE_SERVER,
    INTERFACE_CLIENT,
    INTERFACE_MCAST,
    INTERFACE_NETWORK,
    INTERFACE_BRIDGE,
    INTERFACE_INTERNAL,
    INTERFACE_DIRECT,
    INTERFACE_HOSTDEV,
    INTERFACE_UDP,
    INTERFACE_VDPA,
    INTERFACE_NULL,
    INTERFACE_VDS,
};
extern const char *const interface_type_names[16];

/* inbound, outbound: average and peak in KiB/s, burst in KiB. */
struct bandwidth {
    struct meta meta;
    struct num average, peak, burst, floor;
};

struct ip {
    struct meta meta;
    const char *address, *family;
    struct num prefix;
    const char *peer;
};

struct route {
    struct meta meta;
    const char *family, *address, *netmask, *gateway;
    struct num prefix, metric;
};

struct port_forward_range {
    struct meta meta;
    struct num start, end, to;
    enum tri exclude;
};
struct port_forward {
    struct meta meta;
    const char *proto, *address, *dev;
    LIST(struct port_forward_range) ranges;
};

struct filter_parameter {
    struct meta meta;
    const char *name, *value;
};

struct vlan_tag {
    struct meta meta;
    struct num id;
    const char *native_mode;
};

/* offload switches of <driver><host> and <driver><guest> */
struct offload {
    enum tri csum, gso, tso4, tso6, ecn, ufo, mrg_rxbuf;
};

struct interface {
    struct meta meta;
    enum interface_type type;
    enum tri trust_guest_rx_filters, managed;
    const char *mac, *mac_type;
    enum tri mac_check;
    /* source: which of these count depends on type */
    const char *network, *portgroup, *portid;
    const char *bridge;
    const char *dev, *mode;
    const char *socket_type, *path; /* vhostuser */
    const char *address;
    struct num port;
    const char *local_address;
    struct num local_port;
    const char *name;
    struct address *source_address;
    enum tri reconnect;
    struct num reconnect_timeout;
    const char *virtualport_type, *vp_interfaceid, *vp_profileid, *vp_managerid, *vp_typeid, *vp_typeidversion, *vp_instanceid;
    LIST(struct vlan_tag) vlan_tags;
    enum tri vlan_trunk;
    LIST(struct ip) ips;
    LIST(struct route) routes;
    LIST(struct ip) source_ips;
    LIST(struct port_forward) port_forwards;
    const char *backend_type, *backend_tap, *backend_vhost, *backend_log_file;
    const char *script, *downscript;
    const char *target; /* name of the tap device */
    enum tri target_managed;
    const char *guest_dev;
    const char *model;
    const char *driver_name; /* vhost, qemu, vfio, kvm */
    const char *txmode;
    enum tri ioeventfd, event_idx;
    struct num queues, rx_queue_size, tx_queue_size;
    enum tri rss, rss_hash_report;
    struct virtio_options virtio;
    struct offload host_offload, guest_offload;
    const char *filter;
    LIST(struct filter_parameter) filter_parameters;
    const char *link_state; /* up, down */
    struct num mtu;
    struct bandwidth *inbound, *outbound;
    struct num coalesce_rx_frames_max;
    const char *teaming_type, *teaming_persistent;
    struct num sndbuf; /* bytes */
    enum tri isolated;
    struct device_info info;
};
extern const struct element interface_element, ip_element, route_element;

#endif
