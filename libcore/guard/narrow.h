/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_NARROW_H
#define GUARD_NARROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "host/root.h"

/* What the programs themselves may do once their options are read: one row for each, printed in vmutils(7). Whatever
 * a document, a state file or a monitor makes of a program, it goes no further than its row. */
enum reach {
    REACH_READ = 0,       /* read files, write to the descriptors that it has: what every program may */
    REACH_NAMES = 1 << 0, /* ask for users and groups, which may take a socket of the host's name service */
    REACH_TALK = 1 << 1,  /* connect to monitors and consoles, and leave lock files beside them */
    REACH_RUN = 1 << 2,   /* run emulators to ask them, keep what they said, use the directory of temporary files */
    REACH_STORE = 1 << 3, /* change definitions, and nothing outside of the root's directories */
    REACH_ALL = 1 << 4,   /* run guests, or programs of the user: not narrowed */
};

struct reach_row {
    const char *program;
    unsigned reach;
    const char *except; /* what makes it REACH_ALL: "--nvram"; NULL: nothing does */
};
extern const struct reach_row reach_rows[]; /* ends with a NULL program */
extern const char *const reach_names[5];    /* of the bits, from REACH_NAMES on */

/* Narrows the calling process to its row, for good, by Landlock and a seccomp filter. r: the root whose directories it
 * may change, NULL: none. Where the kernel has one of the two only, that one does what it can; a program runs on without both. */
bool narrow(const char *program, const struct root *r, struct err *e);

#endif
