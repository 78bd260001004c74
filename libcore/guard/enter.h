/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_ENTER_H
#define GUARD_ENTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "guard/cgroup_enter.h"

/* What a process takes on before it becomes QEMU. The layers fill it in the process that starts the guest; the
 * child carries it out after its fork. */

/* Whom it becomes. change=false: it stays what the caller is. */
struct enter_user {
    bool change;
    uid_t uid;
    gid_t gid;
};

struct enter_limits {
    bool core_zero;                             /* no core dumps */
    unsigned long long files, processes, core;  /* 0: as they are */
};

/* Contexts of SELinux; label NULL: the process keeps what the policy gives it. */
struct enter_selinux {
    const char *label;  /* of the process */
    const char *image;  /* of files that are its own */
    const char *shared; /* of files that any guest may have, such as claims */
};

struct enter {
    struct enter_cgroup cgroup;
    struct enter_limits limits;
    struct enter_selinux selinux;
    struct enter_user user;
    const char *apparmor; /* profile; NULL: none */
};

/* Takes it all on, in an order that has its reasons (vm-confinement(7)). False: errno, and *what says which step
 * failed; the process is fit for nothing but to exit. */
bool guard_enter(const struct enter *x, const char **what);

/* The steps. */
bool limits_enter(const struct enter_limits *l);
bool selinux_enter(const struct enter_selinux *x);
bool user_enter(const struct enter_user *u);

#endif
