/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_EXPAND_PRIVATE_H
#define DOMAIN_EXPAND_PRIVATE_H

#include "domain/device.h"
#include "domain/expand.h"
#include "domain/machine.h"
#include "domain/pci_address.h"

/* What the passes share. */
struct expansion {
    struct domain *d;
    const struct machine *m;
    const struct emulator_facts *f;
    struct parse *p;
    struct pci_set *pci;
    bool express;   /* bus 0 is PCI Express */
    bool dry;       /* addresses are only counted */
    LIST(struct device_info) placed; /* in a dry run: what has its place already */
    size_t n_ich9;  /* groups of ICH9 USB controllers that have a slot */
    struct {
        uint64_t index;
        struct pci_place place;
    } ich9[64];
};

/* The passes, in the order they run; false with x->p->err. */
bool expand_machine(struct expansion *x);     /* emulator, machine type, family */
bool expand_general(struct expansion *x);     /* memory, CPUs, boot, lifecycle, clock */
bool expand_cpu(struct expansion *x);
bool expand_devices(struct expansion *x);     /* defaults of each device */
bool expand_console(struct expansion *x);     /* first console and first serial are one */
bool expand_implicit(struct expansion *x);    /* devices that nobody wrote */
bool expand_controllers(struct expansion *x); /* indexes and models of those that are there */
bool expand_drives(struct expansion *x);      /* drive and ccid addresses, the first one's controller of SCSI host devices */
bool expand_machine_controllers(struct expansion *x); /* the machine's own */
bool expand_needed_controllers(struct expansion *x); /* those that addresses name */
bool expand_serial_ports(struct expansion *x); /* virtio-serial */
bool expand_bus(struct expansion *x);         /* ccw, spapr-vio, virtio-mmio */
bool expand_pci(struct expansion *x);
bool expand_usb(struct expansion *x);
bool expand_console_address(struct expansion *x);
bool expand_disk_order(struct expansion *x);

/* A device has no address yet, or only said of what type it shall be. */
bool address_wanted(const struct device_info *i, enum address_type type);
struct address *address_new(struct expansion *x, struct device_info *i, enum address_type type);

struct controller *controller_find(const struct domain *d, enum controller_type type, uint64_t index);
/* Adds one where it belongs among those of its type; returns the one that is there already if any. */
struct controller *controller_need(struct expansion *x, enum controller_type type, uint64_t index,
                                   enum controller_model model);

/* The lowest number that no spapr PCI host bridge has. */
uint64_t free_target_index(const struct expansion *x);

/* Kinds of PCI slot (domain/pci_address.h) a device needs; 0: it is no PCI device. */
unsigned pci_device_flags(const struct expansion *x, const struct device *dev);
/* A virtio device, whatever its bus. */
bool device_is_virtio(const struct device *dev);

#endif
