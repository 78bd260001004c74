/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CGROUP_TUNE_H
#define GUARD_CGROUP_TUNE_H

#include "domain/domain.h"
#include "guard/cgroup.h"

/* What a domain's <cputune>, <memtune>, <blkiotune>, <numatune> and <vcpu cpuset=> ask of the control groups, in the
 * spelling of both versions (Linux, Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst), and of its threads. */

/* One value. sub: the group below the guest's ("vcpu0", "emulator", "iothread1"), NULL for the guest's own. */
struct cgroup_wish {
    enum cgroup_controller controller;
    const char *sub;
    const char *element; /* "<cputune> <shares>", for messages */
    const char *v1, *v1_value;
    const char *v2, *v2_value; /* no value: another wish has it, too */
    bool may_lack; /* other means do the same where the controller is not mounted */
};

struct cgroup_wishes {
    LIST(struct cgroup_wish) all;
};

/* False with e: a device that is none, a value that QEMU guests cannot have. Sets of CPUs are in the kernel's spelling. */
bool cgroup_wishes(const struct domain *d, struct arena *a, struct cgroup_wishes *w, struct err *e);

/* The CPUs that the emulator's threads may use, NULL: all. */
const char *cgroup_emulator_cpus(const struct domain *d);

/* Where the guest's threads go: by index of the vcpu or id of the iothread. */
enum cgroup_thread_kind { THREAD_VCPU, THREAD_IOTHREAD, THREAD_EMULATOR };
struct cgroup_thread {
    enum cgroup_thread_kind kind;
    unsigned number;
    const char *name; /* "vcpu 0", for messages */
    LIST(const char) join; /* files that its thread id is written to */
    const char *cpus;      /* NULL: left as they are */
    int policy;            /* SCHED_…; -1: as it is */
    int priority;
};

/* Threads of which the domain asks something; trees and place: where their groups are (cgroup_layer). all_cpus: what a
 * thread without a pin of its own gets where the emulator is pinned. */
struct cgroup_threads {
    LIST(struct cgroup_thread) all;
};
void cgroup_threads(const struct domain *d, struct arena *a, const char *all_cpus, struct cgroup_threads *t);

/* Puts the thread tid of process pid where t says, and looks whether it is there. False with e. */
bool cgroup_place_thread(const struct cgroup_thread *t, pid_t pid, pid_t tid, struct err *e);

/* A set of CPUs or nodes as bits of words; the number of words used, 0 for what is no set or too large. */
size_t cgroup_bits(const char *set, unsigned long *words, size_t n_words);

#endif
