/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_NARROW_H
#define GUARD_NARROW_H

#include <stdbool.h>

#include "base/err.h"
#include "host/root.h"

/* What the programs themselves may do once their options are read: one row for each, printed in vmutils(7). Whatever
 * a document, a state file or a monitor makes of a program, it goes no further than its row. */
enum reach {
    REACH_READ = 0,         /* read files, write to the descriptors that it has: what every program may */
    REACH_NAMES = 1 << 0,   /* ask for users and groups, which may take a socket of the host's name service */
    REACH_TALK = 1 << 1,    /* connect to monitors and consoles, signal, change state and claims, which have locks in them */
    REACH_RUN = 1 << 2,     /* run emulators to ask them, keep what they said, use the directory of temporary files */
    REACH_STORE = 1 << 3,   /* change definitions, and nothing outside of the root's directories */
    REACH_OWN = 1 << 4,     /* remove the state of a guest's TPM */
    REACH_REPAIR = 1 << 5,  /* have what a start has left undone, by a process that is not narrowed (run/repairer.h) */
    REACH_FILE = 1 << 6,    /* change the directory of a file that an option names */
    REACH_REMOVE = 1 << 7,  /* remove files, wherever they are */
    REACH_INSPECT = 1 << 8, /* read back the device rules of a control group */
    REACH_ALL = 1 << 9,     /* run guests, or programs of the user: not narrowed */
};

struct reach_row {
    const char *program;
    unsigned reach;
    struct {
        const char *options; /* "--apply, --restore, -- CMD"; NULL: no more */
        unsigned reach;      /* what these have besides */
    } with[2];
};
extern const struct reach_row reach_rows[]; /* ends with a NULL program */

/* Of that program without options: bits of enum reach. */
unsigned reach_of(const char *program);

/* Narrows the calling process to its row, for good, by Landlock and a seccomp filter. r: the root whose directories it
 * may change, NULL: none. Where the kernel has one of the two only, that one does what it can; a program runs on without both. */
bool narrow(const char *program, const struct root *r, struct err *e);

/* The same with an option of the row's; NULL: none. file: for REACH_FILE. */
bool narrow_with(const char *program, const char *option, const char *file, const struct root *r, struct err *e);

#endif
