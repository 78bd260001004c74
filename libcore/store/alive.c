/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/alive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/lock.h"

enum { PF_EXITING = 0x4 }; /* linux/sched.h, not in any user header */

enum alive alive_ask(int dir, const char *name, pid_t *pid)
{
    autoclose int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ALIVE_NO : ALIVE_ERROR;
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_OFD_GETLK, &l) < 0)
        return ALIVE_ERROR;
    if (l.l_type == F_UNLCK)
        return ALIVE_NO;
    if (l.l_pid <= 0)
        return ALIVE_FOREIGN;
    if (pid)
        *pid = l.l_pid;
    return ALIVE_YES;
}

int alive_lock(int dir, const char *name)
{
    autoclose int fd = openat(dir, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    /* A read lock does not conflict with another: ask first, so that two never share it. The caller
     * holds NAME/lock, which makes that one step. */
    struct flock other = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fd < 0 || fcntl(fd, F_GETLK, &other) < 0)
        return -1;
    if (other.l_type != F_UNLCK) {
        errno = EAGAIN;
        return -1;
    }
    if (fcntl(fd, F_SETLK, &l) < 0)
        return -1;
    return steal_fd(&fd);
}

int alive_pidfd(int dir, const char *name, pid_t *pid)
{
    for (int i = 0; i < 8; i++) {
        pid_t first, second;
        enum alive a = alive_ask(dir, name, &first);
        if (a != ALIVE_YES) {
            if (a != ALIVE_ERROR)
                errno = ESRCH;
            return -1;
        }
        autoclose int fd = (int)syscall(SYS_pidfd_open, first, 0);
        if (fd < 0 && errno != ESRCH)
            return -1;
        if (fd >= 0 && alive_ask(dir, name, &second) == ALIVE_YES && first == second) {
            if (pid)
                *pid = first;
            return steal_fd(&fd);
        }
    }
    errno = ESRCH;
    return -1;
}
