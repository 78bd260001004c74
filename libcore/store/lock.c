/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"

static bool read_id(const char *path, char *id, size_t n)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, id, n) != (ssize_t)n) {
        if (fd >= 0)
            errno = EINVAL;
        return false;
    }
    id[n] = '\0';
    return true;
}

bool boot_id(char id[37])
{
    return read_id("/proc/sys/kernel/random/boot_id", id, 36);
}

bool machine_id(char id[33])
{
    return read_id("/etc/machine-id", id, 32) || read_id("/var/lib/dbus/machine-id", id, 32);
}

bool lock_still_there(int dir, const char *name, int fd)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static int set_lock(int fd, enum lock_kind kind)
{
    struct flock l = { .l_type = kind == LOCK_SHARED ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_OFD_SETLK, &l);
}

bool lock_handed_over(int dir, const char *name, int fd)
{
    return lock_still_there(dir, name, fd) && set_lock(fd, LOCK_EXCLUSIVE) == 0;
}

int lock_held(int dir, const char *name, enum lock_kind kind)
{
    autoclose int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    struct flock l = { .l_type = kind == LOCK_SHARED ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(fd, F_OFD_GETLK, &l) < 0)
        return -1;
    return l.l_type != F_UNLCK;
}

/* The note that the holder left: "PID START WHAT". It is believed only while that process lives. */
static bool read_note(int fd, int *pid, unsigned long long *start, char what[512])
{
    char note[512];
    ssize_t n = pread(fd, note, sizeof note - 1, 0);
    note[n > 0 ? n : 0] = '\0';
    return sscanf(note, "%d %llu %511[^\n]", pid, start, what) == 3 && *start && proc_id_of(*pid).start == *start;
}

static void say_busy(int fd, const char *label, struct err *e)
{
    char what[512];
    int pid;
    unsigned long long start;
    if (read_note(fd, &pid, &start, what)) {
        autostr struct str shown = STR_INIT;
        str_add_shown(&shown, what);
        err_set(e, ST_BUSY, "%s is busy: '%s' (pid %d) is working on it", label, str_text(&shown), pid);
    } else {
        err_set(e, ST_BUSY, "%s is busy: another command is working on it", label);
    }
}

bool lock_holder(int dir, const char *name, pid_t *pid, unsigned long long *start)
{
    char what[512];
    int p;
    autoclose int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || lock_held(dir, name, LOCK_EXCLUSIVE) != 1 || !read_note(fd, &p, start, what))
        return false;
    *pid = p;
    return true;
}

/* Written over what was there: a file that is truncated to nothing and written again is flushed to disk by ext4. */
static bool leave_note(int fd, const char *what)
{
    static pid_t self;
    static unsigned long long start;
    char note[512];
    if (self != getpid()) {
        self = getpid();
        start = proc_id_of(self).start;
    }
    int n = snprintf(note, sizeof note - 1, "%d %llu %s", (int)self, start, what);
    if (n > (int)sizeof note - 2)
        n = sizeof note - 2;
    note[n++] = '\n';
    return pwrite(fd, note, (size_t)n, 0) == n && ftruncate(fd, n) == 0;
}

/* There is no wait with a deadline for file locks: ask again in growing steps. */
static bool wait_lock(int fd, enum lock_kind kind, long long deadline)
{
    long pause_us = 50;
    while (set_lock(fd, kind) < 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return false;
        if (deadline >= 0 && now_ms() >= deadline) {
            errno = EAGAIN;
            return false;
        }
        struct timespec t = { 0, pause_us * 1000 };
        nanosleep(&t, NULL);
        pause_us = pause_us < 2000 ? pause_us * 2 : 2000;
    }
    return true;
}

int lock_take(int dir, const char *name, enum lock_kind kind, long long deadline, const char *label, const char *what,
              struct err *e)
{
    for (;;) {
        autoclose int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
        if (fd < 0) {
            err_errno(e, "%s: cannot open the lock file '%s'", label, name);
            return -1;
        }
        if (!wait_lock(fd, kind, deadline)) {
            if (errno == EAGAIN)
                say_busy(fd, label, e);
            else
                err_errno(e, "%s: cannot lock '%s'", label, name);
            return -1;
        }
        if (!lock_still_there(dir, name, fd))
            continue;
        /* The note only serves messages: a full disk must not keep anyone from stopping a guest. */
        (void)leave_note(fd, what);
        return steal_fd(&fd);
    }
}
