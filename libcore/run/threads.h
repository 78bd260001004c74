/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_THREADS_H
#define RUN_THREADS_H

#include "base/err.h"
#include "guard/cgroup_tune.h"
#include "qemu/qmp.h"

/* Puts QEMU's threads where the plan wants them: asks for their ids by q (before the guest runs) and checks each. A
 * processor that is not plugged in has none. pid: QEMU's. */
bool threads_place(const struct cgroup_threads *t, pid_t pid, struct qmp *q, long long deadline, struct err *e);

#endif
