/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_BINDIR_H
#define RUN_BINDIR_H

struct arena;

/* Where the programs are: the directory of the running one if vm-reap is in it, else the first of $PATH that has it. In a. */
const char *bindir_find(struct arena *a);

#endif
