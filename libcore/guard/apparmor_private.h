/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_APPARMOR_PRIVATE_H
#define GUARD_APPARMOR_PRIVATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/* What the files of the AppArmor layer share. sysroot: in place of /, NULL for the real one. */

#define APPARMOR_DIR "/etc/apparmor.d/libvirt"
#define APPARMOR_FS  "/sys/kernel/security/apparmor"

/* apparmor_parser: below the sysroot where it has one, else the host's. NULL: not installed. */
const char *apparmor_parser(const char *sysroot, struct arena *a);

/* Whether the kernel has a profile of that name. False with e where the list of profiles cannot be read. */
bool apparmor_loaded(const char *sysroot, const char *name, bool *loaded, struct err *e);

#endif
