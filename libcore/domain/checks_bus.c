/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/checks.h"
#include "domain/controller.h"
#include "domain/disk.h"
#include "domain/hostdev.h"
#include "domain/machine.h"
#include "domain/os.h"

/* Addresses and controllers; what the address passes refuse themselves is not said again. */

/* Address types that a disk's bus allows. */
static const struct {
    enum disk_bus bus;
    unsigned types; /* bit per address type */
} bus_addresses[] = {
    { BUS_IDE, 1u << ADDRESS_DRIVE },
    { BUS_FDC, 1u << ADDRESS_DRIVE },
    { BUS_SCSI, 1u << ADDRESS_DRIVE },
    { BUS_SATA, 1u << ADDRESS_DRIVE },
    { BUS_USB, 1u << ADDRESS_USB },
    { BUS_VIRTIO, 1u << ADDRESS_PCI | 1u << ADDRESS_CCW | 1u << ADDRESS_VIRTIO_MMIO | 1u << ADDRESS_VIRTIO_S390 },
};

static void disk_address_type(struct check *c)
{
    for (size_t i = 0; i < c->d->devices->disks.n; i++) {
        const struct disk *d = c->d->devices->disks.v[i];
        const struct address *a = d->info.address;
        for (size_t b = 0; a && a->type > ADDRESS_NONE && b < sizeof bus_addresses / sizeof *bus_addresses; b++)
            if (d->bus == bus_addresses[b].bus && a->type != ADDRESS_UNASSIGNED && !(bus_addresses[b].types & 1u << a->type))
                check_fail(c, &d->meta, "<disk> %s: its address is not of the kind that bus '%s' has",
                           d->target ? d->target : "", enum_name(disk_bus_names, d->bus));
    }
}

static bool same_place(const struct address *a, const struct address *b)
{
    return a && b && a->type == ADDRESS_DRIVE && b->type == ADDRESS_DRIVE && a->controller.v == b->controller.v &&
           a->bus.v == b->bus.v && a->target.v == b->target.v && a->unit.v == b->unit.v;
}

static void drive_unique(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->disks.n; i++) {
        const struct disk *k = d->disks.v[i];
        for (size_t o = 0; o < i; o++)
            if (d->disks.v[o]->bus == k->bus && same_place(d->disks.v[o]->info.address, k->info.address))
                check_fail(c, &k->meta, "<disk> %s: %s has the same address", k->target, d->disks.v[o]->target);
        for (size_t o = 0; o < d->hostdevs.n; o++)
            if (k->bus == BUS_SCSI && d->hostdevs.v[o]->type == HOSTDEV_SCSI &&
                same_place(d->hostdevs.v[o]->info.address, k->info.address))
                check_fail(c, &k->meta, "<disk> %s: a <hostdev> has the same address", k->target);
    }
}

static const struct controller *scsi(const struct domain *d, uint64_t index)
{
    for (size_t i = 0; i < d->devices->controllers.n; i++) {
        const struct controller *c = d->devices->controllers.v[i];
        if (c->type == CONTROLLER_SCSI && c->index.v == index)
            return c;
    }
    return NULL;
}

static void drive_in_range(struct check *c)
{
    for (size_t i = 0; i < c->d->devices->disks.n; i++) {
        const struct disk *d = c->d->devices->disks.v[i];
        const struct address *a = d->info.address;
        if (!a || a->type != ADDRESS_DRIVE)
            continue;
        const struct controller *s = d->bus == BUS_SCSI ? scsi(c->d, a->controller.v) : NULL;
        if (s && s->model == MODEL_LSILOGIC && a->target.v)
            check_fail(c, &d->meta, "<disk> %s: target must be 0 on a controller of model lsilogic", d->target);
        if (s && s->model == MODEL_LSILOGIC && a->unit.v > 7)
            check_fail(c, &d->meta, "<disk> %s: unit must be 0 to 7 on a controller of model lsilogic", d->target);
        if (d->bus == BUS_SATA && (a->bus.v || a->target.v || a->unit.v > 5))
            check_fail(c, &d->meta, "<disk> %s: a SATA controller has units 0 to 5", d->target);
        if (d->bus == BUS_FDC && (a->bus.v || a->target.v || a->unit.v > 1))
            check_fail(c, &d->meta, "<disk> %s: a floppy controller has units 0 and 1", d->target);
    }
}

