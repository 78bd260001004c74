/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/controller.h"

#include "base/cleanup.h"

const char *const controller_type_names[11] = {
    NULL, "ide", "fdc", "scsi", "sata", "virtio-serial", "ccid", "usb", "pci", "xenbus", "isa",
};
const char *const controller_model_names[MODEL_COUNT] = {
    [MODEL_PCI_ROOT] = "pci-root",
    [MODEL_PCIE_ROOT] = "pcie-root",
    [MODEL_PCI_BRIDGE] = "pci-bridge",
    [MODEL_DMI_TO_PCI_BRIDGE] = "dmi-to-pci-bridge",
    [MODEL_PCIE_TO_PCI_BRIDGE] = "pcie-to-pci-bridge",
    [MODEL_PCIE_ROOT_PORT] = "pcie-root-port",
    [MODEL_PCIE_SWITCH_UPSTREAM] = "pcie-switch-upstream-port",
    [MODEL_PCIE_SWITCH_DOWNSTREAM] = "pcie-switch-downstream-port",
    [MODEL_PCI_EXPANDER_BUS] = "pci-expander-bus",
    [MODEL_PCIE_EXPANDER_BUS] = "pcie-expander-bus",
    [MODEL_SCSI_AUTO] = "auto",
    [MODEL_BUSLOGIC] = "buslogic",
    [MODEL_LSILOGIC] = "lsilogic",
    [MODEL_LSISAS1068] = "lsisas1068",
    [MODEL_VMPVSCSI] = "vmpvscsi",
    [MODEL_IBMVSCSI] = "ibmvscsi",
    [MODEL_VIRTIO_SCSI] = "virtio-scsi",
    [MODEL_LSISAS1078] = "lsisas1078",
    [MODEL_NCR53C90] = "ncr53c90",
    [MODEL_DC390] = "dc390",
    [MODEL_AM53C974] = "am53c974",
    [MODEL_VIRTIO] = "virtio",
    [MODEL_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [MODEL_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional",
    [MODEL_PIIX3_UHCI] = "piix3-uhci",
    [MODEL_PIIX4_UHCI] = "piix4-uhci",
    [MODEL_EHCI] = "ehci",
    [MODEL_ICH9_EHCI1] = "ich9-ehci1",
    [MODEL_ICH9_UHCI1] = "ich9-uhci1",
    [MODEL_ICH9_UHCI2] = "ich9-uhci2",
    [MODEL_ICH9_UHCI3] = "ich9-uhci3",
    [MODEL_VT82C686B_UHCI] = "vt82c686b-uhci",
    [MODEL_PCI_OHCI] = "pci-ohci",
    [MODEL_NEC_XHCI] = "nec-xhci",
    [MODEL_QUSB1] = "qusb1",
    [MODEL_QUSB2] = "qusb2",
    [MODEL_QEMU_XHCI] = "qemu-xhci",
    [MODEL_USB_NONE] = "none",
    [MODEL_PIIX3] = "piix3",
    [MODEL_PIIX4] = "piix4",
    [MODEL_ICH6] = "ich6",
};
const char *const pci_model_name_names[11] = {
    NULL, "spapr-pci-host-bridge", "pci-bridge", "i82801b11-bridge", "pcie-pci-bridge", "ioh3420",
    "pcie-root-port", "x3130-upstream", "xio3130-downstream", "pxb", "pxb-pcie",
};

/* Which models a type has: a range of the enum, and the virtio flavours where there are such. */
static bool model_fits(enum controller_type type, enum controller_model m)
{
    static const struct {
        enum controller_model first, last;
        bool flavours;
    } of[11] = {
        [CONTROLLER_PCI] = { MODEL_PCI_ROOT, MODEL_PCIE_EXPANDER_BUS, false },
        [CONTROLLER_SCSI] = { MODEL_SCSI_AUTO, MODEL_AM53C974, true },
        [CONTROLLER_VIRTIO_SERIAL] = { MODEL_VIRTIO, MODEL_VIRTIO, true },
        [CONTROLLER_USB] = { MODEL_PIIX3_UHCI, MODEL_USB_NONE, false },
        [CONTROLLER_IDE] = { MODEL_PIIX3, MODEL_ICH6, false },
    };
    if (m == MODEL_VIRTIO_TRANSITIONAL || m == MODEL_VIRTIO_NON_TRANSITIONAL)
        return of[type].flavours;
    return m >= of[type].first && m <= of[type].last;
}

static bool controller_parsed(void *self, struct parse *p)
{
    struct controller *c = self;
    if (!c->model || model_fits(c->type, c->model))
        return true;
    autostr struct str all = STR_INIT;
    for (int m = 1; m < MODEL_COUNT; m++)
        if (model_fits(c->type, m))
            str_addf(&all, "%s%s", all.len ? ", " : ": not one of ", controller_model_names[m]);
    return parse_error(p, c->meta.line, "<controller> model '%s' of type '%s'%s", controller_model_names[c->model],
                       controller_type_names[c->type], all.len ? all.p : ": this type has no models");
}

static const struct field fields[] = {
    { "@type", K_ENUM, AT(struct controller, type), NAMES(controller_type_names), .flags = F_REQUIRED },
    { "@index", K_U32, AT(struct controller, index), .max = INT32_MAX },
    { "@model", K_ENUM, AT(struct controller, model), NAMES(controller_model_names) },
    { "@ports", K_U32, AT(struct controller, ports), .max = INT32_MAX },
    { "@vectors", K_U32, AT(struct controller, vectors), .max = INT32_MAX },
    { "@maxGrantFrames", K_U32, AT(struct controller, max_grant_frames) },
    { "@maxEventChannels", K_U32, AT(struct controller, max_event_channels) },
    { "model@name", K_ENUM, AT(struct controller, model_name), NAMES(pci_model_name_names) },
    { "target@chassisNr", K_U32, AT(struct controller, chassis_nr), .max = 255 },
    { "target@chassis", K_U32, AT(struct controller, chassis), .max = 255 },
    { "target@port", K_HEX, AT(struct controller, port), .width = 1, .max = 255 },
    { "target@busNr", K_U32, AT(struct controller, bus_nr), .max = 254 },
    { "target@index", K_U32, AT(struct controller, target_index), .max = 30 },
    { "target@hotplug", K_ONOFF, AT(struct controller, hotplug) },
    { "target/node", K_U32, AT(struct controller, node) },
    { "master@startport", K_U32, AT(struct controller, master_startport) },
    { "pcihole64", K_SIZE, AT(struct controller, pcihole64) },
    { "driver@queues", K_U32, AT(struct controller, queues) },
    { "driver@cmd_per_lun", K_U32, AT(struct controller, cmd_per_lun) },
    { "driver@max_sectors", K_U32, AT(struct controller, max_sectors) },
    { "driver@ioeventfd", K_ONOFF, AT(struct controller, ioeventfd) },
    { "driver@iothread", K_U32, AT(struct controller, iothread) },
    VIRTIO_FIELDS(struct controller, virtio),
    DEVICE_FIELDS(struct controller),
};
const struct element controller_element = {
    "controller", sizeof(struct controller), FIELDS(fields), .parsed = controller_parsed,
};
