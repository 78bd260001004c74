/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_FIRMWARE_H
#define RUN_FIRMWARE_H

#include "domain/domain.h"
#include "host/firmware.h"

/* <os firmware='efi'>: choosing among the firmware that the host offers, at each start, as libvirt does; and
 * where the variables of a guest stand. Plain data, so that it can be asked of another process. */
struct firmware_wish {
    bool uefi;                /* else BIOS */
    char target[32];          /* QEMU's name of the architecture */
    char machine[128];        /* canonical machine type */
    enum tri secure_boot, enrolled_keys; /* unset: either */
    bool no_smm;              /* SMM is switched off: what needs it is passed over */
    bool stateless;
};

struct firmware_choice {
    char path[512];
    char nvram_template[512]; /* "": the firmware keeps no variables */
    bool flash, requires_smm;
};

/* The domain asks for a firmware to be chosen and names none. */
bool firmware_wanted(const struct domain *d);
/* What it asks for; the machine type must be the canonical one (after domain_expand). */
bool firmware_wish(const struct domain *d, struct firmware_wish *w, struct err *e);
/* The first that fits, which is the preferred one. False with err that says what was looked for. */
bool firmware_choose(const struct firmwares *all, const struct firmware_wish *w, struct firmware_choice *c, struct err *e);
/* Writes the choice into the domain's <os> and <features>, for argv_build; texts from a. */
void firmware_apply(struct domain *d, const struct firmware_choice *c, struct arena *a);

/* Gives a domain with a read-only flash loader that keeps variables the path where libvirt puts them,
 * NVRAM_DIR/NAME_VARS.fd, unless it has one. */
void firmware_nvram(struct domain *d, const char *nvram_dir, struct arena *a);

/* Where the variables of a guest are, as its starts have it: firmware_nvram, also while no firmware is chosen. NULL: it has
 * none, or none in a file. */
const char *firmware_nvram_of(struct domain *d, const char *nvram_dir, struct arena *a);

#endif
