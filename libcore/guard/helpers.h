/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_HELPERS_H
#define GUARD_HELPERS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "guard/enter.h"
#include "guard/needs.h"

/* Programs that serve a guest's QEMU (swtpm, qemu-pr-helper), as the layers see them: confined like it, and to less. */

struct guard;

struct guard_helper {
    /* What is asked; texts live as long as the guard. */
    const char *name;             /* "swtpm": in messages, and before the why of its entries */
    const char *path;
    const char *state;            /* directory that is its own; NULL: it has none */
    const char *state_why;        /* "TPM state" */
    bool state_new;               /* made by a row of this start */
    unsigned needs;               /* NEED_HELPER and others: what it opens besides */
    const char *outside;          /* why it cannot run under the labels of a guest; NULL: it can */
    bool unix_sockets;            /* it makes sockets of its own */
    struct enter_user user;

    /* What comes out. Control groups are QEMU's, which are known when they are made. */
    struct enter enter;
    const char *socket_label;     /* SELinux: of the socket that it serves; NULL: none */
};

/* After all other layers: what each of g->helpers takes on. */
bool helpers_layer(struct guard *g, struct err *e);

/* Like guard_prepare. */
bool guard_prepare_helper(struct guard_helper *h, struct notes *notes, struct err *e);

#endif
