/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_NODES_H
#define GUARD_NODES_H

#include "base/err.h"
#include "domain/domain.h"
#include "domain/hostdev.h"

/* The device nodes below /dev through which QEMU reaches a device of the host, as sysfs tells them now. */
struct nodes {
    LIST(const char) path;
};

/* Nodes of a host device: the USB device's, the VFIO container and the group of a PCI or mediated device, the generic
 * node of a SCSI one. sysroot stands in place of / for what sysfs says (NULL: none). What cannot be found becomes a note
 * that begins with why ("host device 0"); no error, since the device may be plugged in until the guest starts. */
void nodes_of_hostdev(const struct hostdev *h, const char *sysroot, const char *why, struct arena *a, struct nodes *n,
                      struct notes *notes);

/* USB devices of that vendor and product that are plugged in: how many there are, and where the first max of them are. */
struct usb_place {
    unsigned bus, device;
};
size_t nodes_find_usb(const char *sysroot, unsigned vendor, unsigned product, struct usb_place *at, size_t max);

/* The VFIO nodes of the PCI device at address. */
void nodes_of_pci(const struct address *address, const char *sysroot, const char *why, struct arena *a, struct nodes *n,
                  struct notes *notes);

#endif
