/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CGROUP_ENTER_H
#define GUARD_CGROUP_ENTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How a process gets into its groups: made so before the fork, taken on after it. */

enum { CGROUP_JOINS = 12, CGROUP_CPU_WORDS = 128 };

struct enter_cgroup {
    int into;             /* group of version 2 in which the child is made by clone3; -1: none */
    const char *into_dir; /* its path: joined by hand where the kernel cannot do that; NULL: none */
    size_t n;
    const char *join[CGROUP_JOINS]; /* files ("…/tasks") that the child writes itself into */
    size_t n_cpus;                  /* words of cpus; 0: those of the caller */
    unsigned long cpus[CGROUP_CPU_WORDS];
    int numa_mode;                  /* MPOL_…; 0: as it is */
    unsigned long numa[16];         /* nodes of it */
};

/* Opens the group of version 2, which must be there. Before the fork. False with errno. */
bool cgroup_open(struct enter_cgroup *x);

/* fork(), with the child in x->into where there is one; x->into_dir is NULL in a child that is in it already. */
pid_t cgroup_fork(struct enter_cgroup *x);

/* In the child, which has one thread: joins what is left. False: errno. */
bool cgroup_enter(const struct enter_cgroup *x);

#endif
