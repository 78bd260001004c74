/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_STEER_H
#define RUN_STEER_H

#include "run/life.h"

/* Stopping a guest's processors, letting them go on, and its reset button. */
enum steer { STEER_SUSPEND, STEER_RESUME, STEER_RESET };

/* Does it, under the guest's lock, and writes the new state into live.xml. wait_ms: for the lock; timeout_ms: for
 * QEMU's answers; by: for what a start has left. ST_STATE: not running, or already as wanted; ST_QEMU, ST_TIMEOUT as for qmp_command. */
bool steer_guest(const struct root *root, const char *name, enum steer how, const struct undoer *by, long long wait_ms,
                 long long timeout_ms, struct notes *notes, struct err *e);

/* The state that QEMU's RunState means, in the words of live.xml and vm-list; reason likewise. */
const char *steer_state(const char *run_state, const char **reason);

#endif
