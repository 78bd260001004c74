/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/str.h"
#include "domain/controller.h"
#include "domain/disk.h"
#include "domain/interface.h"
#include "domain/os.h"
#include "qemu/argv.h"

/* Where a device hangs, and what else its <address>, <boot>, <rom> and <acpi> say. */

/* Boards that QEMU never gave a second PCI bus call the only one "pci". */
static bool numbered_buses(const struct domain_os *os)
{
    static const char *const arches[] = { "x86_64", "i686", "aarch64", "armv7l", "armv6l", "ppc", "ppc64", "ppc64le", "s390x",
                                          "riscv32", "riscv64", "loongarch64" };
    return name_index(arches, sizeof arches / sizeof *arches, os->arch ? os->arch : "") >= 0;
}

const char *argv_controller(struct argv *a, int type, uint64_t index)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->controllers.n; i++) {
        const struct controller *c = d->controllers.v[i];
        if ((int)c->type != type || c->index.v != index)
            continue;
        /* What is on board keeps QEMU's name for it, whatever the user calls it. */
        if (controller_is_root(c) && index == 0)
            return c->model == MODEL_PCIE_ROOT ? "pcie.0" : numbered_buses(a->domain->os) ? "pci.0" : "pci";
        /* Further roots are host bridges of pseries: the bridge is the id, the bus one below it. */
        if (controller_is_root(c))
            return arena_printf(a->arena, "%s.0", c->info.alias);
        if (c->info.alias)
            return c->info.alias;
    }
    return NULL;
}

static const char *bus_of(struct argv *a, const struct meta *at, int type, uint64_t index)
{
    const char *alias = argv_controller(a, type, index);
    if (!alias)
        argv_fail(a, at, "<address>: there is no %s controller with index %llu", controller_type_names[type],
                  (unsigned long long)index);
    return alias;
}

static bool on_pci(struct argv *a, struct props *p, const struct meta *at, const struct address *address)
{
    const char *bus = bus_of(a, at, CONTROLLER_PCI, address->bus.v);
    if (!bus)
        return false;
    props_str(p, "bus", bus);
    props_tri(p, "multifunction", address->multifunction);
    if (address->function.v)
        props_fmt(p, "addr", "0x%x.0x%x", (unsigned)address->slot.v, (unsigned)address->function.v);
    else
        props_fmt(p, "addr", "0x%x", (unsigned)address->slot.v);
    return true;
}

static bool on_usb(struct argv *a, struct props *p, const struct meta *at, const struct address *address)
{
    const char *bus = bus_of(a, at, CONTROLLER_USB, address->bus.v);
    if (!bus)
        return false;
    props_fmt(p, "bus", "%s.0", bus);
    props_str(p, "port", address->usb_port);
    return true;
}

static bool on_virtio_serial(struct argv *a, struct props *p, const struct meta *at, const struct address *address)
{
    const char *bus = bus_of(a, at, CONTROLLER_VIRTIO_SERIAL, address->controller.v);
    if (!bus)
        return false;
    props_fmt(p, "bus", "%s.%llu", bus, (unsigned long long)address->bus.v);
    props_num(p, "nr", address->port);
    return true;
}

static bool on_ccid(struct argv *a, struct props *p, const struct meta *at, const struct address *address)
{
    const char *bus = bus_of(a, at, CONTROLLER_CCID, address->controller.v);
    if (bus)
        props_fmt(p, "bus", "%s.0", bus);
    return bus != NULL;
}

bool argv_address(struct argv *a, struct props *p, const struct meta *at, const struct address *address)
{
    if (!address)
        return true;
    switch (address->type) {
    case ADDRESS_PCI:
        return on_pci(a, p, at, address);
    case ADDRESS_USB:
        return on_usb(a, p, at, address);
    case ADDRESS_VIRTIO_SERIAL:
        return on_virtio_serial(a, p, at, address);
    case ADDRESS_CCID:
        return on_ccid(a, p, at, address);
    case ADDRESS_SPAPR_VIO:
        props_num(p, "reg", address->reg);
        return true;
    case ADDRESS_CCW:
        if (address->devno.set)
            props_fmt(p, "devno", "%x.%x.%04x", (unsigned)address->cssid.v, (unsigned)address->ssid.v,
                      (unsigned)address->devno.v);
        return true;
    case ADDRESS_ISA:
        props_num(p, "iobase", address->iobase);
        props_num(p, "irq", address->irq);
        return true;
    default:
        return true;
    }
}

static const enum boot_dev boot_kinds[5] = {
    [DISK_DISK] = BOOT_HD, [DISK_LUN] = BOOT_HD, [DISK_CDROM] = BOOT_CDROM, [DISK_FLOPPY] = BOOT_FD,
};

static enum boot_dev kind_of_disk(const struct disk *k)
{
    return boot_kinds[k->device ? k->device : DISK_DISK];
}

/* What <os><boot dev=> calls the device, if it is the first of its kind. */
static enum boot_dev boot_kind(const struct devices *d, const struct device_info *info)
{
    bool seen[BOOT_DEVS] = { false };
    for (size_t i = 0; i < d->disks.n; i++) {
        enum boot_dev kind = kind_of_disk(d->disks.v[i]);
        if (&d->disks.v[i]->info == info)
            return seen[kind] ? BOOT_UNSET : kind;
        seen[kind] = true;
    }
    return d->interfaces.n && &d->interfaces.v[0]->info == info ? BOOT_NETWORK : BOOT_UNSET;
}

struct num argv_boot_index(struct argv *a, const struct device_info *info)
{
    const struct domain_os *os = a->domain->os;
    if (info->boot_order.set || !os || !os->boots.n)
        return info->boot_order;
    enum boot_dev kind = boot_kind(a->domain->devices, info);
    struct num index = { 0 };
    for (size_t i = 0; i < os->boots.n && kind; i++)
        if (os->boots.v[i]->dev == kind)
            index = NUM(i + 1);
    return index;
}

void argv_info(struct argv *a, struct props *p, const struct device_info *info)
{
    uint64_t index;
    props_num(p, "bootindex", argv_boot_index(a, info));
    if (info->rom_bar)
        props_uint(p, "rombar", info->rom_bar == TRI_YES);
    if (info->rom_enabled == TRI_NO)
        props_str(p, "romfile", "");
    else
        props_str(p, "romfile", info->rom_file);
    if (info->acpi_index && parse_u64(info->acpi_index, &index))
        props_uint(p, "acpi-index", index);
}

const char *argv_virtio(struct argv *a, const char *base, const struct address *address)
{
    switch (address ? address->type : ADDRESS_UNSET) {
    case ADDRESS_PCI:
        return arena_printf(a->arena, "%s-pci", base);
    case ADDRESS_CCW:
        return arena_printf(a->arena, "%s-ccw", base);
    case ADDRESS_VIRTIO_MMIO:
        return arena_printf(a->arena, "%s-device", base);
    default:
        return base;
    }
}
