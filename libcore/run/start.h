/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_START_H
#define RUN_START_H

#include <stdbool.h>

#include "base/err.h"
#include "run/life.h"
#include "run/plan.h"

struct start_options {
    bool paused;           /* the guest's processors stay stopped */
    bool no_reap;          /* nobody waits for its end */
    bool foreground;       /* the calling process becomes vm-reap; start_plan returns in a child of it */
    long long timeout_ms;  /* for the whole start; 0: 30 s */
    const char *bindir;    /* where vm-reap, vm-start and vm-stop are; NULL: bindir_find() */
    const char *const *emulator_dirs; /* where emulators may be, for a restart by vm-reap */
    size_t n_emulator_dirs;
    int notify_fd;         /* in the foreground; < 0: none */
};

/* Carries the plan out: journal, rows, processes, handshake, commit. The guest's lock is held (life_lock) and
 * life_repair said LIFE_OFF. On failure everything is undone, and QEMU's own last lines are in e.
 * ST_QEMU: it refused or died; ST_TIMEOUT. */
bool start_plan(struct life *l, struct plan *p, const struct start_options *o, struct notes *notes, struct err *e);

#endif
