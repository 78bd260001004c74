/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "domain/interface.h"
#include "qemu/argv.h"

/* Network interfaces: the host's end (-netdev) and the guest's (-device). Taps and vhost descriptors are
 * opened by the starter and arrive as numbers; a standalone line names the tap instead. */

static const char *numbers(struct argv *a, const struct interface *i, enum passed_kind kind, const char *path, uint64_t n)
{
    autostr struct str s = STR_INIT;
    for (uint64_t k = 0; k < n; k++)
        str_addf(&s, "%s%d", k ? ":" : "", argv_pass(a, kind, i->info.alias, path, i));
    return arena_strdup(a->arena, str_text(&s));
}

static bool is_virtio(const struct interface *i)
{
    return str_starts(i->model, "virtio");
}

static uint64_t queues_of(const struct interface *i)
{
    return is_virtio(i) && i->queues.set && i->queues.v > 1 ? i->queues.v : 1;
}

static bool tap(struct argv *a, const struct interface *i, struct props *p)
{
    uint64_t queues = queues_of(i);
    props_str(p, "type", "tap");
    if (a->options->standalone) {
        props_str(p, "ifname", i->target ? i->target : arena_printf(a->arena, "%s", i->info.alias));
        props_str(p, "script", i->script ? i->script : "no");
        props_str(p, "downscript", i->downscript ? i->downscript : "no");
    } else {
        props_str(p, queues > 1 ? "fds" : "fd", numbers(a, i, PASSED_TAP, i->target, queues));
    }
    if (is_virtio(i) && streq(i->driver_name, "vhost")) {
        props_bool(p, "vhost", true);
        if (!a->options->standalone)
            props_str(p, queues > 1 ? "vhostfds" : "vhostfd",
                      numbers(a, i, PASSED_VHOST_NET, i->backend_vhost ? i->backend_vhost : "/dev/vhost-net", queues));
    }
    props_num(p, "sndbuf", i->sndbuf);
    return true;
}

static bool user(struct argv *a, const struct interface *i, struct props *p)
{
    if (streq(i->backend_type, "passt"))
        return argv_fail(a, &i->meta, "<interface> <backend type='passt'/> is not supported yet (try: without <backend>)");
    props_str(p, "type", "user");
    for (size_t n = 0; n < i->ips.n; n++) {
        const struct ip *ip = i->ips.v[n];
        if (streq(ip->family, "ipv6")) {
            props_str(p, "ipv6-prefix", ip->address);
            props_num(p, "ipv6-prefixlen", ip->prefix);
        } else if (ip->prefix.set) {
            props_fmt(p, "net", "%s/%llu", ip->address, (unsigned long long)ip->prefix.v);
        } else {
            props_str(p, "net", ip->address);
        }
    }
    return true;
}

static bool sockets(struct argv *a, const struct interface *i, struct props *p)
{
    const char *address = i->address ? i->address : "";
    unsigned port = (unsigned)i->port.v;
    if (!i->port.set)
        return argv_fail(a, &i->meta, "<interface type='%s'> needs <source port=>", interface_type_names[i->type]);
    props_str(p, "type", "socket");
    switch (i->type) {
    case INTERFACE_SERVER:
        props_fmt(p, "listen", "%s:%u", address, port);
        break;
    case INTERFACE_CLIENT:
        props_fmt(p, "connect", "%s:%u", address, port);
        break;
    case INTERFACE_MCAST:
        props_fmt(p, "mcast", "%s:%u", address, port);
        break;
    default:
        props_fmt(p, "udp", "%s:%u", address, port);
        props_fmt(p, "localaddr", "%s:%u", i->local_address ? i->local_address : "", (unsigned)i->local_port.v);
    }
    return true;
}

static bool vhostuser(struct argv *a, const struct interface *i, struct props *p)
{
    if (!i->path)
        return argv_fail(a, &i->meta, "<interface type='vhostuser'> needs <source path=>");
    if (!is_virtio(i))
        return argv_fail(a, &i->meta, "<interface type='vhostuser'> needs <model type='virtio'/>");
    autostr struct str s = STR_INIT;
    str_addf(&s, "socket,id=char%s,path=%s", i->info.alias, argv_escape(a, i->path));
    if (streq(i->mode, "server"))
        str_add(&s, ",server=on");
    else if (i->reconnect == TRI_YES)
        str_addf(&s, ",reconnect=%llu", (unsigned long long)i->reconnect_timeout.v);
    else if (i->reconnect == TRI_NO)
        str_add(&s, ",reconnect=0");
    argv_add(a, "-chardev", arena_strdup(a->arena, str_text(&s)));
    props_str(p, "type", "vhost-user");
    props_fmt(p, "chardev", "char%s", i->info.alias);
    if (queues_of(i) > 1)
        props_uint(p, "queues", i->queues.v);
    return true;
}

static bool vdpa(struct argv *a, const struct interface *i, struct props *p)
{
    if (!i->dev)
        return argv_fail(a, &i->meta, "<interface type='vdpa'> needs <source dev=>");
    props_str(p, "type", "vhost-vdpa");
    if (a->options->standalone) {
        props_str(p, "vhostdev", i->dev);
    } else {
        int fd = argv_pass(a, PASSED_VDPA, i->info.alias, i->dev, i);
        argv_addf(a, "-add-fd", "set=%d,fd=%d,opaque=%s", fd, fd, argv_escape(a, i->dev));
        props_fmt(p, "vhostdev", "/dev/fdset/%d", fd);
    }
    if (queues_of(i) > 1)
        props_uint(p, "queues", i->queues.v);
    return true;
}

