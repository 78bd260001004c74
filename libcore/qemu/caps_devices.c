/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "qemu/caps.h"

/* The properties of these are asked for when an emulator is probed. To ask for all of some 400 to 800
 * devices would take QEMU three times as long; caps-probe --device asks for any other.
 * Not virtio-gpu-gl-pci and virtio-vga-gl: where the module of the device inside them is not installed (Debian without
 * qemu-system-gui), QEMU 7.2 ends at the question ("missing object type"). */
const char *const caps_devices[] = {
    "AC97", "ES1370", "ICH9-LPC", "PIIX4_PM", "VGA", "am53c974", "bochs-display", "ccid-card-emulated",
    "ccid-card-passthru", "cfi.pflash01", "cirrus-vga", "dc390", "e1000", "e1000e", "floppy", "hda-duplex",
    "hda-micro", "hda-output", "hpet", "i2c-ddc", "i6300esb", "i8042", "i82550", "i82551", "i82557a",
    "i82557b", "i82557c", "i82558a", "i82558b", "i82559a", "i82559b", "i82559c", "i82559er", "i82562",
    "i82801", "i82801b11-bridge", "ib700", "ich9-ahci", "ich9-intel-hda", "ich9-usb-ehci1", "ide-cd", "ide-hd",
    "igb", "intel-hda", "intel-iommu", "ioh3420", "isa-debugcon", "isa-fdc", "isa-parallel", "isa-serial",
    "ivshmem-doorbell", "ivshmem-plain", "lsi53c895a", "mch", "megasas", "megasas-gen2", "mptsas1068",
    "ne2k_pci", "nec-usb-xhci", "nvdimm", "nvme", "nvme-ns", "pc-dimm", "pci-bridge", "pci-ohci", "pci-serial",
    "pcie-pci-bridge", "pcie-root-port", "pcnet", "piix3-usb-uhci", "piix4-usb-uhci", "pl011", "pvpanic",
    "pvpanic-pci", "pvscsi", "pxb", "pxb-pcie", "qemu-xhci", "qxl", "qxl-vga", "ramfb", "rtl8139", "sb16",
    "scsi-block", "scsi-cd", "scsi-generic", "scsi-hd", "sd-card", "sdhci-pci", "sga", "spapr-nvram",
    "spapr-pci-host-bridge", "spapr-rtc", "spapr-tpm-proxy", "spapr-vio-serial", "spapr-vlan", "spapr-vscsi",
    "spapr-vty", "tpm-crb", "tpm-spapr", "tpm-tis", "tpm-tis-device", "tulip", "usb-audio", "usb-ccid",
    "usb-ehci", "usb-host", "usb-hub", "usb-kbd", "usb-mouse", "usb-mtp", "usb-net", "usb-redir", "usb-serial",
    "usb-storage", "usb-tablet", "usb-uas", "usb-wacom-tablet", "vfio-ap", "vfio-ccw", "vfio-pci",
    "vhost-scsi-ccw", "vhost-scsi-pci", "vhost-user-blk-pci", "vhost-user-fs-device", "vhost-user-fs-pci",
    "vhost-user-gpu-pci", "vhost-user-scsi-pci", "vhost-user-vga", "vhost-vsock-ccw", "vhost-vsock-device",
    "vhost-vsock-pci", "virtconsole", "virtio-9p-ccw", "virtio-9p-device", "virtio-9p-pci",
    "virtio-balloon-ccw", "virtio-balloon-device", "virtio-balloon-pci", "virtio-blk-ccw", "virtio-blk-device",
    "virtio-blk-pci", "virtio-blk-pci-non-transitional", "virtio-crypto-pci", "virtio-gpu-ccw",
    "virtio-gpu-device", "virtio-gpu-pci", "virtio-input-host-pci", "virtio-iommu-pci",
    "virtio-keyboard-pci", "virtio-mem-pci", "virtio-mmio", "virtio-mouse-pci", "virtio-net-ccw",
    "virtio-net-device", "virtio-net-pci", "virtio-net-pci-non-transitional", "virtio-pmem-pci",
    "virtio-rng-ccw", "virtio-rng-device", "virtio-rng-pci", "virtio-scsi-ccw", "virtio-scsi-device",
    "virtio-scsi-pci", "virtio-serial-ccw", "virtio-serial-device", "virtio-serial-pci", "virtio-tablet-pci",
    "virtio-vga", "virtserialport", "vmcoreinfo", "vmgenid", "vmware-svga", "vmxnet3",
    "x3130-upstream", "xio3130-downstream", "zpci",
    NULL,
};

bool caps_device_is_asked(const char *device)
{
    size_t lo = 0, hi = sizeof caps_devices / sizeof *caps_devices - 1;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int d = strcmp(device, caps_devices[mid]);
        if (d == 0)
            return true;
        if (d < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return false;
}
