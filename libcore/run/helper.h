/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_HELPER_H
#define RUN_HELPER_H

#include "run/plan.h"

/* The helpers of a start: swtpm and others that serve QEMU over a socket. */

/* The program called name: in one of dirs (given by who starts the guest), else where the system has such programs. In a; NULL
 * with ST_NOENT, saying which package has it (package: text, may be NULL). */
const char *helper_find(struct arena *a, const char *name, const char *const *dirs, size_t n, const char *package, struct err *e);

/* Starts plan->helpers, each known to the journal before it is executed. After the rows are done, which make their
 * directories; p->enter.cgroup is open: they are in the guest's groups. */
bool helpers_start(struct life *l, struct plan *p, long long deadline, struct notes *notes, struct err *e);

/* Ends those that a journal of this boot names: SIGTERM, then SIGKILL. False: one does not die. */
bool helpers_end(const struct journal *j, struct err *e);

#endif
