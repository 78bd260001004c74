/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_PR_H
#define RUN_PLAN_PR_H

#include "run/plan.h"

/* qemu-pr-helper, for <reservations managed='yes'>: it does what QEMU may not, persistent reservations of SCSI disks, which take
 * CAP_SYS_RAWIO; hence only root's guests have it. */
bool plan_pr(struct plan *p, const struct plan_options *o, const char *private_dir, struct err *e);

#endif
