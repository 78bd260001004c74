/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_EDIT_H
#define RUN_EDIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "host/root.h"

/* Editing a definition as visudo and virsh do: a copy in a file of the user's own, checked before it counts,
 * offered again while it is refused, never thrown away. */
struct editor;
struct undoer;
enum edit_answer { EDIT_AGAIN, EDIT_LEAVE, EDIT_FORCE };

struct edit {
    struct arena *arena;
    const struct root *root;
    struct notes *notes;
    bool strict;
    long long wait_ms;
    const struct editor *editor;
    const struct undoer *by; /* of what a start has left */
    /* Asked when the text was refused. changed: because someone else changed the definition meanwhile; only then
     * EDIT_FORCE stores it. */
    enum edit_answer (*ask)(void *data, bool changed, const struct err *e);
    void *data;
    bool stored; /* result: false with success means that the text was left as it was */
};

/* Runs the editor on the definition of name. False with e, which then says where the text is. */
bool edit_guest(struct edit *x, const char *name, struct err *e);

#endif
