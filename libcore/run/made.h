/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_MADE_H
#define RUN_MADE_H

#include "guard/guard.h"

/* What a start makes rather than finds: directories, sockets, NVRAM, the state of a TPM, profiles, control groups, which have
 * rows in the journal j, and the files of the starting program itself (monitor socket, log, lock), which have none. Adds an
 * entry for each to g, after guard_plan(). dumps: the memory of a guest that panics is written down. */
void made_add(struct guard *g, const struct journal *j, bool dumps);

#endif
