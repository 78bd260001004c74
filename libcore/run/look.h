/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_LOOK_H
#define RUN_LOOK_H

#include "store/guest.h"

/* A guest as a reader watches it: its directory, its state and a pidfd of its process. Nothing is locked or
 * repaired. */
struct look {
    const struct root *root;
    const char *name;
    int dir;   /* lib/vmutils/NAME, -1 if it has none (now) */
    int pidfd; /* of QEMU while it is active, -1 where it cannot be seen from here (and when it is off) */
    struct guest_status s;
};

/* Finds the guest that word means (guest_find, by) and looks. root and a must outlive l. look_close() after success. */
bool look_open(struct look *l, const struct root *root, struct arena *a, const char *word,
               enum guest_by by, struct err *e);

/* Looks again; a guest that is gone altogether (a transient one) is GUEST_OFF. */
bool look_again(struct look *l, struct err *e);

void look_close(struct look *l);

/* True if the guest runs here and by us (starting: one that is about to is also right); else ST_STATE, or ST_BUSY for
 * one that runs on another host, saying what it is. */
bool look_need_on(const struct look *l, bool starting, struct err *e);

#endif
