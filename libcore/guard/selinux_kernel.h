/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SELINUX_KERNEL_H
#define GUARD_SELINUX_KERNEL_H

#include <stdbool.h>

#include "base/arena.h"

/* What the running policy says. Where the kernel has no SELinux it forbids nothing. */

bool selinux_at_work(void); /* in this kernel */
bool selinux_enforcing(void);

/* Context of the calling process, NULL without SELinux. */
const char *selinux_own(struct arena *a);

/* Whether the policy, its constraints included, lets subject do perm to an object of that class. */
bool selinux_allows(const char *subject, const char *object, const char *class, const char *perm);

/* Boolean of the policy: 1 on, 0 off, -1: it has none of that name. */
int selinux_boolean(const char *name);

/* Whether the context is one that the running policy has. */
bool selinux_valid(const char *context);

#endif
