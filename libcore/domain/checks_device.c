/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/chardev.h"
#include "domain/checks.h"
#include "domain/device.h"
#include "domain/disk.h"
#include "domain/graphics.h"
#include "domain/hostdev.h"
#include "domain/interface.h"
#include "domain/machine.h"
#include "domain/misc.h"
#include "domain/os.h"
#include "domain/redirdev.h"

/* Disks */

static void disk_sgio(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->disks.n; i++)
        if (d->disks.v[i]->sgio == SGIO_UNFILTERED)
            check_fail(c, &d->disks.v[i]->meta, "<disk> sgio 'unfiltered': kernels have no such thing any more");
    for (size_t i = 0; i < d->hostdevs.n; i++)
        if (d->hostdevs.v[i]->sgio == SGIO_UNFILTERED)
            check_fail(c, &d->hostdevs.v[i]->meta, "<hostdev> sgio 'unfiltered': kernels have no such thing any more");
}

static void disk_encryptions(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->disks.n; i++) {
        const struct disk *k = d->disks.v[i];
        const struct encryption *e = disk_encryption(k);
        if (!e)
            continue;
        if (e->format == ENCRYPTION_QCOW || e->format == ENCRYPTION_DEFAULT)
            check_fail(c, &k->meta, "<disk> %s: encryption of old qcow images is not supported, only luks",
                       k->target ? k->target : "");
        if (e->cipher)
            check_fail(c, &k->meta, "<disk> %s: <cipher> belongs to the making of an image, not to its use",
                       k->target ? k->target : "");
    }
}

static const struct {
    enum storage_protocol protocol;
    const char *secret;
} secret_types[] = { { PROTOCOL_ISCSI, "iscsi" }, { PROTOCOL_RBD, "ceph" } };

static void disk_secrets(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->disks.n; i++) {
        const struct disk *k = d->disks.v[i];
        const struct storage_auth *a = disk_auth(k);
        for (size_t s = 0; a && k->source && s < sizeof secret_types / sizeof *secret_types; s++)
            if (k->source->protocol == secret_types[s].protocol &&
                !(a->secret && streq(a->secret->type, secret_types[s].secret)))
                check_fail(c, &k->meta, "<disk> %s: <secret> type '%s': must be '%s' for this protocol",
                           k->target ? k->target : "", a->secret && a->secret->type ? a->secret->type : "",
                           secret_types[s].secret);
    }
}

static void disk_shared_format(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->disks.n; i++) {
        const struct disk *k = d->disks.v[i];
        if (k->shareable == TRI_YES && k->format && k->format != FORMAT_RAW && k->format != FORMAT_LUKS)
            check_fail(c, &k->meta, "<disk> %s: an image of format '%s' cannot be shared", k->target ? k->target : "",
                       enum_name(storage_format_names, k->format));
    }
}

static void disk_lun(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->disks.n; i++) {
        const struct disk *k = d->disks.v[i];
        if (k->device != DISK_LUN)
            continue;
        bool iscsi = k->type == STORAGE_NETWORK && k->source && k->source->protocol == PROTOCOL_ISCSI;
        if (k->type != STORAGE_BLOCK && k->type != STORAGE_VOLUME && !iscsi)
            check_fail(c, &k->meta, "<disk> device 'lun' needs a block device or iSCSI as source");
        if (k->format && k->format != FORMAT_RAW)
            check_fail(c, &k->meta, "<disk> device 'lun' must have format 'raw'");
        if (k->bus != BUS_SCSI && k->bus != BUS_VIRTIO)
            check_fail(c, &k->meta, "<disk> device 'lun' on bus '%s': only scsi has such devices", enum_name(disk_bus_names, k->bus));
    }
}

