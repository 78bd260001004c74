/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_USER_NAMESPACE_H
#define GUARD_USER_NAMESPACE_H

#include <stdbool.h>

/* A user namespace in which the caller has its own user and group, and a mount namespace that belongs to it: an ordinary user's
 * means to mount. False: errno; the process may be in a state in between. */
bool user_namespace_enter(void);

/* Does that work here? A child tries, once in a process; kernels and AppArmor profiles may forbid it, and so does narrow(): a
 * program that narrows itself asks before. */
bool user_namespace_works(void);

#endif
