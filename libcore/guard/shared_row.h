/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SHARED_ROW_H
#define GUARD_SHARED_ROW_H

#include "guard/kind.h"

/* Rows that change an object which other guests may use at the same time: what owners and labels have in common. The guests
 * are its users; the last of them gives it back. */
struct shared_row {
    const char *layer;   /* in whose name libvirt's attributes remember it (guard/memory.h) */
    bool may_be_new;     /* a row without identity is for an object that its start has made */
    /* Brings the object behind fd (O_PATH) into the wanted state. remember: with the file, too. */
    bool (*change)(const struct row *row, int fd, bool remember, struct err *e);
    /* Gives it back unless another still needs it. UNDO_LEFT: someone else has changed it since. */
    enum undo (*give_back)(const struct row *row, int fd, struct err *e);
};

/* As apply and undo of struct row_kind. */
bool shared_row_apply(const struct shared_row *s, const struct row *row, const struct row_context *c, bool remember, struct err *e);
enum undo shared_row_undo(const struct shared_row *s, const struct row *row, const struct row_context *c, struct err *e);

#endif
