/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/alias.h"
#include "domain/disk.h"
#include "domain/expand_private.h"
#include "domain/hostdev.h"

bool address_wanted(const struct device_info *i, enum address_type type)
{
    const struct address *a = i->address;
    if (!a || a->type == ADDRESS_UNSET)
        return true;
    if (a->type != type)
        return false;
    switch (type) {
    case ADDRESS_PCI:
        return !a->domain.v && !a->bus.v && !a->slot.v && !a->function.v;
    case ADDRESS_USB:
        return !a->usb_port;
    case ADDRESS_CCW:
        return !a->devno.set && !a->cssid.set;
    case ADDRESS_SPAPR_VIO:
        return !a->reg.set;
    case ADDRESS_VIRTIO_SERIAL:
        return a->port.v == 0;
    default:
        return false;
    }
}

struct address *address_new(struct expansion *x, struct device_info *i, enum address_type type)
{
    if (!i->address)
        i->address = arena_alloc(x->p->arena, sizeof *i->address);
    i->address->type = type;
    return i->address;
}

/* How many units a controller has: from the target's number to controller, bus, unit. */
static const struct drive_rule {
    enum disk_bus bus;
    unsigned per_controller, per_bus;
} drive_rules[] = {
    { BUS_IDE, 4, 2 },
    { BUS_SCSI, 7, 7 },
    { BUS_SATA, 6, 6 },
    { BUS_FDC, 2, 2 },
};

static bool same_drive(const struct address *a, const struct address *b)
{
    return a->controller.v == b->controller.v && a->bus.v == b->bus.v && a->target.v == b->target.v &&
           a->unit.v == b->unit.v;
}

/* A SCSI disk or host device sits there already. */
static bool scsi_used(const struct domain *d, const struct address *a)
{
    for (size_t i = 0; i < d->devices->disks.n; i++) {
        const struct disk *o = d->devices->disks.v[i];
        if (o->bus == BUS_SCSI && o->info.address && o->info.address->type == ADDRESS_DRIVE && o->info.address != a &&
            same_drive(o->info.address, a))
            return true;
    }
    for (size_t i = 0; i < d->devices->hostdevs.n; i++) {
        const struct hostdev *o = d->devices->hostdevs.v[i];
        if (o->type == HOSTDEV_SCSI && o->info.address && o->info.address->type == ADDRESS_DRIVE &&
            o->info.address != a && same_drive(o->info.address, a))
            return true;
    }
    return false;
}

static void set_drive(struct address *a, uint64_t controller, uint64_t bus, uint64_t unit)
{
    a->controller = NUM(controller);
    a->bus = NUM(bus);
    a->target = NUM(0);
    a->unit = NUM(unit);
}

static bool place_disk(struct expansion *x, struct disk *d, const struct drive_rule *r)
{
    int n = d->target ? disk_target_index(d->target) : -1;
    if (n < 0)
        return parse_error(x->p, d->meta.line, "<disk> target '%s': no name that tells where the disk goes (sda, hdb …)",
                           d->target ? d->target : "");
    struct address *a = address_new(x, &d->info, ADDRESS_DRIVE);
    set_drive(a, (unsigned)n / r->per_controller, (unsigned)n % r->per_controller / r->per_bus, (unsigned)n % r->per_bus);
    if (d->bus == BUS_SCSI && scsi_used(x->d, a))
        return parse_error(x->p, d->meta.line,
                           "<disk> %s: its address, controller %llu unit %llu, is another device's; give it an <address>",
                           d->target, (unsigned long long)a->controller.v, (unsigned long long)a->unit.v);
    return true;
}

static void place_scsi_hostdev(struct expansion *x, struct hostdev *h)
{
    struct address *a = address_new(x, &h->info, ADDRESS_DRIVE);
    for (uint64_t n = 0;; n++) {
        set_drive(a, n / 7, 0, n % 7);
        if (!scsi_used(x->d, a))
            return;
    }
}

bool expand_drives(struct expansion *x)
{
    const struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->disks.n; i++)
        for (size_t r = 0; r < sizeof drive_rules / sizeof *drive_rules; r++)
            if (d->disks.v[i]->bus == drive_rules[r].bus && address_wanted(&d->disks.v[i]->info, ADDRESS_DRIVE) &&
                !place_disk(x, d->disks.v[i], &drive_rules[r]))
                return false;
    for (size_t i = 0; i < d->hostdevs.n; i++) {
        struct hostdev *h = d->hostdevs.v[i];
        if (h->type != HOSTDEV_SCSI)
            continue;
        if (address_wanted(&h->info, ADDRESS_DRIVE))
            place_scsi_hostdev(x, h);
        controller_need(x, CONTROLLER_SCSI, 0, x->m->scsi);
    }
    for (size_t i = 0; i < d->smartcards.n; i++)
        if (address_wanted(&d->smartcards.v[i]->info, ADDRESS_CCID)) {
            struct address *a = address_new(x, &d->smartcards.v[i]->info, ADDRESS_CCID);
            a->controller = NUM(0);
            a->slot = NUM(i);
        }
    return true;
}

/* virtio-serial */

static bool port_used(const struct domain *d, const struct device_info *self, uint64_t controller, uint64_t port)
{
    struct device dev;
    struct device_walk at = { .kind = DEVICE_CONSOLE };
    while (device_next(d, &at, &dev)) {
        const struct address *a = dev.info->address;
        if (dev.kind > DEVICE_CHANNEL)
            break;
        if (dev.info != self && a && a->type == ADDRESS_VIRTIO_SERIAL && a->controller.v == controller && a->port.v == port)
            return true;
    }
    return false;
}

static bool free_serial_port(struct expansion *x, const struct device_info *i, struct address *a)
{
    for (uint64_t c = a->controller.v;; c++) {
        struct controller *ctl = controller_need(x, CONTROLLER_VIRTIO_SERIAL, c, MODEL_UNSET);
        uint64_t ports = ctl->ports.set ? ctl->ports.v : 31;
        for (uint64_t port = 1; port < ports; port++)
            if (!port_used(x->d, i, c, port)) {
                a->controller = NUM(c);
                a->bus = NUM(0);
                a->port = NUM(port);
                return true;
            }
        if (a->controller.set)
            return err_set(x->p->err, ST_FAILED, "virtio-serial controller %llu has no free port",
                           (unsigned long long)a->controller.v);
    }
}

bool expand_serial_ports(struct expansion *x)
{
    const struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->channels.n; i++) {
        struct chardev *c = d->channels.v[i];
        if (c->target != TARGET_VIRTIO || !address_wanted(&c->info, ADDRESS_VIRTIO_SERIAL))
            continue;
        if (!free_serial_port(x, &c->info, address_new(x, &c->info, ADDRESS_VIRTIO_SERIAL)))
            return false;
    }
    return true;
}
