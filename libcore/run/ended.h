/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_ENDED_H
#define RUN_ENDED_H

#include <stdbool.h>

#include "base/err.h"
#include "run/life.h"

/* What comes after a guest: for vm-reap when its QEMU has died, and for vm-reap --all. */

enum end_reason { END_UNKNOWN, END_SHUTDOWN, END_REBOOT, END_DESTROYED, END_CRASHED, END_FAILED };
extern const char *const end_reason_names[6];

struct ended {
    const char *start;   /* start-id that this concerns; anything else is not touched */
    int status;          /* QEMU's wait status */
    int journal;         /* the journal, open since the start */
    bool committed;      /* the start was finished: the guest's own actions count */
};

/* Undoes, records the reason. *restart: the domain asks to be started again and nobody is stopping it; then *l is open
 * and its lock held, the caller starts and closes it. Otherwise *l is closed. *live gets live.xml's text as it was (in
 * the arena of l), NULL if there was none. Whoever has undone before us has done our work. */
bool ended_clean(struct life *l, const struct root *root, struct arena *a, const char *name, const struct ended *w,
                 bool *restart, const char **live, enum end_reason *reason, struct notes *notes, struct err *e);

/* Cleans up after one guest: false with ST_STATE if it runs (left alone), ST_BUSY if its lock is not had. */
bool repair_one(const struct root *root, const char *name, long long wait_ms, struct notes *notes, struct err *e);

/* After every guest of the root; claims that nobody has go, too. Guests that run, or whose vm-reap is about to, are left alone; a busy lock is
 * passed over with a note. False: some could not be cleaned up, e has the first. */
bool repair_all(const struct root *root, struct notes *notes, struct err *e);

#endif
