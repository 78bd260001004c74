/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_LABEL_H
#define RUN_LABEL_H

#include "guard/guard.h"

/* Owners and labels without a start: what seclabel does besides printing the plan. A label layer is one that changes files
 * or names the process: dac, selinux, apparmor. driver: only that one; NULL: all of them. */

/* Whether driver names a label layer. */
bool label_driver(const char *driver);

/* Does what a start would do to the files of g->domain, with a journal like its own: who comes after a death takes all back.
 * Done, the journal says so and stays, and vm-reap --all leaves it for as long as this boot lasts. What an earlier one did is
 * undone first. g as for guard_plan in a dry run; entries and processes come out. ST_STATE: the guest runs. */
bool label_apply(struct guard *g, const char *driver, long long wait_ms, struct err *e);

/* Takes it back. Nothing to take back is success. */
bool label_restore(const struct root *r, const char *name, long long wait_ms, struct notes *notes, struct err *e);

/* A running guest as it is: domain, objects and entries of what it was started with; processes from /proc. g as for label_apply,
 * without domain. p: for reading live.xml. */
bool label_show(struct guard *g, struct parse *p, struct err *e);

/* What the process takes on, of what a start would let it take on: the labels alone. */
void label_enter(const struct guard *g, const char *driver, struct enter *x);

#endif
