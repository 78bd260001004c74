/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_REPAIRER_H
#define RUN_REPAIRER_H

#include "host/root.h"
#include "run/life.h"

/* Undoing what starts have left, for programs that narrow themselves: the remains are processes and changes anywhere on
 * the host, out of the reach of who parses documents and talks to QEMU. A process, forked before the program narrows
 * itself, waits for the first guest that needs it and then becomes vm-start, which has the libraries for that. It takes
 * the name of a guest and why it ended, and with them the guest's lock, which it makes sure of: who has not got the lock
 * has nothing undone; and should who asked die meanwhile, the lock stays held until the work is done. */
struct repairer {
    struct undoer by; /* for life_undo() and who calls it */
    int fd;           /* -1: there was nothing to repair, so that nobody is there to do it */
};

/* Before the program is narrowed; for those whose row has REACH_REPAIR (guard/narrow.h). Forks only if the root has guests
 * that were started; always: even so, for they may be started while the program works. */
bool repairer_open(struct repairer *r, const char *program, const struct root *root, bool always, struct err *e);

void repairer_close(struct repairer *r);

/* What vm-start does for it: serves on fd until the other end is closed. */
void repairer_serve(const struct root *root, int fd);

/* Between the two: an order comes with the descriptor of the guest's lock; the answers to it are notes and, last, how it
 * went. */
struct repair_order {
    char name[256], why[32];
};
struct repair_said {
    bool last, ok;
    struct err err; /* a note's text is here, too */
};

#endif
