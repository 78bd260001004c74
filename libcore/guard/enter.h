/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_ENTER_H
#define GUARD_ENTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "guard/cgroup_enter.h"
#include "guard/landlock.h"
#include "guard/limits.h"
#include "guard/mounts.h"
#include "guard/privileges.h"
#include "guard/sockets.h"

/* What a process takes on before it becomes QEMU. The layers fill it in the process that starts the guest; the
 * child carries it out after its fork. */

enum { ENTER_FDS = 24 };

/* Contexts of SELinux; label NULL: the process keeps what the policy gives it. */
struct enter_selinux {
    const char *label;  /* of the process */
    const char *image;  /* of files that are its own */
    const char *shared; /* of files that any guest may have, such as claims */
};

struct enter {
    struct enter_cgroup cgroup;
    struct enter_mounts mounts;
    struct enter_limits limits;
    struct enter_selinux selinux;
    struct enter_user user;
    const char *apparmor; /* profile; NULL: none */
    bool apparmor_kept;   /* it is someone else's, loaded already: no start loads it anew */
    const char *tainted; /* "high-privileges": why this guest is less safe than it could be; NULL */
    struct enter_landlock landlock;
    struct enter_sockets sockets;
    /* Descriptors that the steps use, from guard_prepare to exec; the child keeps them, at numbers of its own. */
    size_t n_fds;
    int fds[ENTER_FDS];
};

/* What can only be made once the rows of the journal are done, and had better be made where an error can be told: rulesets,
 * filters, mounts that are attached nowhere yet. */
bool guard_prepare(struct enter *x, struct notes *notes, struct err *e);
/* How the process is confined, as attributes of live.xml's <domstatus>: " landlock='7' sockets='denied'". */
const char *guard_attributes(const struct enter *x, struct arena *a);
/* Closes what that has opened. */
void guard_release(struct enter *x);

/* A label is taken on at exec (SELinux, AppArmor): no_new_privs would forbid it. */
bool enter_takes_label(const struct enter *x);

/* For steps: fd is among x->fds from now on; *at is its place there, counted from 1. Closed on failure. */
bool enter_hold(struct enter *x, int fd, size_t *at, struct err *e);

/* Takes it all on, in an order that has its reasons (vm-confinement(7)). False: errno, and *what says which step
 * failed; the process is fit for nothing but to exit. */
bool guard_enter(const struct enter *x, const char **what);

/* The steps that have no header of their own. */
bool selinux_enter(const struct enter_selinux *x);

#endif
