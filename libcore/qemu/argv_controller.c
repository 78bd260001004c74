/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/str.h"
#include "domain/controller.h"
#include "domain/disk.h"
#include "domain/os.h"
#include "qemu/argv.h"

/* Controllers: PCI bridges and ports, USB, SCSI, SATA, virtio-serial, CCID, floppy. */

/* -device name of each model; what is missing here is part of the machine or unknown to QEMU. */
static const char *const drivers[MODEL_COUNT] = {
    [MODEL_PCI_BRIDGE] = "pci-bridge",
    [MODEL_DMI_TO_PCI_BRIDGE] = "i82801b11-bridge",
    [MODEL_PCIE_TO_PCI_BRIDGE] = "pcie-pci-bridge",
    [MODEL_PCIE_ROOT_PORT] = "pcie-root-port",
    [MODEL_PCIE_SWITCH_UPSTREAM] = "x3130-upstream",
    [MODEL_PCIE_SWITCH_DOWNSTREAM] = "xio3130-downstream",
    [MODEL_PCI_EXPANDER_BUS] = "pxb",
    [MODEL_PCIE_EXPANDER_BUS] = "pxb-pcie",
    [MODEL_LSILOGIC] = "lsi",
    [MODEL_LSISAS1068] = "mptsas1068",
    [MODEL_LSISAS1078] = "megasas",
    [MODEL_VMPVSCSI] = "pvscsi",
    [MODEL_IBMVSCSI] = "spapr-vscsi",
    [MODEL_DC390] = "dc-390",
    [MODEL_AM53C974] = "am53c974",
    [MODEL_PIIX3_UHCI] = "piix3-usb-uhci",
    [MODEL_PIIX4_UHCI] = "piix4-usb-uhci",
    [MODEL_EHCI] = "usb-ehci",
    [MODEL_ICH9_EHCI1] = "ich9-usb-ehci1",
    [MODEL_ICH9_UHCI1] = "ich9-usb-uhci1",
    [MODEL_ICH9_UHCI2] = "ich9-usb-uhci2",
    [MODEL_ICH9_UHCI3] = "ich9-usb-uhci3",
    [MODEL_VT82C686B_UHCI] = "vt82c686b-usb-uhci",
    [MODEL_PCI_OHCI] = "pci-ohci",
    [MODEL_NEC_XHCI] = "nec-usb-xhci",
    [MODEL_QEMU_XHCI] = "qemu-xhci",
};

static bool is_q35(const struct argv *a)
{
    return str_starts(a->domain->os->machine, "pc-q35");
}

static bool is_pc(const struct argv *a)
{
    return str_starts(a->domain->os->machine, "pc-i440fx") || str_starts(a->domain->os->machine, "pc-0") ||
           str_starts(a->domain->os->machine, "pc-1");
}

static const char *virtio_name(struct argv *a, const char *base, const struct controller *c)
{
    const char *name = argv_virtio(a, base, c->info.address);
    if (c->model == MODEL_VIRTIO_TRANSITIONAL)
        return arena_printf(a->arena, "%s-transitional", name);
    if (c->model == MODEL_VIRTIO_NON_TRANSITIONAL)
        return arena_printf(a->arena, "%s-non-transitional", name);
    return name;
}

static const char *pci_driver(const struct controller *c)
{
    if (c->model_name == PCI_NAME_IOH3420)
        return "ioh3420";
    return c->model < MODEL_COUNT ? drivers[c->model] : NULL;
}

static bool pci(struct argv *a, const struct controller *c, struct props *p)
{
    const char *driver = pci_driver(c);
    if (controller_is_root(c)) {
        props_str(p, "driver", "spapr-pci-host-bridge");
        props_num(p, "index", c->target_index);
        props_str(p, "id", c->info.alias);
        props_num(p, "numa_node", c->node);
        return true;
    }
    if (!driver)
        return argv_fail(a, &c->meta, "<controller type='pci'> model '%s' is not supported on this machine",
                         controller_model_names[c->model]);
    props_str(p, "driver", driver);
    props_num(p, "chassis_nr", c->chassis_nr);
    props_num(p, "port", c->port);
    props_num(p, "chassis", c->chassis);
    props_num(p, "bus_nr", c->bus_nr);
    if (c->model == MODEL_PCI_EXPANDER_BUS || c->model == MODEL_PCIE_EXPANDER_BUS)
        props_num(p, "numa_node", c->node);
    props_tri(p, "hotplug", c->hotplug);
    props_str(p, "id", c->info.alias);
    return true;
}

static bool usb(struct argv *a, const struct controller *c, struct props *p)
{
    enum controller_model model = c->model ? c->model : MODEL_PIIX3_UHCI;
    if (model >= MODEL_COUNT || !drivers[model])
        return argv_fail(a, &c->meta, "<controller type='usb'> model '%s' is not supported by QEMU",
                         controller_model_names[model]);
    props_str(p, "driver", drivers[model]);
    if (c->ports.set) {
        props_uint(p, "p2", c->ports.v);
        props_uint(p, "p3", c->ports.v);
    }
    if (c->master_startport.set) {
        /* A companion serves the low-speed ports of the EHCI controller that has the same index. */
        const char *master = argv_controller(a, CONTROLLER_USB, c->index.v);
        props_fmt(p, "masterbus", "%s.0", master ? master : "usb");
        props_uint(p, "firstport", c->master_startport.v);
    } else {
        props_str(p, "id", c->info.alias);
    }
    return true;
}

