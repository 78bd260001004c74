/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/disk.h"
#include "domain/expand_private.h"
#include "domain/filesystem.h"
#include "domain/hostdev.h"
#include "domain/input.h"
#include "domain/interface.h"
#include "domain/iommu.h"
#include "domain/memory_device.h"
#include "domain/misc.h"
#include "domain/sound.h"

/* PCI addresses in two runs over the same devices: a dry one that finds out how many buses are needed,
 * then, with those controllers added, the one that counts. */

static const unsigned conventional = PCI_CONVENTIONAL | PCI_AUTO;

static unsigned controller_flags(const struct expansion *x, const struct controller *c, unsigned express)
{
    switch (c->type) {
    case CONTROLLER_PCI:
        return pci_controller_flags(c->model);
    case CONTROLLER_IDE:
    case CONTROLLER_SATA:
        return conventional;
    case CONTROLLER_VIRTIO_SERIAL:
        return c->model == MODEL_VIRTIO_TRANSITIONAL ? conventional : express;
    case CONTROLLER_USB:
        if (c->model == MODEL_USB_NONE || c->model == MODEL_QUSB1 || c->model == MODEL_QUSB2)
            return 0;
        return c->model == MODEL_QEMU_XHCI || c->model == MODEL_NEC_XHCI ? express : conventional;
    case CONTROLLER_SCSI:
        if (c->model == MODEL_VIRTIO_SCSI || c->model == MODEL_VIRTIO_NON_TRANSITIONAL)
            return express;
        return c->model == MODEL_IBMVSCSI && x->m->family == MACHINE_PSERIES ? 0
               : c->model == MODEL_NCR53C90                                  ? 0
                                                                             : conventional;
    default:
        return 0;
    }
}

static unsigned interface_flags(const struct interface *i, unsigned express)
{
    if (i->type == INTERFACE_HOSTDEV)
        return express;
    if (!i->model || streq(i->model, "usb-net") || streq(i->model, "spapr-vlan") || streq(i->model, "lan9118") ||
        streq(i->model, "smc91c111"))
        return 0;
    if (streq(i->model, "virtio") || streq(i->model, "virtio-non-transitional") || streq(i->model, "e1000e") ||
        streq(i->model, "igb"))
        return express;
    return conventional;
}

static unsigned hostdev_flags(const struct hostdev *h, unsigned express)
{
    if (h->mode != HOSTDEV_SUBSYSTEM)
        return 0;
    if (h->type == HOSTDEV_PCI || (h->type == HOSTDEV_MDEV && h->model == HOSTDEV_VFIO_PCI))
        return express;
    if (h->type == HOSTDEV_SCSI_HOST)
        return h->model == HOSTDEV_VIRTIO_TRANSITIONAL ? conventional : express;
    return 0;
}

static unsigned video_flags(const struct video *v, unsigned express)
{
    switch (v->model) {
    case VIDEO_VIRTIO:
    case VIDEO_BOCHS:
        return express;
    case VIDEO_VGA:
    case VIDEO_CIRRUS:
    case VIDEO_VMVGA:
    case VIDEO_QXL:
        return conventional;
    default:
        return 0;
    }
}

static unsigned flavour(enum virtio_flavour f, unsigned express)
{
    return f == FLAVOUR_TRANSITIONAL ? conventional : express;
}

static unsigned small_device_flags(const struct device *dev, unsigned express)
{
    switch (dev->kind) {
    case DEVICE_SOUND: {
        enum sound_model m = ((const struct sound *)dev->dev)->model;
        return m == SOUND_SB16 || m == SOUND_PCSPK || m == SOUND_USB ? 0 : conventional;
    }
    case DEVICE_MEMBALLOON: {
        enum memballoon_model m = ((const struct memballoon *)dev->dev)->model;
        return m == MEMBALLOON_TRANSITIONAL                             ? conventional
               : m == MEMBALLOON_VIRTIO || m == MEMBALLOON_NON_TRANSITIONAL ? express
                                                                            : 0;
    }
    case DEVICE_WATCHDOG:
        return ((const struct watchdog *)dev->dev)->model == WATCHDOG_I6300ESB ? conventional : 0;
    case DEVICE_SERIAL:
        return ((const struct chardev *)dev->dev)->target == TARGET_PCI_SERIAL ? conventional : 0;
    case DEVICE_SHMEM:
        return conventional;
    case DEVICE_PANIC:
        return ((const struct panic *)dev->dev)->model == PANIC_PVPANIC ? conventional : 0;
    case DEVICE_MEMORY:
        return device_is_virtio(dev) ? express : 0;
    case DEVICE_IOMMU:
        return ((const struct iommu *)dev->dev)->model == IOMMU_VIRTIO ? express & ~(unsigned)PCI_AUTO : 0;
    default:
        return 0;
    }
}

