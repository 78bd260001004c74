/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_REAP_H
#define RUN_REAP_H

#include "run/ended.h"
#include "run/run.h"

/* What vm-reap becomes when QEMU has died: cleans up and, where the domain asks for it, starts the guest again with
 * the definition there is, for a guest without one with the domain as it ran. In the foreground (o->start.foreground)
 * a restart returns in the new starter, *restarted set. False: something is left to clean up, or the
 * restart failed. */
bool reap_ended(const struct root *r, const char *name, const struct ended *w, const struct run_start *o,
                bool *restarted, enum end_reason *reason, struct notes *notes, struct err *e);

#endif