static bool scsi(struct argv *a, const struct controller *c, struct props *p)
{
    bool virtio = c->model == MODEL_VIRTIO_SCSI || c->model == MODEL_VIRTIO_TRANSITIONAL ||
                  c->model == MODEL_VIRTIO_NON_TRANSITIONAL;
    const char *driver = virtio ? virtio_name(a, "virtio-scsi", c) : c->model < MODEL_COUNT ? drivers[c->model] : NULL;
    if (!driver)
        return argv_fail(a, &c->meta, "<controller type='scsi'> model '%s' is not supported by QEMU",
                         controller_model_names[c->model]);
    props_str(p, "driver", driver);
    if (virtio) {
        if (c->iothread.set)
            props_fmt(p, "iothread", "iothread%llu", (unsigned long long)c->iothread.v);
        argv_virtio_options(p, c->virtio.iommu, c->virtio.ats, c->virtio.packed, c->virtio.page_per_vq);
    }
    props_str(p, "id", c->info.alias);
    props_num(p, "num_queues", c->queues);
    props_num(p, "cmd_per_lun", c->cmd_per_lun);
    props_num(p, "max_sectors", c->max_sectors);
    props_tri(p, "ioeventfd", c->ioeventfd);
    return true;
}

static bool virtio_serial(struct argv *a, const struct controller *c, struct props *p)
{
    props_str(p, "driver", virtio_name(a, "virtio-serial", c));
    props_str(p, "id", c->info.alias);
    props_num(p, "max_ports", c->ports);
    props_num(p, "vectors", c->vectors);
    argv_virtio_options(p, c->virtio.iommu, c->virtio.ats, c->virtio.packed, c->virtio.page_per_vq);
    return true;
}

static bool plain(struct argv *a, const struct controller *c, struct props *p)
{
    (void)a;
    props_str(p, "driver", c->type == CONTROLLER_SATA ? "ahci" : "usb-ccid");
    props_str(p, "id", c->info.alias);
    return true;
}

/* Controllers that the machine has on board need no -device. */
static bool on_board(const struct argv *a, const struct controller *c)
{
    switch (c->type) {
    case CONTROLLER_PCI:
        return controller_is_root(c) && (c->index.v == 0 || !c->target_index.set);
    case CONTROLLER_IDE:
        return true;
    case CONTROLLER_SATA:
        return is_q35(a) && c->index.v == 0;
    case CONTROLLER_USB:
        return c->model == MODEL_USB_NONE;
    case CONTROLLER_FDC:
        return is_pc(a);
    default:
        return false;
    }
}

static bool one(struct argv *a, const struct controller *c)
{
    static bool (*const build[])(struct argv *, const struct controller *, struct props *) = {
        [CONTROLLER_PCI] = pci,   [CONTROLLER_USB] = usb,   [CONTROLLER_SCSI] = scsi, [CONTROLLER_VIRTIO_SERIAL] = virtio_serial,
        [CONTROLLER_SATA] = plain, [CONTROLLER_CCID] = plain,
    };
    struct props *p = props_new(a->arena);
    if ((size_t)c->type >= sizeof build / sizeof *build || !build[c->type])
        return argv_fail(a, &c->meta, "<controller type='%s'> is not supported on this machine", controller_type_names[c->type]);
    if (!build[c->type](a, c, p) || !argv_address(a, p, &c->meta, c->info.address))
        return false;
    argv_device(a, p);
    return true;
}

/* Boot order of floppy drives belongs to their controller, as there is no device between. */
static void floppy_boot(struct argv *a, struct props *p)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->disks.n; i++) {
        const struct disk *k = d->disks.v[i];
        const struct address *at = k->info.address;
        if (k->bus == BUS_FDC && at)
            props_num(p, at->unit.v ? "bootindexB" : "bootindexA", argv_boot_index(a, &k->info));
    }
}

/* pc has a floppy controller of its own, q35 none: there it is a device, on pc its boot order is a global. */
static void floppies(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    struct props *p = props_new(a->arena);
    bool any = false, used = false;
    for (size_t i = 0; i < d->controllers.n; i++)
        any = any || d->controllers.v[i]->type == CONTROLLER_FDC;
    for (size_t i = 0; i < d->disks.n; i++)
        used = used || d->disks.v[i]->bus == BUS_FDC;
    if (!any || !used)
        return;
    if (is_pc(a)) {
        floppy_boot(a, p);
        for (const struct prop *i = p->first; i; i = i->next)
            argv_addf(a, "-global", "isa-fdc.%s=%llu", i->key, (unsigned long long)i->u);
        return;
    }
    props_str(p, "driver", "isa-fdc");
    floppy_boot(a, p);
    argv_device(a, p);
}

/* The size of the hole for 64-bit BARs belongs to the host bridge, which is on board. */
static void hole64(struct argv *a, const struct controller *c)
{
    if (c->pcihole64.set)
        argv_addf(a, "-global", "%s-pcihost.pci-hole64-size=%lluK", c->model == MODEL_PCIE_ROOT ? "q35" : "i440FX",
                  (unsigned long long)c->pcihole64.v);
}

/* What a bridge hangs on must be there before it: PCI first, in the order of their indexes. */
bool argv_controllers(struct argv *a)
{
    static const enum controller_type order[] = {
        CONTROLLER_PCI, CONTROLLER_USB, CONTROLLER_SCSI, CONTROLLER_SATA, CONTROLLER_IDE, CONTROLLER_VIRTIO_SERIAL, CONTROLLER_CCID,
    };
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->controllers.n; i++)
        if (controller_is_root(d->controllers.v[i]))
            hole64(a, d->controllers.v[i]);
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < d->controllers.n; i++)
            if (d->controllers.v[i]->type == order[k] && !on_board(a, d->controllers.v[i]) && !one(a, d->controllers.v[i]))
                return false;
    floppies(a);
    return true;
}