unsigned pci_device_flags(const struct expansion *x, const struct device *dev)
{
    unsigned express = x->express ? PCI_EXPRESS | PCI_AUTO : conventional;
    switch (dev->kind) {
    case DEVICE_CONTROLLER:
        return controller_flags(x, dev->dev, express);
    case DEVICE_DISK: {
        const struct disk *d = dev->dev;
        return d->bus == BUS_VIRTIO ? flavour(d->model, express) : 0;
    }
    case DEVICE_INTERFACE:
        return interface_flags(dev->dev, express);
    case DEVICE_HOSTDEV:
        return hostdev_flags(dev->dev, express);
    case DEVICE_VIDEO:
        return video_flags(dev->dev, express);
    case DEVICE_FILESYSTEM:
        return flavour(((const struct filesystem *)dev->dev)->model, express);
    case DEVICE_RNG:
        return flavour(((const struct rng *)dev->dev)->model, express);
    case DEVICE_VSOCK:
        return flavour(((const struct vsock *)dev->dev)->model, express);
    case DEVICE_INPUT: {
        const struct input *i = dev->dev;
        return i->bus == INPUT_BUS_VIRTIO ? flavour(i->model, express) : 0;
    }
    default:
        return small_device_flags(dev, express);
    }
}

static bool fail_at(struct expansion *x, const struct device *dev)
{
    struct err why = *x->p->err;
    return parse_error(x->p, dev->meta->line, "<%s> %s", device_kind_names[dev->kind], why.text);
}

static void set_pci(struct expansion *x, struct device_info *i, struct pci_place p)
{
    if (x->dry) {
        list_add(x->p->arena, &x->placed, i);
        return;
    }
    struct address *a = address_new(x, i, ADDRESS_PCI);
    a->domain = NUM(0);
    a->bus = NUM(p.bus);
    a->slot = NUM(p.slot);
    a->function = NUM(p.function);
}

/* Whether the device still has no PCI address and shall have one. */
static bool pci_wanted(const struct expansion *x, const struct device *dev)
{
    for (size_t i = 0; x->dry && i < x->placed.n; i++)
        if (x->placed.v[i] == dev->info)
            return false;
    return pci_device_flags(x, dev) && address_wanted(dev->info, ADDRESS_PCI);
}

static bool take_next(struct expansion *x, const struct device *dev, int function)
{
    struct pci_place p;
    if (!pci_reserve_next(x->pci, pci_device_flags(x, dev), function, 0, &p, x->p->err))
        return fail_at(x, dev);
    set_pci(x, dev->info, p);
    return true;
}

/* The fixed place of a controller that the chipset has; NULL: none. */
static const struct fixed_controller *fixed_place(const struct expansion *x, const struct device *dev)
{
    const struct controller *c = dev->dev;
    if (dev->kind != DEVICE_CONTROLLER || c->index.v)
        return NULL;
    for (size_t i = 0; i < x->m->n_fixed; i++)
        if (c->type == x->m->fixed[i].type && (!x->m->fixed[i].model || c->model == x->m->fixed[i].model))
            return &x->m->fixed[i];
    return NULL;
}

static struct pci_place place_of(const struct address *a)
{
    return (struct pci_place){ (unsigned)a->bus.v, (unsigned)a->slot.v, (unsigned)a->function.v };
}

static enum controller_model filler(const struct expansion *x)
{
    return x->express ? MODEL_PCIE_ROOT_PORT : x->pci->multiple_roots ? MODEL_PCI_ROOT : MODEL_PCI_BRIDGE;
}

/* Buses that an address implies are added as users would do it by hand. */
static bool grow_to(struct expansion *x, uint64_t bus)
{
    for (size_t i = x->pci->n; i <= bus && bus < PCI_MAX_BUSES; i++)
        if (!pci_set_bus(x->pci, i, filler(x), x->p->err))
            return false;
    return true;
}

