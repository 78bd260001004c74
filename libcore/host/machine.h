/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_MACHINE_H
#define HOST_MACHINE_H

#include <stdbool.h>

#include "base/err.h"
#include "host/root.h"

/* Which machine this is and which boot of it: /etc/machine-id (where there is none, the host's name) and
 * /proc/sys/kernel/random/boot_id. In an embed root, and only there, $VMUTILS_SYSROOT names a directory below
 * which both files are looked for first: a root that moves between hosts can so be tried on one. */
/* What stands in place of / in an embed root under test: $VMUTILS_SYSROOT if it is absolute. NULL: the real one. */
const char *root_sysroot(const struct root *r);

bool machine_ids(const struct root *r, char machine[64], char boot[64], struct err *e);

#endif