static void disk_removable(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->disks.n; i++) {
        const struct disk *k = d->disks.v[i];
        if ((k->device == DISK_CDROM || k->device == DISK_FLOPPY) && k->bus == BUS_VIRTIO)
            check_fail(c, &k->meta, "<disk> %s: virtio disks have no media to change", k->target ? k->target : "");
        if (k->device == DISK_FLOPPY && k->bus != BUS_FDC && k->bus != BUS_USB)
            check_fail(c, &k->meta, "<disk> %s: a floppy disk on bus '%s'", k->target ? k->target : "",
                       enum_name(disk_bus_names, k->bus));
    }
}

static void disk_targets_differ(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->disks.n; i++)
        for (size_t k = 0; k < i; k++)
            if (streq(d->disks.v[i]->target, d->disks.v[k]->target))
                check_fail(c, &d->disks.v[i]->meta, "<disk> target '%s' is another disk's too", d->disks.v[i]->target);
}

/* Character devices */

static const struct chardev_host *host_of(const struct device *dev)
{
    switch (dev->kind) {
    case DEVICE_SERIAL:
    case DEVICE_PARALLEL:
    case DEVICE_CONSOLE:
    case DEVICE_CHANNEL:
        return &((const struct chardev *)dev->dev)->host;
    case DEVICE_SMARTCARD:
        return ((const struct smartcard *)dev->dev)->mode == SMARTCARD_PASSTHROUGH ? &((const struct smartcard *)dev->dev)->host : NULL;
    case DEVICE_REDIRDEV:
        return &((const struct redirdev *)dev->dev)->host;
    case DEVICE_RNG: {
        const struct rng *r = dev->dev;
        return r->backend && r->backend->model == RNG_EGD ? &r->backend->host : NULL;
    }
    default:
        return NULL;
    }
}

static bool has_spice(const struct domain *d)
{
    for (size_t i = 0; i < d->devices->graphics.n; i++)
        if (d->devices->graphics.v[i]->type == GRAPHICS_SPICE)
            return true;
    return false;
}

static void chardev_spice(struct check *c)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (!has_spice(c->d) && device_next(c->d, &at, &dev)) {
        const struct chardev_host *h = host_of(&dev);
        if (h && (h->type == CHARDEV_SPICEVMC || h->type == CHARDEV_SPICEPORT))
            check_fail(c, dev.meta, "<%s> type '%s' needs spice graphics", device_kind_names[dev.kind],
                       enum_name(chardev_type_names, h->type));
    }
}

static void chardev_reconnect(struct check *c)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(c->d, &at, &dev)) {
        const struct chardev_host *h = host_of(&dev);
        const struct chardev_source *s = h ? chardev_first(h) : NULL;
        if (!s || s->reconnect != TRI_YES)
            continue;
        if (s->mode != SOCKET_CONNECT)
            check_fail(c, dev.meta, "<%s> <reconnect> is for sources that connect", device_kind_names[dev.kind]);
        if (!s->reconnect_timeout.v)
            check_fail(c, dev.meta, "<%s> <reconnect> needs a timeout of 1 second or more", device_kind_names[dev.kind]);
    }
}

static void chardev_path(struct check *c)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(c->d, &at, &dev)) {
        const struct chardev_host *h = host_of(&dev);
        bool named = h && (h->type == CHARDEV_DEV || h->type == CHARDEV_FILE || h->type == CHARDEV_PIPE || h->type == CHARDEV_UNIX);
        bool chosen = h && h->type == CHARDEV_UNIX && dev.kind == DEVICE_CHANNEL;
        if (named && !chosen && !chardev_first(h)->path)
            check_fail(c, dev.meta, "<%s> type '%s' needs a <source> with a path", device_kind_names[dev.kind],
                       enum_name(chardev_type_names, h->type));
        if (h && h->sources.n > 2)
            check_fail(c, dev.meta, "<%s> has %zu sources, two at most can be", device_kind_names[dev.kind], h->sources.n);
    }
}

