/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/object.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/remember.h"

enum { LINKS = 40 }; /* as the kernel */

struct walk {
    const char *path; /* for messages */
    int fd;           /* reached, O_PATH */
    int links;        /* that may still be followed */
    bool stranger;    /* a link on the way is of this user, who is neither root nor the caller */
    uid_t uid;
    char rest[PATH_MAX];
};

int object_open_real(const char *real)
{
    struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
    long fd = syscall(SYS_openat2, AT_FDCWD, real, &how, sizeof how);
    if (fd < 0 && errno == ENOSYS)
        fd = open(real, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return (int)fd;
}

static bool to_root(struct walk *w, struct err *e)
{
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "%s", w->path);
    if (w->fd >= 0)
        close(w->fd);
    w->fd = fd;
    return true;
}

/* Who could have made the link is asked of it: whose it is. What it leads to is asked at the end. */
static bool follow(struct walk *w, int link, const struct stat *st, struct err *e)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t n = readlinkat(link, "", target, sizeof target - 1);
    if (n < 0)
        return err_errno(e, "%s", w->path);
    target[n] = '\0';
    memcpy(rest, w->rest, strlen(w->rest) + 1);
    if (w->links-- == 0 || strlen(rest) + (size_t)n + 2 > sizeof w->rest) {
        errno = ELOOP;
        return err_errno(e, "%s", w->path);
    }
    memcpy(w->rest, target, (size_t)n + 1);
    if (*rest) {
        w->rest[n] = '/';
        memcpy(w->rest + n + 1, rest, strlen(rest) + 1);
    }
    if (st->st_uid && st->st_uid != geteuid()) {
        if (w->stranger && w->uid != st->st_uid)
            return err_set(e, ST_PERM, "%s: links of two other users (ids %u and %u) are on the way (try: the file's own path)",
                           w->path, (unsigned)w->uid, (unsigned)st->st_uid);
        w->stranger = true;
        w->uid = st->st_uid;
    }
    return target[0] != '/' || to_root(w, e);
}

static bool step(struct walk *w, struct err *e)
{
    char name[NAME_MAX + 1];
    struct stat st;
    char *p = w->rest + strspn(w->rest, "/");
    size_t n = strcspn(p, "/");
    if (n > NAME_MAX) {
        errno = ENAMETOOLONG;
        return err_errno(e, "%s", w->path);
    }
    memcpy(name, p, n);
    name[n] = '\0';
    memmove(w->rest, p + n, strlen(p + n) + 1);
    autoclose int fd = openat(w->fd, *name ? name : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(e, "%s", w->path);
    if (S_ISLNK(st.st_mode))
        return follow(w, fd, &st, e);
    close(w->fd);
    w->fd = steal_fd(&fd);
    return true;
}

static int walk(struct walk *w, const char *path, struct err *e)
{
    if (strlen(path) >= sizeof w->rest) {
        errno = ENAMETOOLONG;
        err_errno(e, "%s", path);
        return -1;
    }
    snprintf(w->rest, sizeof w->rest, "%s", path);
    if (to_root(w, e))
        while (*w->rest)
            if (!step(w, e))
                goto failed;
    return w->fd;
failed:
    close(w->fd);
    w->fd = -1;
    return -1;
}

/* A running guest's disk belongs to QEMU's user, who is nobody's trap. */
static uid_t first_owner(int fd, const struct stat *st)
{
    struct remembered r;
    unsigned uid;
    return remember_get(fd, "dac", &r) && r.valid && sscanf(r.first, "+%u:", &uid) == 1 ? (uid_t)uid : st->st_uid;
}

static bool name_of_its_own(const char *path, const char *real, const struct stat *file, uid_t owner, struct err *e)
{
    struct stat dir;
    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%s", real);
    char *slash = strrchr(parent, '/');
    if (!slash)
        return err_set(e, ST_FAILED, "%s: has no directory", path);
    slash[slash == parent] = '\0';
    autoclose int fd = object_open_real(parent);
    if (fd < 0 || fstat(fd, &dir) < 0)
        return err_errno(e, "%s", path);
    if (dir.st_uid && dir.st_uid != geteuid() && dir.st_uid != owner)
        return err_set(e, ST_PERM, "%s: has %u names, and this one may be the doing of user id %u, whose directory it is in", path,
                       (unsigned)file->st_nlink, (unsigned)dir.st_uid);
    if (dir.st_mode & (S_IWOTH | (dir.st_gid ? S_IWGRP : 0)))
        return err_set(e, ST_PERM, "%s: has %u names, and this one may be anybody's doing: others may write to its directory", path,
                       (unsigned)file->st_nlink);
    return true;
}

static bool no_trap(const struct walk *w, int fd, const char *real, struct err *e)
{
    struct stat st;
    if (geteuid())
        return true; /* who changes nothing of others can be led nowhere */
    if (fstat(fd, &st) < 0)
        return err_errno(e, "%s", w->path);
    bool many = S_ISREG(st.st_mode) && st.st_nlink > 1;
    if (!w->stranger && !many)
        return true;
    uid_t owner = first_owner(fd, &st);
    if (w->stranger && owner != w->uid)
        return err_set(e, ST_PERM, "%s: is a link of user id %u to %s, which belongs to user id %u: not followed (try: the file's own path)",
                       w->path, (unsigned)w->uid, real, (unsigned)owner);
    return !many || name_of_its_own(w->path, real, &st, owner, e);
}

int object_open(const char *path, char real[PATH_MAX], struct err *e)
{
    struct walk w = { .path = path, .fd = -1, .links = LINKS };
    char self[40], there[PATH_MAX];
    autoclose int fd = object_open_real(path);
    if (fd < 0 && errno != ELOOP) {
        err_errno(e, "%s", path);
        return -1;
    }
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        fd = walk(&w, path, e);
    if (fd < 0)
        return -1;
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(self, there, sizeof there - 1);
    if (n < 0) {
        err_errno(e, "%s", path);
        return -1;
    }
    there[n] = '\0';
    if (!no_trap(&w, fd, there, e))
        return -1;
    if (real)
        memcpy(real, there, (size_t)n + 1);
    return steal_fd(&fd);
}

const char *object_kind_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "a regular file";
    case S_IFBLK:
        return "a block device";
    case S_IFCHR:
        return "a character device";
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a fifo";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a link";
    }
}

int object_read(int fd, const char *path, struct err *e)
{
    struct stat st;
    char self[40];
    if (fstat(fd, &st) < 0) {
        err_errno(e, "%s", path);
        return -1;
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        err_set(e, ST_FAILED, "%s: is %s, neither a regular file nor a block device", path, object_kind_name(st.st_mode));
        return -1;
    }
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    int opened = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (opened < 0)
        err_errno(e, "%s", path);
    return opened;
}
