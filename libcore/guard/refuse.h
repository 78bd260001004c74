/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_REFUSE_H
#define GUARD_REFUSE_H

#include "base/err.h"

/* System calls that a program has no use for, refused to it from here on. */
enum {
    REFUSE_EXEC = 1 << 0,   /* other programs */
    REFUSE_FORK = 1 << 1,   /* other processes */
    REFUSE_SIGNAL = 1 << 2, /* signals to others */
    REFUSE_SOCKET = 1 << 3, /* sockets */
    REFUSE_BPF = 1 << 4,    /* bpf(), but for asking what is attached; not refused, it may look at that, too */
};

/* Refuses those sets, and always what changes the kernel, looks into other processes or goes round this filter
 * (ptrace, mount, io_uring…), and what changes modes, owners, attributes and times of files, which Landlock leaves alone,
 * with EPERM. no_new_privs must be set. Without seccomp in the kernel, and in builds with sanitizers, whose runtime needs
 * more, it does nothing. */
bool refuse_calls(unsigned sets, struct err *e);

#endif
