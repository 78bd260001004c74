/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_CONTROLLER_H
#define DOMAIN_CONTROLLER_H

#include "domain/domain.h"
#include "domain/virtio.h"

enum controller_type {
    CONTROLLER_UNSET,
    CONTROLLER_IDE,
    CONTROLLER_FDC,
    CONTROLLER_SCSI,
    CONTROLLER_SATA,
    CONTROLLER_VIRTIO_SERIAL,
    CONTROLLER_CCID,
    CONTROLLER_USB,
    CONTROLLER_PCI,
    CONTROLLER_XENBUS,
    CONTROLLER_ISA,
};
extern const char *const controller_type_names[11];

/* Models of all types; which type may have which is checked when one is read. */
enum controller_model {
    MODEL_UNSET,
    MODEL_PCI_ROOT,
    MODEL_PCIE_ROOT,
    MODEL_PCI_BRIDGE,
    MODEL_DMI_TO_PCI_BRIDGE,
    MODEL_PCIE_TO_PCI_BRIDGE,
    MODEL_PCIE_ROOT_PORT,
    MODEL_PCIE_SWITCH_UPSTREAM,
    MODEL_PCIE_SWITCH_DOWNSTREAM,
    MODEL_PCI_EXPANDER_BUS,
    MODEL_PCIE_EXPANDER_BUS,
    MODEL_SCSI_AUTO,
    MODEL_BUSLOGIC,
    MODEL_LSILOGIC,
    MODEL_LSISAS1068,
    MODEL_VMPVSCSI,
    MODEL_IBMVSCSI,
    MODEL_VIRTIO_SCSI,
    MODEL_LSISAS1078,
    MODEL_NCR53C90,
    MODEL_DC390,
    MODEL_AM53C974,
    MODEL_VIRTIO,                  /* virtio-serial */
    MODEL_VIRTIO_TRANSITIONAL,     /* scsi, virtio-serial */
    MODEL_VIRTIO_NON_TRANSITIONAL,
    MODEL_PIIX3_UHCI,
    MODEL_PIIX4_UHCI,
    MODEL_EHCI,
    MODEL_ICH9_EHCI1,
    MODEL_ICH9_UHCI1,
    MODEL_ICH9_UHCI2,
    MODEL_ICH9_UHCI3,
    MODEL_VT82C686B_UHCI,
    MODEL_PCI_OHCI,
    MODEL_NEC_XHCI,
    MODEL_QUSB1,
    MODEL_QUSB2,
    MODEL_QEMU_XHCI,
    MODEL_USB_NONE,
    MODEL_PIIX3,
    MODEL_PIIX4,
    MODEL_ICH6,
    MODEL_COUNT,
};
extern const char *const controller_model_names[MODEL_COUNT];

/* <model name=>: the device behind a PCI controller's model. */
enum pci_model_name {
    PCI_NAME_UNSET,
    PCI_NAME_SPAPR_PHB,
    PCI_NAME_PCI_BRIDGE,
    PCI_NAME_I82801B11,
    PCI_NAME_PCIE_PCI_BRIDGE,
    PCI_NAME_IOH3420,
    PCI_NAME_PCIE_ROOT_PORT,
    PCI_NAME_X3130_UPSTREAM,
    PCI_NAME_XIO3130_DOWNSTREAM,
    PCI_NAME_PXB,
    PCI_NAME_PXB_PCIE,
};
extern const char *const pci_model_name_names[11];

struct controller {
    struct meta meta;
    enum controller_type type;
    struct num index;
    enum controller_model model;
    struct num ports, vectors;                       /* usb, virtio-serial */
    struct num max_grant_frames, max_event_channels; /* xenbus */
    struct num queues, cmd_per_lun, max_sectors;     /* driver */
    enum tri ioeventfd;
    struct num iothread;
    struct virtio_options virtio;
    struct num master_startport; /* usb companions */
    struct num pcihole64;        /* KiB */
    /* pci */
    enum pci_model_name model_name;
    struct num chassis_nr, chassis, port, bus_nr, target_index;
    enum tri hotplug;
    struct num node;
    struct device_info info;
};
extern const struct element controller_element;

/* pci-root and pcie-root: there from the start, no device of their own. */
static inline bool controller_is_root(const struct controller *c)
{
    return c->type == CONTROLLER_PCI && (c->model == MODEL_PCI_ROOT || c->model == MODEL_PCIE_ROOT);
}

#endif
