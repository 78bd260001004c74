/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_SMBIOS_H
#define RUN_PLAN_SMBIOS_H

#include "base/arena.h"
#include "base/err.h"
#include "domain/os.h"

/* What this host's firmware says of itself, as <sysinfo>: what a guest with <smbios mode='host'> is told, too. The host's
 * own UUID is left out, as libvirt does: the guest has one. Serial numbers are root's to read. sysroot: in place of /, NULL: none. In a.
 * NULL with ST_NOENT where the kernel has no such tables. */
const struct sysinfo *plan_smbios(struct arena *a, const char *sysroot, struct err *e);

#endif
