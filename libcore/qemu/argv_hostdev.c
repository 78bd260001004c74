/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/str.h"
#include "domain/controller.h"
#include "domain/hostdev.h"
#include "qemu/argv.h"

/* Devices of the host given to the guest: USB, PCI, SCSI, mediated devices. */

static bool usb(struct argv *a, const struct hostdev *h, struct props *p)
{
    const struct address *at = h->source;
    props_str(p, "driver", "usb-host");
    if (at && at->bus.set && at->device.set) {
        props_fmt(p, "hostdevice", "/dev/bus/usb/%03u/%03u", (unsigned)at->bus.v, (unsigned)at->device.v);
    } else if (h->vendor.set && h->product.set) {
        props_uint(p, "vendorid", h->vendor.v);
        props_uint(p, "productid", h->product.v);
    } else {
        return argv_fail(a, &h->meta, "<hostdev type='usb'> needs <vendor> and <product>, or an <address> with bus and device");
    }
    if (h->guest_reset == GUEST_RESET_OFF)
        props_bool(p, "guest-reset", false);
    if (h->guest_reset > GUEST_RESET_OFF) {
        props_bool(p, "guest-reset", true);
        props_bool(p, "guest-resets-all", h->guest_reset == GUEST_RESET_ON);
    }
    props_str(p, "id", h->info.alias);
    return true;
}

static bool pci(struct argv *a, const struct hostdev *h, struct props *p)
{
    const struct address *at = h->source;
    if (!at)
        return argv_fail(a, &h->meta, "<hostdev type='pci'> needs an <address> in its <source>");
    props_str(p, "driver", "vfio-pci");
    props_fmt(p, "host", "%04x:%02x:%02x.%x", (unsigned)at->domain.v, (unsigned)at->bus.v, (unsigned)at->slot.v,
              (unsigned)at->function.v);
    props_str(p, "id", h->info.alias);
    if (streq(h->teaming_type, "transient"))
        props_str(p, "failover_pair_id", h->teaming_persistent);
    return true;
}

static bool mdev(struct argv *a, const struct hostdev *h, struct props *p)
{
    static const char *const drivers[7] = {
        [HOSTDEV_VFIO_PCI] = "vfio-pci", [HOSTDEV_VFIO_CCW] = "vfio-ccw", [HOSTDEV_VFIO_AP] = "vfio-ap",
    };
    if (!drivers[h->model] || !h->source || !h->source->uuid)
        return argv_fail(a, &h->meta, "<hostdev type='mdev'> needs a model and an <address uuid=> in its <source>");
    bool ramfb = h->ramfb == TRI_YES && h->model == HOSTDEV_VFIO_PCI;
    props_str(p, "driver", ramfb ? "vfio-pci-nohotplug" : drivers[h->model]);
    props_str(p, "id", h->info.alias);
    props_fmt(p, "sysfsdev", "/sys/bus/mdev/devices/%s", h->source->uuid);
    props_onoff(p, "display", h->display);
    if (ramfb)
        props_bool(p, "ramfb", true);
    return true;
}

/* Where the guest sees it: like a disk on the same controller. */
static bool scsi_place(struct argv *a, const struct hostdev *h, struct props *p)
{
    const struct address *at = h->info.address;
    const struct devices *v = a->domain->devices;
    if (!at || at->type != ADDRESS_DRIVE)
        return argv_fail(a, &h->meta, "<hostdev type='scsi'> needs an <address type='drive'>");
    for (size_t i = 0; i < v->controllers.n; i++) {
        const struct controller *c = v->controllers.v[i];
        if (c->type != CONTROLLER_SCSI || c->index.v != at->controller.v)
            continue;
        props_fmt(p, "bus", "%s.0", c->info.alias);
        if (c->model != MODEL_LSILOGIC) {
            props_uint(p, "channel", at->bus.v);
            props_uint(p, "scsi-id", at->target.v);
            props_uint(p, "lun", at->unit.v);
        } else {
            props_uint(p, "scsi-id", at->unit.v);
        }
        return true;
    }
    return argv_fail(a, &h->meta, "<hostdev>: there is no scsi controller with index %llu", (unsigned long long)at->controller.v);
}

