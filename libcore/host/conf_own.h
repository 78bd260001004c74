/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_CONF_OWN_H
#define HOST_CONF_OWN_H

#include "host/conf.h"

/* vmutils.conf, beside qemu.conf and of its form: what libvirt has no key for. */

extern const struct conf_table conf_own;

/* Where it is for r. */
const char *conf_own_path(const struct root *r, struct arena *a);

/* VMUTILS_LANDLOCK=0 in the environment: as landlock = 0, for this command alone. */
bool conf_no_landlock(void);

#endif
