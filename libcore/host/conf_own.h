/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_CONF_OWN_H
#define HOST_CONF_OWN_H

#include "host/conf.h"

/* vmutils.conf, beside qemu.conf and of its form: what libvirt has no key for. */

/* Reads path; a file that is not there is an empty one. Unknown keys become notes; a value of the wrong type or range is an
 * error with file:line. */
bool conf_read_own(struct conf *c, struct arena *a, const char *path, struct notes *notes, struct err *e);

/* The value of a key; what is built in where the file is silent. */
long long conf_own_number(const struct conf *c, const char *key);

#endif
