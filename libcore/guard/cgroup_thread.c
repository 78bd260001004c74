/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guard/cgroup_tune.h"

enum { WORD_BITS = 8 * sizeof(unsigned long) };

size_t cgroup_bits(const char *set, unsigned long *words, size_t n_words)
{
    size_t used = 0;
    memset(words, 0, n_words * sizeof *words);
    for (long n = -1; (n = cpuset_next(set, n)) >= 0;) {
        size_t at = (size_t)n / WORD_BITS;
        if (at >= n_words)
            return 0;
        words[at] |= 1UL << ((size_t)n % WORD_BITS);
        used = at + 1;
    }
    return used;
}

/* The kernel leaves out CPUs that are not there or not allowed; only none at all is an error to it. */
static bool pin(const struct cgroup_thread *t, pid_t tid, struct err *e)
{
    unsigned long want[CGROUP_CPU_WORDS], is[CGROUP_CPU_WORDS] = { 0 };
    size_t n = cgroup_bits(t->cpus, want, CGROUP_CPU_WORDS);
    if (!n)
        return err_set(e, ST_FAILED, "'%s' is no set of CPUs", t->cpus);
    if (syscall(SYS_sched_setaffinity, tid, n * sizeof *want, want) < 0 ||
        syscall(SYS_sched_getaffinity, tid, sizeof is, is) < 0)
        return err_errno(e, "cannot pin to CPUs %s", t->cpus);
    if (memcmp(want, is, sizeof is))
        return err_set(e, ST_FAILED, "cannot pin to all of the CPUs %s", t->cpus);
    return true;
}

static bool schedule(const struct cgroup_thread *t, pid_t tid, struct err *e)
{
    struct sched_param p = { .sched_priority = t->priority };
    if (sched_setscheduler(tid, t->policy, &p) < 0)
        return err_errno(e, "cannot set its scheduler");
    return sched_getscheduler(tid) == t->policy || err_set(e, ST_FAILED, "its scheduler is another than was set");
}

/* The file named by a thread's groups is asked for by who can be in several at once: "tasks" and "cgroup.threads". */
static bool join(const char *file, pid_t tid, struct err *e)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%d", (int)tid);
    autoclose int fd = open(file, O_WRONLY | O_CLOEXEC);
    return (fd >= 0 && write(fd, text, (size_t)n) == n) || err_errno(e, "%s", file);
}

bool cgroup_place_thread(const struct cgroup_thread *t, pid_t pid, pid_t tid, struct err *e)
{
    char task[64];
    snprintf(task, sizeof task, "/proc/%d/task/%d", (int)pid, (int)tid);
    /* The number comes from QEMU. */
    if (tid <= 0 || access(task, F_OK) < 0)
        return err_set(e, ST_QEMU, "%s: QEMU has no thread %d", t->name, (int)tid);
    for (size_t i = 0; i < t->join.n; i++)
        if (!join(t->join.v[i], tid, e))
            return err_wrap(e, "%s", t->name);
    return ((!t->cpus || pin(t, tid, e)) && (t->policy < 0 || schedule(t, tid, e))) || err_wrap(e, "%s", t->name);
}