static bool iscsi_backend(struct argv *a, const struct hostdev *h, struct props *b)
{
    const char *slash = h->name ? strchr(h->name, '/') : NULL;
    uint64_t lun = 0;
    if (!h->name || !h->hosts.n || (slash && !parse_u64(slash + 1, &lun)))
        return argv_fail(a, &h->meta, "<hostdev> <source protocol='iscsi'> needs a name TARGET/LUN and a <host>");
    if (h->auth)
        return argv_fail(a, &h->meta, "<hostdev> <auth>: secrets are not supported yet");
    props_str(b, "driver", "iscsi");
    const char *host = h->hosts.v[0]->name ? h->hosts.v[0]->name : "localhost";
    props_fmt(b, "portal", strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, h->hosts.v[0]->port ? h->hosts.v[0]->port : "3260");
    props_str(b, "target", slash ? arena_strndup(a->arena, h->name, (size_t)(slash - h->name)) : h->name);
    props_uint(b, "lun", lun);
    props_str(b, "transport", "tcp");
    props_str(b, "initiator-name", h->initiator_iqn);
    return true;
}

static bool scsi(struct argv *a, const struct hostdev *h, struct props *p)
{
    bool iscsi = streq(h->protocol, "iscsi");
    if (!iscsi && !h->node)
        return argv_fail(a, &h->meta, "<hostdev type='scsi'>: which node that is, only the host knows (try: vm-start --dry-run)");
    struct props *b = props_new(a->arena);
    const char *node = arena_printf(a->arena, "libvirt-%u-backend", a->next_node++);
    if (iscsi && !iscsi_backend(a, h, b))
        return false;
    if (!iscsi) {
        props_str(b, "driver", "host_device");
        props_str(b, "filename", h->node);
    }
    props_str(b, "node-name", node);
    props_bool(b, "read-only", h->readonly == TRI_YES);
    argv_blockdev(a, b);
    props_str(p, "driver", "scsi-generic");
    props_str(p, "drive", node);
    props_str(p, "id", h->info.alias);
    return scsi_place(a, h, p);
}

/* A vhost-scsi target of the host's kernel, by its world wide port name. */
static bool scsi_host(struct argv *a, const struct hostdev *h, struct props *p)
{
    static const char *const flavours[7] = {
        [HOSTDEV_VIRTIO_TRANSITIONAL] = "-transitional", [HOSTDEV_VIRTIO_NON_TRANSITIONAL] = "-non-transitional",
    };
    if (!h->wwpn)
        return argv_fail(a, &h->meta, "<hostdev type='scsi_host'> needs <source protocol='vhost' wwpn=>");
    props_fmt(p, "driver", "%s%s", argv_virtio(a, "vhost-scsi", h->info.address), flavours[h->model] ? flavours[h->model] : "");
    props_str(p, "wwpn", h->wwpn);
    if (!a->options->standalone)
        props_fmt(p, "vhostfd", "%d", argv_pass(a, PASSED_DEVICE, h->info.alias, "/dev/vhost-scsi", h));
    props_str(p, "id", h->info.alias);
    return true;
}

bool argv_hostdevs(struct argv *a)
{
    static bool (*const build[])(struct argv *, const struct hostdev *, struct props *) = {
        [HOSTDEV_USB] = usb, [HOSTDEV_PCI] = pci, [HOSTDEV_SCSI] = scsi, [HOSTDEV_MDEV] = mdev,
        [HOSTDEV_SCSI_HOST] = scsi_host,
    };
    const struct devices *v = a->domain->devices;
    for (size_t i = 0; i < v->hostdevs.n; i++) {
        const struct hostdev *h = v->hostdevs.v[i];
        struct props *p = props_new(a->arena);
        if ((size_t)h->type >= sizeof build / sizeof *build || !build[h->type])
            return argv_fail(a, &h->meta, "<hostdev type='%s'> is not supported yet", enum_name(hostdev_type_names, h->type));
        if (h->info.address && h->info.address->type == ADDRESS_UNASSIGNED)
            continue; /* the guest does without it */
        if (!build[h->type](a, h, p))
            return false;
        if (h->type != HOSTDEV_SCSI && !argv_address(a, p, &h->meta, h->info.address))
            return false;
        argv_info(a, p, &h->info);
        argv_device(a, p);
    }
    return true;
}
