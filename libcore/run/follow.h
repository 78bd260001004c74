/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_FOLLOW_H
#define RUN_FOLLOW_H

#include <jansson.h>

#include "run/look.h"

/* Follows what happens to a guest by the file "events" in its directory (vm-state(5)), from the moment of
 * follow_open on, over rotations, without touching QEMU's monitor. */
struct follow;

/* from_start: what is in the file already counts as new. ST_NOENT: the guest has no directory (it never ran).
 * Free with follow_close. */
struct follow *follow_open(const struct look *l, bool from_start, struct err *e);
void follow_close(struct follow *f);

enum followed {
    FOLLOW_ENOUGH,  /* the callback said so */
    FOLLOW_CHANGED, /* something in the directory changed, or a second went by: look again */
    FOLLOW_ENDED,   /* the process that follow_open saw has ended, and all events are delivered */
    FOLLOW_TIMEOUT,
    FOLLOW_FAILED,
};
/* One event, borrowed; true: enough. */
typedef bool follow_fn(void *arg, const json_t *event);

/* Delivers what is new and waits for more; fn may be NULL. one: returns FOLLOW_CHANGED after each wait. */
enum followed follow_wait(struct follow *f, bool one, long long deadline, follow_fn *fn, void *arg, struct err *e);

#endif