static bool netdev(struct argv *a, const struct interface *i, const char *id)
{
    static bool (*const build[16])(struct argv *, const struct interface *, struct props *) = {
        [INTERFACE_USER] = user,      [INTERFACE_ETHERNET] = tap,   [INTERFACE_NETWORK] = tap,
        [INTERFACE_BRIDGE] = tap,     [INTERFACE_DIRECT] = tap,     [INTERFACE_SERVER] = sockets,
        [INTERFACE_CLIENT] = sockets, [INTERFACE_MCAST] = sockets,  [INTERFACE_UDP] = sockets,
        [INTERFACE_VHOSTUSER] = vhostuser, [INTERFACE_VDPA] = vdpa,
    };
    struct props *p = props_new(a->arena);
    if (!build[i->type])
        return argv_fail(a, &i->meta, "<interface type='%s'> is not supported yet", interface_type_names[i->type]);
    if (!build[i->type](a, i, p))
        return false;
    props_str(p, "id", id);
    argv_netdev(a, p);
    return true;
}

static void offload(struct props *p, const char *prefix, const struct offload *o)
{
    /* The host's checksum switch has no prefix in QEMU. */
    const struct {
        const char *name;
        enum tri value;
    } rows[] = {
        { "csum", o->csum }, { "tso4", o->tso4 }, { "tso6", o->tso6 }, { "ecn", o->ecn }, { "ufo", o->ufo },
    };
    bool host = streq(prefix, "host_");
    if (host) {
        props_tri(p, "gso", o->gso);
        props_tri(p, "mrg_rxbuf", o->mrg_rxbuf);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].value)
            continue;
        props_tri(p, host && i == 0 ? "csum" : arena_printf(p->arena, "%s%s", prefix, rows[i].name), rows[i].value);
    }
}

static const char *driver_of(struct argv *a, const struct interface *i)
{
    if (streq(i->model, "virtio"))
        return argv_virtio(a, "virtio-net", i->info.address);
    if (streq(i->model, "virtio-transitional"))
        return "virtio-net-pci-transitional";
    if (streq(i->model, "virtio-non-transitional"))
        return "virtio-net-pci-non-transitional";
    return i->model;
}

static void virtio_properties(struct argv *a, const struct interface *i, struct props *p)
{
    uint64_t queues = queues_of(i);
    if (i->txmode)
        props_str(p, "tx", streq(i->txmode, "iothread") ? "bh" : i->txmode);
    props_tri(p, "ioeventfd", i->ioeventfd);
    props_tri(p, "event_idx", i->event_idx);
    offload(p, "host_", &i->host_offload);
    offload(p, "guest_", &i->guest_offload);
    if (queues > 1) {
        props_bool(p, "mq", true);
        /* Two vectors a queue pair, one for configuration, one for control. */
        if (!i->info.address || i->info.address->type == ADDRESS_PCI)
            props_uint(p, "vectors", 2 * queues + 2);
    }
    props_num(p, "rx_queue_size", i->rx_queue_size);
    props_num(p, "tx_queue_size", i->tx_queue_size);
    props_tri(p, "rss", i->rss);
    props_tri(p, "hash", i->rss_hash_report);
    if (i->mtu.set && caps_prop(a->caps, "virtio-net-pci", "host_mtu"))
        props_num(p, "host_mtu", i->mtu);
    if (streq(i->teaming_type, "persistent"))
        props_bool(p, "failover", true);
    argv_virtio_options(p, i->virtio.iommu, i->virtio.ats, i->virtio.packed, i->virtio.page_per_vq);
}

static bool nic(struct argv *a, const struct interface *i, const char *netdev_id)
{
    const char *driver = driver_of(a, i);
    if (!driver)
        return argv_fail(a, &i->meta, "<interface> needs a <model type=>");
    if (!caps_device(a->caps, driver))
        return argv_fail(a, &i->meta, "<interface> model '%s': %s has no such device", i->model, a->command->emulator);
    struct props *p = props_new(a->arena);
    props_str(p, "driver", driver);
    if (is_virtio(i))
        virtio_properties(a, i, p);
    props_str(p, "netdev", netdev_id);
    props_str(p, "id", i->info.alias);
    props_str(p, "mac", i->mac);
    if (!argv_address(a, p, &i->meta, i->info.address))
        return false;
    argv_info(a, p, &i->info);
    argv_device(a, p);
    return true;
}

/* <interface type='hostdev'>: the host's PCI device itself, without a netdev. */
static bool passed_through(struct argv *a, const struct interface *i)
{
    const struct address *s = i->source_address;
    if (!s || s->type != ADDRESS_PCI)
        return argv_fail(a, &i->meta, "<interface type='hostdev'> needs <source> with a PCI <address>");
    struct props *p = props_new(a->arena);
    props_str(p, "driver", "vfio-pci");
    props_fmt(p, "host", "%04x:%02x:%02x.%x", (unsigned)s->domain.v, (unsigned)s->bus.v, (unsigned)s->slot.v,
              (unsigned)s->function.v);
    props_str(p, "id", i->info.alias);
    if (!argv_address(a, p, &i->meta, i->info.address))
        return false;
    argv_info(a, p, &i->info);
    if (streq(i->teaming_type, "transient"))
        props_str(p, "failover_pair_id", i->teaming_persistent);
    argv_device(a, p);
    return true;
}

bool argv_interfaces(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t n = 0; n < d->interfaces.n; n++) {
        const struct interface *i = d->interfaces.v[n];
        if (i->type == INTERFACE_HOSTDEV) {
            if (!passed_through(a, i))
                return false;
            continue;
        }
        const char *id = arena_printf(a->arena, "host%s", i->info.alias);
        if (!netdev(a, i, id) || !nic(a, i, id))
            return false;
    }
    return true;
}
