/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_REPAIRER_H
#define RUN_REPAIRER_H

#include "base/err.h"
#include "host/root.h"

/* A process that undoes what starts have left, for a program that narrows itself: the remains of a start are processes
 * and changes anywhere on the host, out of the reach of who parses documents. It takes names of guests, nothing else. */
struct repairer {
    int fd; /* -1: there was nothing to repair, so that nobody is there to do it */
};

/* Before the program is narrowed. Forks only if the root has guests that were started. */
bool repairer_open(struct repairer *r, const struct root *root, struct err *e);

/* Undoes what is left of that guest, whose lock the caller holds. A guest that runs is left alone. For struct definer. */
bool repairer_ask(void *repairer, const char *name, struct notes *notes, struct err *e);

void repairer_close(struct repairer *r);

#endif
