/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cgroup_enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

bool cgroup_open(struct enter_cgroup *x)
{
    x->into = x->into_dir ? open(x->into_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return x->into >= 0 || !x->into_dir;
}

/* Born in its group, the child need not be moved, for which the kernel stops all forks of the machine and waits some 10 ms.
 * Not every kernel can, and filters of containers may say that it cannot. */
pid_t cgroup_fork(struct enter_cgroup *x)
{
    if (x->into >= 0) {
        struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)x->into };
        pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
        if (pid == 0)
            x->into_dir = NULL;
        if (pid >= 0)
            return pid;
    }
    return fork();
}

static bool write_self(int dir, const char *file)
{
    int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, "0", 1) == 1;
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return ok;
}

bool cgroup_enter(const struct enter_cgroup *x)
{
    if (x->into_dir) {
        int dir = open(x->into_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0 || !write_self(dir, "cgroup.procs"))
            return false;
        close(dir);
    }
    for (size_t i = 0; i < x->n; i++)
        if (!write_self(AT_FDCWD, x->join[i]))
            return false;
    if (x->n_cpus && syscall(SYS_sched_setaffinity, 0, x->n_cpus * sizeof *x->cpus, x->cpus) < 0)
        return false;
    return !x->numa_mode || syscall(SYS_set_mempolicy, x->numa_mode, x->numa, sizeof x->numa * 8 - 1) == 0;
}
