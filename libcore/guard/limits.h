/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_LIMITS_H
#define GUARD_LIMITS_H

#include <stdbool.h>
#include <sys/resource.h>

#include "base/err.h"

/* Limits of QEMU's process: max_processes, max_files, max_core, dump_guest_core and max_locked_memory of qemu.conf, and
 * the locked memory that a domain needs by itself. */

struct guard;

struct enter_limit {
    int which; /* RLIMIT_* */
    rlim_t value;
};

struct enter_limits {
    size_t n;
    struct enter_limit v[4];
};

bool limits_layer(struct guard *g, struct err *e);
bool limits_enter(const struct enter_limits *l);

#endif
