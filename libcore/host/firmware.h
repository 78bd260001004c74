/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_FIRMWARE_H
#define HOST_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* Firmware that the host offers, from the descriptors that QEMU's firmware.json specifies: *.json in
 * /usr/share/qemu/firmware, /etc/qemu/firmware and, for users, $XDG_CONFIG_HOME/qemu/firmware. A later directory's file
 * replaces one of the same name (an empty one hides it); the order is that of names, which is the order of preference. */
enum firmware_device { FIRMWARE_FLASH, FIRMWARE_MEMORY, FIRMWARE_KERNEL };

struct firmware_target {
    const char *arch;             /* QEMU's target name: x86_64, i386, aarch64 */
    LIST(const char) machines;    /* patterns as of fnmatch: pc-q35-* */
};
struct firmware {
    const char *file;             /* the descriptor */
    enum firmware_device device;
    const char *path;             /* code */
    const char *path_format;      /* raw, qcow2; NULL */
    const char *nvram_template, *nvram_format; /* NULL */
    bool uefi, bios;
    bool secure_boot, enrolled_keys, requires_smm, acpi_s3, acpi_s4, amd_sev, amd_sev_es, verbose_static, verbose_dynamic;
    LIST(struct firmware_target) targets;
};
struct firmwares {
    LIST(struct firmware) list;
};

/* sysroot stands in place of / (NULL or "": none). A descriptor that cannot be understood is noted and left out. */
void firmware_find(struct arena *a, const char *sysroot, struct firmwares *found, struct notes *notes);
/* It is for that target and canonical machine name. */
bool firmware_fits(const struct firmware *f, const char *target, const char *machine);

#endif
