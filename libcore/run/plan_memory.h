/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_MEMORY_H
#define RUN_PLAN_MEMORY_H

#include "host/conf.h"
#include "qemu/argv.h"

/* Fills o->huge from qemu.conf's hugetlbfs_mount, asking each for the size of its pages; an empty text there stands for
 * none. Without that key nothing is changed. In a. False: one is not there, or not of huge pages. */
bool plan_huge_mounts(struct arena *a, const struct conf *conf, struct argv_options *o, struct err *e);

#endif