static const struct {
    enum machine_family family;
    const char *serial; /* the only targets besides usb and pci */
} serial_families[] = {
    { MACHINE_I440FX, "isa-serial isa-debug" }, { MACHINE_Q35, "isa-serial isa-debug" },
    { MACHINE_PSERIES, "spapr-vio-serial" },    { MACHINE_S390, "sclp-serial" },
    { MACHINE_ARM_VIRT, "system-serial" },      { MACHINE_RISCV_VIRT, "system-serial" },
};

static void serial_fits_machine(struct check *c)
{
    const struct machine *m = machine_of(c->d->os->arch, c->d->os->machine);
    for (size_t i = 0; i < c->d->devices->serials.n; i++) {
        const struct chardev *s = c->d->devices->serials.v[i];
        for (size_t f = 0; f < sizeof serial_families / sizeof *serial_families; f++)
            if (m->family == serial_families[f].family && s->target && s->target != TARGET_PCI_SERIAL &&
                s->target != TARGET_USB_SERIAL && !word_in(serial_families[f].serial, chardev_target_names[s->target]))
                check_fail(c, &s->meta, "<serial> target type '%s': %s has no such device", chardev_target_names[s->target],
                           c->d->os->machine ? c->d->os->machine : "this machine");
    }
    bool parallel = m->family != MACHINE_PSERIES && m->family != MACHINE_S390 && m->family != MACHINE_ARM_VIRT &&
                    m->family != MACHINE_RISCV_VIRT;
    if (!parallel && c->d->devices->parallels.n)
        check_fail(c, &c->d->devices->parallels.v[0]->meta, "<parallel> %s has no parallel ports",
                   c->d->os->machine ? c->d->os->machine : "this machine");
}

/* Others */

static bool power_of_two(const struct num *n)
{
    return !n->set || (n->v && (n->v & (n->v - 1)) == 0);
}

static void interface_queues(struct check *c)
{
    for (size_t i = 0; i < c->d->devices->interfaces.n; i++) {
        const struct interface *n = c->d->devices->interfaces.v[i];
        if (!power_of_two(&n->rx_queue_size) || !power_of_two(&n->tx_queue_size))
            check_fail(c, &n->meta, "<interface> rx_queue_size and tx_queue_size must be powers of two");
    }
}

static void hostdev_mdev(struct check *c)
{
    for (size_t i = 0; i < c->d->devices->hostdevs.n; i++) {
        const struct hostdev *h = c->d->devices->hostdevs.v[i];
        if (h->type == HOSTDEV_MDEV && !(h->source && h->source->uuid))
            check_fail(c, &h->meta, "<hostdev> type 'mdev' needs <address uuid=''> in its source");
    }
}

static void panic_address(struct check *c)
{
    for (size_t i = 0; i < c->d->devices->panics.n; i++) {
        const struct panic *p = c->d->devices->panics.v[i];
        bool fixed = p->model == PANIC_PSERIES || p->model == PANIC_HYPERV || p->model == PANIC_S390;
        if (fixed && p->info.address && p->info.address->type > ADDRESS_NONE)
            check_fail(c, &p->meta, "<panic> model '%s' has no address", enum_name(panic_model_names, p->model));
    }
}

static void one_memballoon(struct check *c)
{
    if (c->d->devices->memballoons.n > 1)
        check_fail(c, &c->d->devices->memballoons.v[1]->meta, "<memballoon> a second one");
}

const struct check_rule device_rules[] = {
    { "sgio", disk_sgio },
    { "disk-encryption", disk_encryptions },
    { "disk-secret", disk_secrets },
    { "disk-shared-format", disk_shared_format },
    { "disk-lun", disk_lun },
    { "disk-removable", disk_removable },
    { "disk-target-unique", disk_targets_differ },
    { "chardev-spice", chardev_spice },
    { "chardev-reconnect", chardev_reconnect },
    { "chardev-source", chardev_path },
    { "serial-machine", serial_fits_machine },
    { "interface-queue-size", interface_queues },
    { "hostdev-mdev-uuid", hostdev_mdev },
    { "panic-address", panic_address },
    { "memballoon-one", one_memballoon },
    { NULL, NULL },
};