/* Addresses that the document gives are taken first, so that nothing else gets them. */
static bool take_given(struct expansion *x)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(x->d, &at, &dev)) {
        const struct address *a = dev.info->address;
        unsigned flags = pci_device_flags(x, &dev);
        if (!a || a->type != ADDRESS_PCI || !flags || address_wanted(dev.info, ADDRESS_PCI) || fixed_place(x, &dev))
            continue;
        if (dev.kind == DEVICE_CONTROLLER && controller_is_root(dev.dev))
            continue;
        if (a->domain.v)
            return parse_error(x->p, dev.meta->line, "<%s> address domain 0x%04llx: only domain 0 can be used",
                               device_kind_names[dev.kind], (unsigned long long)a->domain.v);
        if (x->dry && !grow_to(x, a->bus.v))
            return false;
        if (!pci_reserve(x->pci, place_of(a), flags, true, 0, x->p->err))
            return fail_at(x, &dev);
    }
    return true;
}

/* Names the device that sits in the chipset's slot. */
static bool slot_is_taken(struct expansion *x, unsigned slot)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(x->d, &at, &dev)) {
        const struct address *a = dev.info->address;
        if (a && a->type == ADDRESS_PCI && a->bus.v == 0 && a->slot.v == slot && pci_device_flags(x, &dev) && !fixed_place(x, &dev))
            return parse_error(x->p, dev.meta->line, "<%s> PCI slot 0000:00:%02x is the chipset's", device_kind_names[dev.kind], slot);
    }
    return err_set(x->p->err, ST_FAILED, "PCI slot 0000:00:%02x is the chipset's", slot);
}

static bool take_fixed(struct expansion *x)
{
    struct device dev;
    for (size_t i = 0; device_at(x->d, DEVICE_CONTROLLER, i, &dev); i++) {
        const struct fixed_controller *f = fixed_place(x, &dev);
        if (!f)
            continue;
        const struct address *a = dev.info->address;
        if (!address_wanted(dev.info, ADDRESS_PCI) &&
            (a->type != ADDRESS_PCI || a->bus.v || a->slot.v != f->slot || a->function.v != f->function))
            return parse_error(x->p, dev.meta->line, "<controller> type '%s' index 0 is part of the chipset at PCI address 0000:00:%02x.%u",
                               enum_name(controller_type_names, f->type), f->slot, f->function);
        set_pci(x, dev.info, (struct pci_place){ 0, f->slot, f->function });
    }
    if (x->m->taken_slot >= 0) {
        struct pci_place slot = { 0, (unsigned)x->m->taken_slot, 0 };
        if (pci_slot_used(x->pci, slot))
            return slot_is_taken(x, slot.slot);
        pci_reserve_slot(x->pci, slot);
    }
    return true;
}

/* The first such device goes to slot if it is free. */
static bool prefer(struct expansion *x, const struct device *dev, unsigned slot)
{
    struct pci_place p = { 0, slot, 0 };
    struct err ignored;
    if (!pci_wanted(x, dev) || pci_slot_used(x->pci, p) ||
        !pci_reserve(x->pci, p, pci_device_flags(x, dev), true, 0, &ignored))
        return false;
    set_pci(x, dev->info, p);
    return true;
}

static void primary_card(struct expansion *x)
{
    struct device dev;
    if (x->m->vga_slot && device_at(x->d, DEVICE_VIDEO, 0, &dev))
        prefer(x, &dev, x->m->vga_slot);
}

static void remember_ich9(struct expansion *x, const struct controller *c, struct pci_place place)
{
    if (x->n_ich9 == sizeof x->ich9 / sizeof *x->ich9)
        return;
    x->ich9[x->n_ich9].index = c->index.v;
    x->ich9[x->n_ich9++].place = place;
}

