/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/machine.h"

#include <string.h>

static const struct fixed_controller piix3[] = {
    { CONTROLLER_IDE, MODEL_UNSET, 1, 1 },
    { CONTROLLER_USB, MODEL_PIIX3_UHCI, 1, 2 },
};
static const struct fixed_controller ich9[] = {
    { CONTROLLER_SATA, MODEL_UNSET, 0x1f, 2 },
};
#define FIXED(a) .fixed = (a), .n_fixed = sizeof(a) / sizeof *(a)

/* The first row that fits counts. */
static const struct machine machines[] = {
    { MACHINE_Q35, "x86_64 i686", "q35 pc-q35", MODEL_PCIE_ROOT, .sata = true, .ps2 = true, .balloon = true,
      .cpu = true, .usb = MODEL_PIIX3_UHCI, .usb_added = MODEL_QEMU_XHCI, .scsi = MODEL_LSILOGIC,
      .video = VIDEO_CIRRUS, .nic = "rtl8139", .serial = TARGET_ISA_SERIAL, .serial_model = "isa-serial",
      .virtio = ADDRESS_PCI, FIXED(ich9), .taken_slot = -1, .vga_slot = 1 },
    { MACHINE_I440FX, "x86_64 i686", "pc pc-i440fx pc-0 pc-1", MODEL_PCI_ROOT, .ps2 = true, .balloon = true,
      .cpu = true, .usb = MODEL_PIIX3_UHCI, .usb_added = MODEL_PIIX3_UHCI, .scsi = MODEL_LSILOGIC,
      .video = VIDEO_CIRRUS, .nic = "rtl8139", .serial = TARGET_ISA_SERIAL, .serial_model = "isa-serial",
      .virtio = ADDRESS_PCI, FIXED(piix3), .taken_slot = 1, .vga_slot = 2 },
    { MACHINE_ISAPC, "x86_64 i686", "isapc", MODEL_UNSET, .ps2 = true, .cpu = true,
      .scsi = MODEL_LSILOGIC, .video = VIDEO_CIRRUS, .nic = "rtl8139", .serial = TARGET_ISA_SERIAL, .serial_model = "isa-serial", .virtio = ADDRESS_PCI, .taken_slot = -1 },
    { MACHINE_MICROVM, "x86_64 i686", "microvm", MODEL_UNSET, .ps2 = true, .cpu = true,
      .scsi = MODEL_VIRTIO_SCSI, .video = VIDEO_NONE, .nic = "virtio", .serial = TARGET_ISA_SERIAL,
      .serial_model = "isa-serial", .virtio = ADDRESS_VIRTIO_MMIO, .taken_slot = -1 },
    { MACHINE_PSERIES, "ppc64 ppc64le", "pseries", MODEL_PCI_ROOT, .panic = true, .balloon = true, .cpu = true,
      .usb = MODEL_QEMU_XHCI, .usb_added = MODEL_QEMU_XHCI, .scsi = MODEL_IBMVSCSI, .video = VIDEO_VGA, .nic = "rtl8139",
      .serial = TARGET_SPAPR_VIO_SERIAL, .serial_model = "spapr-vty", .virtio = ADDRESS_PCI, .taken_slot = -1 },
    { MACHINE_PPC, "ppc ppc64 ppc64le", NULL, MODEL_PCI_ROOT, .balloon = true, .usb = MODEL_PIIX3_UHCI,
      .usb_added = MODEL_PIIX3_UHCI, .scsi = MODEL_LSILOGIC, .video = VIDEO_CIRRUS, .nic = "rtl8139", .virtio = ADDRESS_PCI,
      .taken_slot = -1 },
    { MACHINE_S390, "s390x s390", "s390-ccw s390-ccw-virtio", MODEL_PCI_ROOT, .panic = true, .balloon = true,
      .cpu = true, .usb = MODEL_USB_NONE, .scsi = MODEL_VIRTIO_SCSI, .video = VIDEO_VIRTIO, .nic = "virtio",
      .serial = TARGET_SCLP_SERIAL, .serial_model = "sclpconsole", .virtio = ADDRESS_CCW, .taken_slot = -1 },
    { MACHINE_ARM_VIRT, "aarch64 armv7l armv6l", "virt", MODEL_PCIE_ROOT, .cpu = true, .usb = MODEL_QEMU_XHCI,
      .scsi = MODEL_VIRTIO_SCSI, .video = VIDEO_VIRTIO, .nic = "virtio", .serial = TARGET_SYSTEM_SERIAL,
      .serial_model = "pl011", .virtio = ADDRESS_PCI, .taken_slot = -1 },
    { MACHINE_ARM_BOARD, "aarch64 armv7l armv6l", "vexpress", MODEL_UNSET, .cpu = true, .scsi = MODEL_VIRTIO_SCSI,
      .video = VIDEO_VIRTIO, .nic = "lan9118", .virtio = ADDRESS_VIRTIO_MMIO, .taken_slot = -1 },
    { MACHINE_ARM_BOARD, "aarch64 armv7l armv6l", "versatilepb", MODEL_PCI_ROOT, .cpu = true,
      .scsi = MODEL_LSILOGIC, .video = VIDEO_VIRTIO, .nic = "smc91c111", .virtio = ADDRESS_PCI, .taken_slot = -1 },
    { MACHINE_ARM_BOARD, "aarch64 armv7l armv6l", NULL, MODEL_UNSET, .cpu = true, .scsi = MODEL_VIRTIO_SCSI,
      .video = VIDEO_VIRTIO, .nic = "lan9118", .virtio = ADDRESS_VIRTIO_MMIO, .taken_slot = -1 },
    { MACHINE_RISCV_VIRT, "riscv64 riscv32", "virt", MODEL_PCIE_ROOT, .balloon = true,
      .usb = MODEL_QEMU_XHCI, .scsi = MODEL_VIRTIO_SCSI, .video = VIDEO_VIRTIO, .nic = "virtio",
      .serial = TARGET_SYSTEM_SERIAL, .serial_model = "16550a", .virtio = ADDRESS_PCI, .taken_slot = -1 },
    { MACHINE_SPARC, "sparc", NULL, MODEL_UNSET, .scsi = MODEL_NCR53C90, .video = VIDEO_CIRRUS, .nic = "rtl8139",
      .taken_slot = -1 },
    { MACHINE_GENERIC, "x86_64 i686", NULL, MODEL_UNSET, .ps2 = true, .balloon = true, .cpu = true,
      .scsi = MODEL_LSILOGIC, .video = VIDEO_CIRRUS, .nic = "rtl8139", .serial = TARGET_ISA_SERIAL,
      .serial_model = "isa-serial", .virtio = ADDRESS_PCI, .taken_slot = -1 },
    { MACHINE_GENERIC, NULL, NULL, MODEL_PCI_ROOT, .balloon = true, .usb = MODEL_PIIX3_UHCI, .usb_added = MODEL_PIIX3_UHCI,
      .scsi = MODEL_LSILOGIC, .video = VIDEO_CIRRUS, .nic = "rtl8139", .virtio = ADDRESS_PCI, .taken_slot = -1 },
};

/* A word of list is name, or name goes on with '-' or '.' after it. */
static bool word_match(const char *list, const char *name, bool prefix)
{
    while (*list) {
        size_t n = strcspn(list, " ");
        if (strncmp(list, name, n) == 0 && (name[n] == '\0' || (prefix && (name[n] == '-' || name[n] == '.'))))
            return true;
        list += n + strspn(list + n, " ");
    }
    return false;
}

bool word_in(const char *list, const char *word)
{
    return word && word_match(list, word, false);
}

const struct machine *machine_of(const char *arch, const char *machine)
{
    const struct machine *m = machines;
    while ((m->arches && !word_in(m->arches, arch)) ||
           (m->prefixes && !(machine && word_match(m->prefixes, machine, true))))
        m++;
    return m;
}
