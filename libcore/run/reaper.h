/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_REAPER_H
#define RUN_REAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* R, the parent of QEMU for all of its life: what vm-reap is besides its options. libc only, and it waits for
 * nothing but descriptors. Its own are at fixed numbers, where the starter put them. */
enum {
    REAP_START = 3,   /* socket to the starter; closed once the start is committed */
    REAP_JOURNAL = 4, /* the journal, open to undo from it should the directory be removed */
    REAP_DIR = 5,     /* the guest's directory */
    REAP_EVENTS = 6,  /* the event monitor */
    REAP_PIPE = 7,    /* what QEMU writes to its standard output and error */
    REAP_LOG = 8,     /* log/qemu/NAME.log, appended to */
    REAP_LOG_DIR = 9,
    REAP_NOTIFY = 10, /* --notify-fd in the foreground */
    REAP_FDS = 11,
};

/* What S tells R. */
enum { REAP_COMMITTED = 'c', REAP_UNDONE = 'u' };

enum { REAP_LOG_MAX = 1024 * 1024 };

struct reaper {
    const char *name, *uri, *start;
    const char *bindir; /* where vm-start and vm-stop are */
    const char *const *emulators; /* directories that emulators may be in, for a restart */
    size_t n_emulators;
    pid_t qemu;
    bool foreground, notify;
    bool dump; /* when the guest panics, run "vm-start --panicked", which has its memory written down and ends it */
};

/* Waits for the end of QEMU, then becomes "vm-start --ended", which undoes, records and restarts. Returns an exit
 * status where nothing of that is left to do. */
int reaper_run(const struct reaper *r);

/* Whether the JSON object in line (n bytes) has this key at its outermost level. Wrong JSON: false or true, never
 * a read beyond n. */
bool json_top_key(const char *line, size_t n, const char *key);
/* The same, and its value is the string value. */
bool json_top_text(const char *line, size_t n, const char *key, const char *value);

#endif
