/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_LANDLOCK_H
#define GUARD_LANDLOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "guard/ruleset.h"
#include "store/journal.h"

/* Landlock: QEMU opens the guest's own files and what it needs itself (guard/needs.h), and nothing else of its user's. */

struct guard;
struct guard_helper;
struct enter;

struct landlock_rule {
    const char *path;
    uint64_t access; /* LL_* */
    const char *why; /* "disk vda" */
    const char *socket; /* that QEMU binds in path: one left over by another is removed, as QEMU would; NULL: none */
    bool create;     /* a file that QEMU would make: it is made empty, as QEMU's user, for it to be named in a rule */
    bool own;        /* named by the domain: it lies where others may put something else in its place */
    struct identity id; /* of what the plan found there */
};
struct landlock_port {
    uint16_t port;
    uint64_t net;
};

struct enter_landlock {
    int abi; /* of the kernel; 0: the guest runs without Landlock */
    struct ruleset_wants wants;
    LIST(struct landlock_rule) rules;
    LIST(struct landlock_port) ports;
    uid_t uid; /* QEMU's: what root may not look up, it may */
    gid_t gid;
    bool privileged;
    size_t fd; /* its ruleset in enter.fds, counted from 1; 0: none */
};

/* The domain's rules, as entries and in g->enter. Switched off by landlock = 0 in vmutils.conf beside qemu.conf, or by
 * VMUTILS_LANDLOCK=0 in the environment. A kernel without it is a note, never an error. */
bool landlock_layer(struct guard *g, struct err *e);

/* The same for a program that serves QEMU: its own state, what it needs itself, and no network. */
bool landlock_helper(struct guard *g, struct guard_helper *h, struct err *e);

/* Once the guest's files are there: makes the ruleset. */
bool landlock_prepare(struct enter *x, struct notes *notes, struct err *e);

/* In the child. */
bool landlock_enter(const struct enter *x);

/* "read write truncate": access in words. */
const char *landlock_words(struct arena *a, uint64_t access);

#endif