/* q35: where real boards have these. */
static bool q35_places(struct expansion *x)
{
    struct device dev;
    struct pci_place sata = { 0, 0x1f, 2 };
    bool sata_there = false;
    for (size_t i = 0; device_at(x->d, DEVICE_CONTROLLER, i, &dev); i++) {
        const struct controller *c = dev.dev;
        sata_there |= fixed_place(x, &dev) != NULL;
        if (c->type == CONTROLLER_USB && c->model == MODEL_ICH9_UHCI1 && pci_wanted(x, &dev)) {
            bool first = !pci_slot_used(x->pci, (struct pci_place){ 0, 0x1d, 0 });
            if (prefer(x, &dev, first ? 0x1d : 0x1a)) {
                remember_ich9(x, c, (struct pci_place){ 0, first ? 0x1d : 0x1a, 0 });
                if (!x->dry)
                    dev.info->address->multifunction = TRI_YES;
            }
        }
        if (c->type == CONTROLLER_PCI && c->model == MODEL_DMI_TO_PCI_BRIDGE)
            prefer(x, &dev, 0x1e);
    }
    for (unsigned f = 0; f < 4; f++) /* LPC, SATA, SMBus */
        if (f != 1 && (f != 2 || sata_there) &&
            !pci_reserve(x->pci, (struct pci_place){ 0, sata.slot, f }, PCI_CONVENTIONAL, true, 0, x->p->err))
            return err_wrap(x->p->err, "this place is the chipset's");
    primary_card(x);
    for (size_t i = 0; device_at(x->d, DEVICE_SOUND, i, &dev); i++)
        if (((const struct sound *)dev.dev)->model == SOUND_ICH9) {
            prefer(x, &dev, 0x1b);
            break;
        }
    return true;
}

static bool chipset(struct expansion *x)
{
    if (!take_fixed(x))
        return false;
    if (x->m->family == MACHINE_Q35)
        return q35_places(x);
    primary_card(x);
    return true;
}

/* The functions of a group of ICH9 USB controllers; all in one slot. */
static const struct {
    enum controller_model model;
    unsigned function;
} ich9_functions[] = {
    { MODEL_ICH9_EHCI1, 7 },
    { MODEL_ICH9_UHCI1, 0 },
    { MODEL_ICH9_UHCI2, 1 },
    { MODEL_ICH9_UHCI3, 2 },
};

static int ich9_function(const struct controller *c)
{
    for (size_t i = 0; c->type == CONTROLLER_USB && i < sizeof ich9_functions / sizeof *ich9_functions; i++)
        if (c->model == ich9_functions[i].model)
            return (int)ich9_functions[i].function;
    return -1;
}

static bool take_ich9(struct expansion *x, const struct device *dev)
{
    const struct controller *c = dev->dev;
    int function = ich9_function(c);
    struct pci_place p = { 0 };
    bool found = false;
    for (size_t i = 0; i < x->n_ich9 && !found; i++)
        if ((found = x->ich9[i].index == c->index.v))
            p = x->ich9[i].place;
    for (size_t i = 0; i < x->d->devices->controllers.n && !found; i++) {
        const struct controller *o = x->d->devices->controllers.v[i];
        const struct address *a = o->info.address;
        found = ich9_function(o) >= 0 && o->index.v == c->index.v && a && a->type == ADDRESS_PCI &&
                !address_wanted(&o->info, ADDRESS_PCI);
        if (found)
            p = place_of(a);
    }
    p.function = (unsigned)function;
    if (found ? !pci_reserve(x->pci, p, pci_device_flags(x, dev), true, 0, x->p->err)
              : !pci_reserve_next(x->pci, pci_device_flags(x, dev), function, 0, &p, x->p->err))
        return fail_at(x, dev);
    remember_ich9(x, c, p);
    set_pci(x, dev->info, p);
    if (!x->dry && c->model == MODEL_ICH9_UHCI1)
        dev->info->address->multifunction = TRI_YES;
    return true;
}

static bool take_controllers(struct expansion *x)
{
    struct device dev;
    for (size_t i = 0; device_at(x->d, DEVICE_CONTROLLER, i, &dev); i++) {
        const struct controller *c = dev.dev;
        if (c->type == CONTROLLER_PCI || !pci_wanted(x, &dev) || fixed_place(x, &dev))
            continue;
        if (ich9_function(c) >= 0 ? !take_ich9(x, &dev) : !take_next(x, &dev, PCI_ANY_FUNCTION))
            return false;
    }
    return true;
}

