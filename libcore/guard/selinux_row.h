/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SELINUX_ROW_H
#define GUARD_SELINUX_ROW_H

#include <stdbool.h>

#include "base/err.h"

/* What planning and carrying out of labels share. */

enum { SELINUX_TEXT = 1024 };
#define SELINUX_NONE "none" /* an object without the attribute */
#define SELINUX_NEW "new"   /* before: the object is made by the same start, and goes with it */

/* A row's state: a label, and for how many users the object remembers what it was first (0: not at all). */
struct selinux_state {
    char label[SELINUX_TEXT]; /* "none": it has none */
    bool bare;                /* the attribute has no final NUL */
    unsigned remembered;
};

/* In a row: "bare:CONTEXT", "CONTEXT", "none", each with "#COUNT" behind it where count is not 0. */
void selinux_state_text(const struct selinux_state *s, char out[SELINUX_TEXT + 32]);
bool selinux_state_read(const char *text, struct selinux_state *s);

/* The label of an object behind a descriptor, which may be O_PATH. False with errno (ENOTSUP: nothing there has labels). */
bool selinux_look(int fd, struct selinux_state *s);

/* The file of claims by which users of labelled objects are counted (store/users.h). A name with a dot is not swept. */
#define SELINUX_USERS ".labelled"

#endif
