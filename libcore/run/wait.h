/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_WAIT_H
#define RUN_WAIT_H

#include <jansson.h>

#include "run/look.h"

enum wait_state { WAIT_RUNNING, WAIT_PAUSED, WAIT_SHUTOFF, WAIT_CRASHED, WAIT_PMSUSPENDED, WAIT_STATES };
extern const char *const wait_state_names[WAIT_STATES];

/* Waits until the guest is in that state (at once if it is). A guest that was not started yet, is being started, or
 * comes back is waited for. ST_TIMEOUT at deadline. l is looked at again and again. */
bool wait_for_state(struct look *l, enum wait_state state, long long deadline, struct err *e);

/* Waits for the next event of that name, QEMU's or ours; *event gets it (new reference). ST_STATE: the guest, which ran when
 * this began, ended without it. */
bool wait_for_event(struct look *l, const char *name, long long deadline, json_t **event, struct err *e);

#endif
