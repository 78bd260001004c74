/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/compute_only.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
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

#define ALLOW(name) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

#define KILL(name) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW_ARG1(name, value)                                                                     \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4),                                         \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW_WORD(offsetof(struct seccomp_data, args[1]))),      \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/* Most of what is not allowed merely fails: the C library tries this and that (open a table of names, ask for the
 * size of memory) and does without. No library tries what kills. */
static const struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
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
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
};

bool guard_compute_only(struct err *e)
{
    struct sock_fprog program = { sizeof filter / sizeof *filter, (struct sock_filter *)filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        return err_errno(e, "seccomp filter for the parser");
    return true;
}

#endif
