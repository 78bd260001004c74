/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SELINUX_ROW_H
#define GUARD_SELINUX_ROW_H

#include <stdbool.h>

#include "base/err.h"
#include "guard/kind.h"

/* What planning and carrying out of labels share. */

enum { SELINUX_TEXT = 1024 };
#define SELINUX_NONE "none" /* an object without the attribute */
#define SELINUX_NEW "new"   /* before: the object is made by the same start, and goes with it */

/* A row's state. */
struct selinux_state {
    char label[SELINUX_TEXT];
    bool bare; /* the attribute has no final NUL: "bare:CONTEXT" in a row */
};

void selinux_state_text(const struct selinux_state *s, char out[SELINUX_TEXT + 8]);
void selinux_state_read(const char *text, struct selinux_state *s);

/* The label of an object behind a descriptor, which may be O_PATH. False with errno (ENOTSUP: nothing there has labels). */
bool selinux_look(int fd, struct selinux_state *s);

/* Gives it that label. False with errno. */
bool selinux_set(int fd, const struct selinux_state *s);

/* Of kind "labels": a directory with the files in it, of which more may have come and some gone by the time of undoing. */
bool selinux_apply_all(const struct row *row, const struct row_context *c, struct err *e);
enum undo selinux_undo_all(const struct row *row, const struct row_context *c, struct err *e);

#endif
