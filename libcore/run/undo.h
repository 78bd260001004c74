/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_UNDO_H
#define RUN_UNDO_H

#include "guard/kind.h"
#include "run/life.h"

/* Undoing what a start did by this process itself: whoever links it links every layer. */
extern const struct undoer undo_here;

/* What undoing (and doing) rows of its journal needs to know. */
struct row_context life_row_context(const struct life *l);

#endif
