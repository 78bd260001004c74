/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_KIND_H
#define GUARD_KIND_H

#include <stdbool.h>

#include "base/err.h"
#include "host/root.h"
#include "store/journal.h"

/* A kind of row of the journal: how it is done and undone. Each layer has an array of its own, which ends with a
 * kind without a name; run/rows.c joins them. */

struct row_context {
    const struct root *root;
    const char *guest;
    int claims;      /* directory of claims */
    int dir;         /* the guest's directory, which has the journal */
    bool same_boot;  /* as the journal; device numbers, cgroups and what a kernel holds mean nothing after another */
};

enum undo {
    UNDO_DONE,   /* or there was nothing to do */
    UNDO_LEFT,   /* someone else changed it since: e says what it is now; the journal may go */
    UNDO_FAILED, /* e says why; the journal stays */
};

struct row_kind {
    const char *name;
    /* Does the row. The object must be the one that was planned for (identity), in the state that was seen. */
    bool (*apply)(const struct row *row, const struct row_context *c, struct err *e);
    /* Undoes it; more than once, and after a death in the midst of either, with the same outcome. */
    enum undo (*undo)(const struct row *row, const struct row_context *c, struct err *e);
};

#endif
