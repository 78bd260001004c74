/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { PF_EXITING = 0x4 };

static ssize_t read_proc(pid_t pid, const char *what, char *buf, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, buf, size - 1);
    if (n >= 0)
        buf[n] = '\0';
    return n;
}

bool proc_stat(pid_t pid, struct proc_stat *out)
{
    char buf[1024];
    if (pid <= 0 || read_proc(pid, "stat", buf, sizeof buf) <= 0)
        return false;
    /* The name stands in parentheses and may hold anything, parentheses too. */
    char *p = strrchr(buf, ')');
    int parent;
    unsigned flags;
    if (!p || sscanf(p + 1, " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                     &out->state, &parent, &flags, &out->start) != 4)
        return false;
    out->parent = parent;
    out->exiting = flags & PF_EXITING;
    return true;
}

struct proc_id proc_id_of(pid_t pid)
{
    struct proc_stat st;
    return proc_stat(pid, &st) ? (struct proc_id){ pid, st.start } : (struct proc_id){ 0, 0 };
}

int proc_open(struct proc_id id)
{
    if (id.pid <= 0)
        return -1;
    autoclose int fd = (int)syscall(SYS_pidfd_open, id.pid, 0);
    struct proc_stat st;
    if (fd < 0 || !proc_stat(id.pid, &st) || st.start != id.start || st.state == 'Z' || st.state == 'X')
        return -1;
    return steal_fd(&fd);
}

bool proc_wait(int pidfd, long long deadline)
{
    struct pollfd p = { .fd = pidfd, .events = POLLIN };
    for (;;) {
        int n = poll(&p, 1, ms_left(deadline));
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

int proc_signal(int pidfd, int sig)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

bool proc_kill(int pidfd, long long deadline)
{
    proc_signal(pidfd, SIGKILL);
    return proc_wait(pidfd, deadline);
}

bool proc_has_argument(pid_t pid, const char *word)
{
    char buf[8192];
    ssize_t n = read_proc(pid, "cmdline", buf, sizeof buf);
    for (ssize_t i = 0; i < n; i += (ssize_t)strlen(buf + i) + 1)
        if (strcmp(buf + i, word) == 0)
            return true;
    return false;
}