/* The order in which devices without an address get theirs: part of the guest ABI. */
static const enum device_kind order[] = {
    DEVICE_FILESYSTEM, DEVICE_INTERFACE, DEVICE_SOUND, DEVICE_CONTROLLER, DEVICE_DISK,  DEVICE_HOSTDEV, DEVICE_MEMBALLOON,
    DEVICE_RNG,        DEVICE_WATCHDOG,  DEVICE_VIDEO, DEVICE_SHMEM,      DEVICE_INPUT, DEVICE_SERIAL,  DEVICE_PANIC,
    DEVICE_MEMORY,     DEVICE_VSOCK,     DEVICE_IOMMU,
};

static bool take_rest(struct expansion *x)
{
    struct device dev;
    for (size_t i = 0; device_at(x->d, DEVICE_CONTROLLER, i, &dev); i++)
        if (((const struct controller *)dev.dev)->type == CONTROLLER_PCI && pci_wanted(x, &dev) &&
            !take_next(x, &dev, PCI_ANY_FUNCTION))
            return false;
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        if (order[k] == DEVICE_CONTROLLER) {
            if (!take_controllers(x))
                return false;
            continue;
        }
        for (size_t i = 0; device_at(x->d, order[k], i, &dev); i++)
            if (pci_wanted(x, &dev) && !take_next(x, &dev, PCI_ANY_FUNCTION))
                return false;
    }
    return true;
}

static uint64_t highest_index(const struct domain *d)
{
    uint64_t max = 0;
    for (size_t i = 0; i < d->devices->controllers.n; i++)
        if (d->devices->controllers.v[i]->type == CONTROLLER_PCI && d->devices->controllers.v[i]->index.v > max)
            max = d->devices->controllers.v[i]->index.v;
    return max;
}

static bool make_set(struct expansion *x, bool dry)
{
    const struct devices *d = x->d->devices;
    x->dry = dry;
    x->n_ich9 = 0;
    x->placed.n = 0;
    x->pci = pci_set_new(x->p->arena, 0);
    x->pci->may_grow = dry;
    x->pci->multiple_roots = x->m->family == MACHINE_PSERIES;
    for (size_t i = 0; i < d->controllers.n; i++) {
        const struct controller *c = d->controllers.v[i];
        if (c->type == CONTROLLER_PCI && !pci_set_bus(x->pci, c->index.v, c->model, x->p->err)) {
            struct err why = *x->p->err;
            return parse_error(x->p, c->meta.line, "<controller> %s", why.text);
        }
    }
    for (size_t i = 1; i < x->pci->n; i++)
        if (x->pci->buses[i].model == MODEL_UNSET &&
            !pci_set_bus(x->pci, i, filler(x), x->p->err))
            return false;
    return true;
}

static bool any_conventional_room(const struct expansion *x)
{
    for (size_t i = 0; i < x->pci->n; i++) {
        const struct pci_bus *b = &x->pci->buses[i];
        for (unsigned s = b->min_slot; s <= b->max_slot; s++)
            if (b->slots[s].functions == 0)
                return true;
    }
    return false;
}

/* Counts the buses that all devices need and adds their controllers. */
static bool count_buses(struct expansion *x)
{
    uint64_t before = highest_index(x->d);
    struct pci_place spare;
    if (!make_set(x, true) || !take_given(x) || !chipset(x))
        return false;
    bool room = any_conventional_room(x);
    if (!take_rest(x))
        return false;
    /* A slot for one more bridge, so that a bus is never filled to the last slot. */
    if (!x->express && room && x->m->family != MACHINE_S390 &&
        !pci_reserve_next(x->pci, conventional, PCI_ANY_FUNCTION, 0, &spare, x->p->err))
        return false;
    bool grown = before == 0 && x->pci->n > 1;
    if (x->express && grown &&
        !pci_reserve_next(x->pci, PCI_EXPRESS | PCI_AUTO, PCI_ANY_FUNCTION, 0, &spare, x->p->err))
        return false;
    for (size_t i = 1; i < x->pci->n; i++) {
        if (controller_find(x->d, CONTROLLER_PCI, i))
            continue;
        struct controller *c = controller_need(x, CONTROLLER_PCI, i, x->pci->buses[i].model);
        unsigned flags = pci_controller_flags(c->model);
        if (flags && !pci_reserve_next(x->pci, flags, PCI_ANY_FUNCTION, 0, &spare, x->p->err))
            return false;
    }
    return true;
}

