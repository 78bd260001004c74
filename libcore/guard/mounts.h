/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_MOUNTS_H
#define GUARD_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* A mount namespace of the guest's own. Started by root (namespaces = ["mount"] of qemu.conf, which is built in): a /dev
 * that has the nodes of its device rules (guard/devices.h) and no others. For a guest that makes sockets of its own:
 * directories with the sockets of others are empty in it; an ordinary user takes a user namespace for that. */

struct guard;
struct enter;

struct kept_mount {
    size_t fd; /* place among enter.fds, counted from 1 */
    const char *path;
};

struct enter_mounts {
    bool dev;       /* a private /dev is wanted */
    bool asked;     /* ...by qemu.conf itself: without it there is no start */
    bool own_users; /* in a user namespace */
    bool hides_monitors;
    LIST(const char) nodes;  /* paths below /dev */
    LIST(const char) hidden; /* directories that are to be empty */
    size_t dev_fd;           /* place of the new /dev among enter.fds, counted from 1; 0: none */
    LIST(struct kept_mount) kept; /* what is mounted below /dev stays there */
    struct arena *arena;
};

bool mounts_layer(struct guard *g, struct err *e);

/* Makes the new /dev, attached nowhere yet: it goes with its last descriptor. */
bool mounts_prepare(struct enter *x, struct notes *notes, struct err *e);

/* In the child. */
bool mounts_enter(const struct enter *x);

#endif
