/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/compute_only.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "guard/filter.h"

#if defined(SANITIZED) || !defined(ARCH)

bool guard_compute_only(struct err *e)
{
    (void)e;
    return true;
}

#else

#define ALLOW(name) { SYS_##name, SECCOMP_RET_ALLOW, 0, 0, false }
#define ALLOW_ARG1(name, value) { SYS_##name, SECCOMP_RET_ALLOW, 2, value, false }
#define KILL(name) { SYS_##name, SECCOMP_RET_KILL_PROCESS, 0, 0, false }

/* Most of what is not allowed merely fails: the C library tries this and that (open a table of names, ask for the
 * size of memory) and does without. No library tries what kills. */
static struct filter_rule rules[] = {
    ALLOW(write),
    ALLOW(writev),
    ALLOW(read),
    ALLOW(sendmsg),
    ALLOW(recvmsg),
    ALLOW(brk),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW(mprotect),
    ALLOW(madvise),
#ifdef SYS_mmap
    ALLOW(mmap),
#endif
#ifdef SYS_mmap2
    ALLOW(mmap2),
#endif
    ALLOW(close),
    ALLOW(fstat),
#ifdef SYS_newfstatat
    /* glibc's fstat(); a path tells no more than that a file is there. */
    ALLOW(newfstatat),
#endif
#ifdef SYS_fstat64
    ALLOW(fstat64),
#endif
    ALLOW(lseek),
    ALLOW(futex),
    ALLOW(getrandom),
    ALLOW(clock_gettime),
    ALLOW(gettimeofday),
    ALLOW(sysinfo),
    ALLOW(rt_sigaction),
    ALLOW(rt_sigprocmask),
    ALLOW(rt_sigreturn),
    ALLOW(exit),
    ALLOW(exit_group),
    /* stdio asks whether standard output is a terminal; facts keep a duplicate of their descriptor. */
    ALLOW_ARG1(ioctl, TCGETS),
    ALLOW_ARG1(fcntl, F_DUPFD_CLOEXEC),
    KILL(socket),
    KILL(connect),
    KILL(execve),
    KILL(execveat),
    KILL(clone),
    KILL(clone3),
    KILL(ptrace),
    KILL(kill),
#ifdef SYS_fork
    KILL(fork),
    KILL(vfork),
#endif
};

bool guard_compute_only(struct err *e)
{
    enum { RULES = sizeof rules / sizeof *rules };
    struct sock_filter filter[FILTER_ROOM(RULES)];
    struct sock_fprog program = { filter_make(filter, rules, RULES, SECCOMP_RET_ERRNO | EPERM), filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        return err_errno(e, "seccomp filter for the parser");
    return true;
}

#endif