/* Function 0 of a slot with several must say so, or the guest sees only that one. */
static void multifunction(struct expansion *x)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(x->d, &at, &dev)) {
        struct address *a = dev.info->address;
        if (a && a->type == ADDRESS_PCI && a->function.v == 0 && !a->multifunction && a->bus.v < x->pci->n && a->slot.v < 32 &&
            pci_device_flags(x, &dev) && (x->pci->buses[a->bus.v].slots[a->slot.v].functions & 0xfe))
            a->multifunction = TRI_YES;
    }
}

static const struct {
    enum controller_model model;
    enum pci_model_name name;
} model_names[] = {
    { MODEL_PCI_BRIDGE, PCI_NAME_PCI_BRIDGE },
    { MODEL_DMI_TO_PCI_BRIDGE, PCI_NAME_I82801B11 },
    { MODEL_PCIE_TO_PCI_BRIDGE, PCI_NAME_PCIE_PCI_BRIDGE },
    { MODEL_PCIE_ROOT_PORT, PCI_NAME_PCIE_ROOT_PORT },
    { MODEL_PCIE_SWITCH_UPSTREAM, PCI_NAME_X3130_UPSTREAM },
    { MODEL_PCIE_SWITCH_DOWNSTREAM, PCI_NAME_XIO3130_DOWNSTREAM },
    { MODEL_PCI_EXPANDER_BUS, PCI_NAME_PXB },
    { MODEL_PCIE_EXPANDER_BUS, PCI_NAME_PXB_PCIE },
};

/* Expander buses count down from the top; a bus number leaves room for the buses below it. */
static void bus_number(struct expansion *x, struct controller *c)
{
    uint64_t lowest = 256;
    const struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->controllers.n; i++)
        if (d->controllers.v[i]->type == CONTROLLER_PCI && d->controllers.v[i]->bus_nr.set && d->controllers.v[i]->bus_nr.v < lowest)
            lowest = d->controllers.v[i]->bus_nr.v;
    c->bus_nr = NUM(lowest - 2);
}

static void controller_options(struct expansion *x, struct controller *c)
{
    const struct address *a = c->info.address;
    for (size_t i = 0; !c->model_name && i < sizeof model_names / sizeof *model_names; i++)
        if (c->model == model_names[i].model)
            c->model_name = model_names[i].name;
    switch (c->model) {
    case MODEL_PCI_ROOT:
        if (x->m->family != MACHINE_PSERIES)
            break;
        c->model_name = c->model_name ? c->model_name : PCI_NAME_SPAPR_PHB;
        if (!c->target_index.set)
            c->target_index = NUM(c->index.v ? free_target_index(x) : 0);
        break;
    case MODEL_PCI_BRIDGE:
        if (!c->chassis_nr.set)
            c->chassis_nr = NUM(c->index.v);
        break;
    case MODEL_PCIE_ROOT_PORT:
    case MODEL_PCIE_SWITCH_DOWNSTREAM:
        if (!c->chassis.set)
            c->chassis = NUM(c->index.v);
        if (!c->port.set && a)
            c->port = NUM(c->model == MODEL_PCIE_ROOT_PORT ? a->slot.v << 3 | a->function.v : a->slot.v);
        break;
    case MODEL_PCI_EXPANDER_BUS:
    case MODEL_PCIE_EXPANDER_BUS:
        if (!c->bus_nr.set)
            bus_number(x, c);
        break;
    default:
        break;
    }
}

bool expand_pci(struct expansion *x)
{
    if (x->m->root == MODEL_UNSET)
        return true;
    const struct devices *d = x->d->devices;
    const struct controller *root = controller_find(x->d, CONTROLLER_PCI, 0);
    if (root->model != x->m->root)
        return parse_error(x->p, root->meta.line, "<controller> PCI controller with index 0 is the %s of this machine, not a %s",
                           enum_name(controller_model_names, x->m->root), enum_name(controller_model_names, root->model));
    if (!count_buses(x) || !make_set(x, false) || !take_given(x) || !chipset(x) || !take_rest(x))
        return false;
    multifunction(x);
    for (size_t i = 0; i < d->controllers.n; i++)
        if (d->controllers.v[i]->type == CONTROLLER_PCI)
            controller_options(x, d->controllers.v[i]);
    return true;
}
