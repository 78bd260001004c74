/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_MACHINE_H
#define DOMAIN_MACHINE_H

#include "domain/chardev.h"
#include "domain/controller.h"
#include "domain/video.h"

/* What machines are made of before any device is added, as data: one row per family of machine types.
 * A machine that no row names is taken for a board of which only a PCI bus is known. */

enum machine_family {
    MACHINE_GENERIC,
    MACHINE_I440FX,
    MACHINE_Q35,
    MACHINE_ISAPC,
    MACHINE_MICROVM,
    MACHINE_PSERIES,
    MACHINE_PPC,
    MACHINE_S390,
    MACHINE_ARM_VIRT,
    MACHINE_ARM_BOARD,
    MACHINE_RISCV_VIRT,
    MACHINE_SPARC,
};

/* A controller that the chipset has at a fixed address; others are refused there. */
struct fixed_controller {
    enum controller_type type;
    enum controller_model model; /* MODEL_UNSET: whatever model */
    unsigned slot, function;
};

struct machine {
    enum machine_family family;
    const char *arches;   /* "x86_64 i686"; NULL: any */
    const char *prefixes; /* "pc pc-i440fx": the type itself or followed by '-'; NULL: any */
    enum controller_model root; /* MODEL_UNSET: no PCI */
    bool sata, panic, ps2, balloon, cpu;
    enum controller_model usb;       /* model of <controller type='usb'> without one */
    enum controller_model usb_added; /* the one that is there unless the document says otherwise */
    enum controller_model scsi;
    enum video_model video;
    const char *nic;
    enum chardev_target serial;
    const char *serial_model;
    enum address_type virtio; /* how virtio devices are attached */
    const struct fixed_controller *fixed;
    size_t n_fixed;
    int taken_slot;    /* all of it is the chipset's, -1 */
    unsigned vga_slot; /* where the first video card goes if it can, 0: anywhere */
};

/* Never NULL. */
const struct machine *machine_of(const char *arch, const char *machine);

/* word is one of the words in list, which blanks separate. */
bool word_in(const char *list, const char *word);

static inline bool arch_is_x86(const char *arch)
{
    return streq(arch, "x86_64") || streq(arch, "i686");
}

#endif
