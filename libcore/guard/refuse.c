/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/refuse.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "guard/filter.h"

#if defined(SANITIZED) || !defined(ARCH)

bool refuse_calls(unsigned sets, struct err *e)
{
    (void)sets, (void)e;
    return true;
}

#else

enum { ALWAYS = 1 << 15 };

static const struct {
    unsigned call;
    unsigned set;
} calls[] = {
    { SYS_ptrace, ALWAYS },
    { SYS_process_vm_readv, ALWAYS },
    { SYS_process_vm_writev, ALWAYS },
    { SYS_kcmp, ALWAYS },
    { SYS_mount, ALWAYS },
#ifdef SYS_umount2
    { SYS_umount2, ALWAYS },
#endif
    { SYS_pivot_root, ALWAYS },
    { SYS_chroot, ALWAYS },
#ifdef SYS_move_mount
    { SYS_move_mount, ALWAYS },
#endif
#ifdef SYS_fsopen
    { SYS_fsopen, ALWAYS },
#endif
#ifdef SYS_open_tree
    { SYS_open_tree, ALWAYS },
#endif
#ifdef SYS_mount_setattr
    { SYS_mount_setattr, ALWAYS },
#endif
    { SYS_unshare, ALWAYS },
    { SYS_setns, ALWAYS },
    { SYS_open_by_handle_at, ALWAYS },
    { SYS_init_module, ALWAYS },
    { SYS_finit_module, ALWAYS },
    { SYS_delete_module, ALWAYS },
#ifdef SYS_kexec_load
    { SYS_kexec_load, ALWAYS },
#endif
#ifdef SYS_kexec_file_load
    { SYS_kexec_file_load, ALWAYS },
#endif
    { SYS_perf_event_open, ALWAYS },
    { SYS_userfaultfd, ALWAYS },
    { SYS_keyctl, ALWAYS },
    { SYS_add_key, ALWAYS },
    { SYS_request_key, ALWAYS },
    { SYS_io_uring_setup, ALWAYS },
    { SYS_io_uring_enter, ALWAYS },
    { SYS_io_uring_register, ALWAYS },
    { SYS_pidfd_getfd, ALWAYS },
    { SYS_swapon, ALWAYS },
    { SYS_swapoff, ALWAYS },
    { SYS_reboot, ALWAYS },
    { SYS_execve, REFUSE_EXEC },
    { SYS_execveat, REFUSE_EXEC },
#ifdef SYS_fork
    { SYS_fork, REFUSE_FORK },
#endif
#ifdef SYS_vfork
    { SYS_vfork, REFUSE_FORK },
#endif
    { SYS_clone, REFUSE_FORK },
#ifdef SYS_clone3
    { SYS_clone3, REFUSE_FORK },
#endif
    { SYS_kill, REFUSE_SIGNAL },
    { SYS_tkill, REFUSE_SIGNAL },
    { SYS_pidfd_send_signal, REFUSE_SIGNAL },
    { SYS_rt_sigqueueinfo, REFUSE_SIGNAL },
    { SYS_rt_tgsigqueueinfo, REFUSE_SIGNAL },
    { SYS_socket, REFUSE_SOCKET },
    { SYS_connect, REFUSE_SOCKET },
    { SYS_bind, REFUSE_SOCKET },
    { SYS_listen, REFUSE_SOCKET },
#ifdef SYS_accept
    { SYS_accept, REFUSE_SOCKET },
#endif
    { SYS_accept4, REFUSE_SOCKET },
#ifdef SYS_chmod
    { SYS_chmod, ALWAYS },
#endif
    { SYS_fchmod, ALWAYS },
    { SYS_fchmodat, ALWAYS },
#ifdef SYS_fchmodat2
    { SYS_fchmodat2, ALWAYS },
#endif
#ifdef SYS_chown
    { SYS_chown, ALWAYS },
#endif
    { SYS_fchown, ALWAYS },
#ifdef SYS_lchown
    { SYS_lchown, ALWAYS },
#endif
    { SYS_fchownat, ALWAYS },
    { SYS_setxattr, ALWAYS },
    { SYS_lsetxattr, ALWAYS },
    { SYS_fsetxattr, ALWAYS },
    { SYS_removexattr, ALWAYS },
    { SYS_lremovexattr, ALWAYS },
    { SYS_fremovexattr, ALWAYS },
#ifdef SYS_utime
    { SYS_utime, ALWAYS },
#endif
#ifdef SYS_utimes
    { SYS_utimes, ALWAYS },
#endif
    { SYS_utimensat, ALWAYS },
#ifdef SYS_futimesat
    { SYS_futimesat, ALWAYS },
#endif
};

/* Whether device rules are possible is asked, too, where they are only printed. */
enum { BPF_ASKS = 1 << BPF_PROG_QUERY, BPF_LOOKS = BPF_ASKS | 1 << BPF_PROG_GET_FD_BY_ID | 1 << BPF_OBJ_GET_INFO_BY_FD };

bool refuse_calls(unsigned sets, struct err *e)
{
    enum { CALLS = sizeof calls / sizeof *calls + 1 };
    struct filter_rule rules[CALLS];
    struct sock_filter filter[FILTER_ROOM(CALLS)];
    size_t n = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].set & (sets | ALWAYS))
            rules[n++] = (struct filter_rule){ .call = calls[i].call, .verdict = SECCOMP_RET_ERRNO | EPERM };
    rules[n++] = (struct filter_rule){ SYS_bpf, SECCOMP_RET_ALLOW, 1, sets & REFUSE_BPF ? BPF_ASKS : BPF_LOOKS, true };
    struct sock_fprog program = { filter_make(filter, rules, n, SECCOMP_RET_ALLOW), filter };
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 && errno != EINVAL)
        return err_errno(e, "cannot narrow itself by seccomp");
    return true;
}

#endif