static void controller_unique(struct check *c)
{
    const struct devices *d = c->d->devices;
    for (size_t i = 0; i < d->controllers.n; i++)
        for (size_t k = 0; k < i; k++) {
            const struct controller *a = d->controllers.v[i], *b = d->controllers.v[k];
            bool companion = a->master_startport.set || b->master_startport.set;
            if (a->type == b->type && a->index.v == b->index.v && !(companion && a->model != b->model))
                check_fail(c, &a->meta, "<controller> type '%s': two have index %llu", enum_name(controller_type_names, a->type),
                           (unsigned long long)a->index.v);
        }
}

static void usb_ports_limit(struct check *c)
{
    for (size_t i = 0; i < c->d->devices->controllers.n; i++) {
        const struct controller *u = c->d->devices->controllers.v[i];
        bool xhci = u->model == MODEL_NEC_XHCI || u->model == MODEL_QEMU_XHCI;
        if (u->type == CONTROLLER_USB && xhci && u->ports.v > 15)
            check_fail(c, &u->meta, "<controller> model '%s' has 15 ports at most", enum_name(controller_model_names, u->model));
    }
}

static void usb_disabled(struct check *c)
{
    const struct devices *d = c->d->devices;
    bool none = false;
    for (size_t i = 0; i < d->controllers.n; i++)
        none |= d->controllers.v[i]->type == CONTROLLER_USB && d->controllers.v[i]->model == MODEL_USB_NONE;
    for (size_t i = 0; none && i < d->controllers.n; i++)
        if (d->controllers.v[i]->type == CONTROLLER_USB && d->controllers.v[i]->model != MODEL_USB_NONE)
            check_fail(c, &d->controllers.v[i]->meta, "<controller> type 'usb': another one says that there is no USB");
}

static void pci_root_index(struct check *c)
{
    const struct machine *m = machine_of(c->d->os->arch, c->d->os->machine);
    for (size_t i = 0; i < c->d->devices->controllers.n; i++) {
        const struct controller *p = c->d->devices->controllers.v[i];
        if (!controller_is_root(p))
            continue;
        if (m->family != MACHINE_PSERIES && p->index.v)
            check_fail(c, &p->meta, "<controller> model '%s' must have index 0", enum_name(controller_model_names, p->model));
        if (m->family == MACHINE_PSERIES && (p->index.v == 0) != (p->target_index.v == 0))
            check_fail(c, &p->meta, "<controller> target index 0 belongs to the PCI controller with index 0");
    }
}

/* Options of <target> and the models that have them. */
static void pci_options(struct check *c)
{
    for (size_t i = 0; i < c->d->devices->controllers.n; i++) {
        const struct controller *p = c->d->devices->controllers.v[i];
        if (p->type != CONTROLLER_PCI)
            continue;
        bool port = p->model == MODEL_PCIE_ROOT_PORT || p->model == MODEL_PCIE_SWITCH_DOWNSTREAM;
        bool expander = p->model == MODEL_PCI_EXPANDER_BUS || p->model == MODEL_PCIE_EXPANDER_BUS;
        const struct {
            const char *name;
            bool given, fits;
        } options[] = {
            { "busNr", p->bus_nr.set, expander },
            { "chassisNr", p->chassis_nr.set, p->model == MODEL_PCI_BRIDGE },
            { "chassis", p->chassis.set, port },
            { "port", p->port.set, port },
            { "index", p->target_index.set, p->model == MODEL_PCI_ROOT },
        };
        for (size_t o = 0; o < sizeof options / sizeof *options; o++)
            if (options[o].given && !options[o].fits)
                check_fail(c, &p->meta, "<controller> model '%s' has no %s", enum_name(controller_model_names, p->model),
                           options[o].name);
    }
}

const struct check_rule bus_rules[] = {
    { "disk-address-type", disk_address_type },
    { "drive-address-unique", drive_unique },
    { "drive-address-range", drive_in_range },
    { "controller-unique", controller_unique },
    { "usb-ports", usb_ports_limit },
    { "usb-disabled", usb_disabled },
    { "pci-root-index", pci_root_index },
    { "pci-options", pci_options },
    { NULL, NULL },
};
