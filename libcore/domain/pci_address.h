/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_PCI_ADDRESS_H
#define DOMAIN_PCI_ADDRESS_H

#include "base/arena.h"
#include "base/err.h"
#include "domain/controller.h"

/* Slots and functions of a guest's PCI buses: which are taken, what each bus accepts, where the next
 * device goes. The rules are those of the reference, so that a document keeps its guest ABI. */

/* What a device is; what a bus takes. */
enum {
    PCI_CONVENTIONAL = 1 << 0,
    PCI_EXPRESS = 1 << 1,
    PCI_TAKES_ROOT_PORT = 1 << 2,
    PCI_TAKES_UPSTREAM = 1 << 3,
    PCI_TAKES_DOWNSTREAM = 1 << 4,
    PCI_TAKES_DMI_BRIDGE = 1 << 5,
    PCI_TAKES_PCIE_BRIDGE = 1 << 6,
    PCI_TAKES_EXPANDER = 1 << 7,
    PCI_TAKES_PCIE_EXPANDER = 1 << 8,
    PCI_TAKES_BRIDGE = 1 << 9,
    PCI_KINDS = (1 << 10) - 1,
    PCI_AUTO = 1 << 10,      /* bus: takes devices that nobody placed; device: shall go to such a bus */
    PCI_AGGREGATE = 1 << 11, /* several such devices may share the functions of one slot */
};

struct pci_slot {
    unsigned char functions; /* bit per function taken */
    bool aggregate;          /* all functions taken belong to devices that share */
};

struct pci_bus {
    enum controller_model model; /* MODEL_UNSET: no controller with that index yet */
    unsigned flags, min_slot, max_slot;
    long group; /* isolation group of what hangs here: 0 is the common one */
    bool group_locked;
    struct pci_slot slots[32];
};

struct pci_set {
    struct arena *arena;
    size_t n;
    struct pci_bus *buses;
    bool may_grow;       /* add buses when none has room (the dry run that counts them) */
    bool multiple_roots; /* pseries: a new conventional bus is another pci-root */
};

struct pci_place {
    unsigned bus, slot, function;
};

enum { PCI_MAX_BUSES = 256, PCI_ANY_FUNCTION = -1 };

/* What a controller of that model offers to devices below it; 0: nothing. */
unsigned pci_bus_flags(enum controller_model model);
/* What a controller of that model needs above it; 0: nothing (roots). */
unsigned pci_controller_flags(enum controller_model model);

/* n buses without a model. */
struct pci_set *pci_set_new(struct arena *a, size_t n);
/* Gives bus index its model. False with err (double index, not a PCI controller's model). */
bool pci_set_bus(struct pci_set *s, size_t index, enum controller_model model, struct err *e);

/* Takes the function at place for a device with flags. from_config: the user wrote it down, so
 * conventional and express mix, and any bus will do. False with err, naming the address. */
bool pci_reserve(struct pci_set *s, struct pci_place place, unsigned flags, bool from_config, long group, struct err *e);
/* Takes all of a slot, whatever the bus accepts. */
void pci_reserve_slot(struct pci_set *s, struct pci_place place);
bool pci_slot_used(const struct pci_set *s, struct pci_place place);

/* Finds and takes the first free place for a device with flags; function: the one wanted, or
 * PCI_ANY_FUNCTION. Adds buses if the set may grow. False with err when there is no room. */
bool pci_reserve_next(struct pci_set *s, unsigned flags, int function, long group, struct pci_place *place,
                      struct err *e);

#endif
