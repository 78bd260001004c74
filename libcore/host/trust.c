/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "host/root.h"

/* A walk from / to a directory of which no step can have been chosen by a stranger. */
struct walk {
    const char *path; /* for messages */
    mode_t mode, parents;
    bool closed;
    bool links_only; /* directories may be anyone's, links are followed only if ours or root's */
    int fd;              /* the directory reached, O_PATH */
    int links;           /* symbolic links that may still be followed */
    char rest[PATH_MAX]; /* what is still to be walked */
};

/* Users whose umask is 002 have a group of their own, in which nobody else is: writable by it is
 * writable by the owner. */
static bool private_group(gid_t gid, uid_t uid)
{
    const struct passwd *pw = getpwuid(uid);
    if (!pw || pw->pw_gid != gid)
        return false;
    char user[256];
    snprintf(user, sizeof user, "%s", pw->pw_name);
    const struct group *g = getgrgid(gid);
    if (!g || !streq(g->gr_name, user))
        return false;
    for (char **m = g->gr_mem; m && *m; m++)
        if (!streq(*m, user))
            return false;
    return true;
}

static bool trusted(const struct walk *w, const struct stat *st, const char *name, struct err *e)
{
    const char *what = *name ? name : "/";
    if (w->links_only && !S_ISLNK(st->st_mode))
        return true;
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return err_set(e, ST_PERM, "%s is not trusted: '%s' on the way belongs to user id %u, not to root or to you",
                       w->path, what, (unsigned)st->st_uid);
    if (S_ISLNK(st->st_mode) || st->st_mode & S_ISVTX)
        return true;
    if (st->st_mode & S_IWOTH)
        return err_set(e, ST_PERM, "%s is not trusted: '%s' on the way is writable by everyone (try: chmod o-w)",
                       w->path, what);
    if (st->st_mode & S_IWGRP && st->st_gid != 0 && !private_group(st->st_gid, st->st_uid))
        return err_set(e, ST_PERM, "%s is not trusted: '%s' on the way is writable by group id %u (try: chmod g-w)",
                       w->path, what, (unsigned)st->st_gid);
    return true;
}

static bool start_at_root(struct walk *w, struct err *e)
{
    struct stat st;
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(e, "cannot open /");
    if (w->fd >= 0)
        close(w->fd);
    w->fd = fd;
    return trusted(w, &st, "", e);
}

/* The text of a link comes before what is left of the path. */
static bool follow(struct walk *w, int link, const char *name, struct err *e)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t n = readlinkat(link, "", target, sizeof target - 1);
    if (n < 0)
        return err_errno(e, "%s: cannot read the link '%s'", w->path, name);
    target[n] = '\0';
    memcpy(rest, w->rest, sizeof rest);
    if (w->links-- == 0 || (size_t)snprintf(w->rest, sizeof w->rest, "%.*s/%.*s", (int)n, target, (int)strlen(rest),
                                            rest) >= sizeof w->rest) {
        errno = ELOOP;
        return err_errno(e, "%s: '%s'", w->path, name);
    }
    return target[0] != '/' || start_at_root(w, e);
}

static bool step(struct walk *w, const char *name, struct err *e)
{
    autoclose int fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && w->mode) {
        bool last = !w->rest[strspn(w->rest, "/")];
        if (mkdirat(w->fd, name, last ? w->mode : w->parents) < 0 && errno != EEXIST)
            return err_errno(e, "cannot make directory %s: '%s'", w->path, name);
        autoclose int made = w->links_only ? openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        if (made >= 0)
            fchmod(made, w->mode); /* others must get through, whatever the umask */
        fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0)
        return err_errno(e, "cannot open directory %s: '%s'", w->path, name);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(e, "cannot look at %s: '%s'", w->path, name);
    if (!trusted(w, &st, name, e))
        return false;
    if (S_ISLNK(st.st_mode))
        return follow(w, fd, name, e);
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return err_errno(e, "cannot open directory %s: '%s'", w->path, name);
    }
    close(w->fd);
    w->fd = steal_fd(&fd);
    return true;
}

static bool walk_all(struct walk *w, struct err *e)
{
    if (!start_at_root(w, e))
        return false;
    for (;;) {
        char *p = w->rest + strspn(w->rest, "/");
        if (!*p)
            return true;
        size_t n = strcspn(p, "/");
        if (n > NAME_MAX) {
            errno = ENAMETOOLONG;
            return err_errno(e, "%s", w->path);
        }
        char name[NAME_MAX + 1];
        memcpy(name, p, n);
        name[n] = '\0';
        memmove(w->rest, p + n, strlen(p + n) + 1);
        if (!step(w, name, e))
            return false;
    }
}

static bool is_closed(const char *path, int fd, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(e, "cannot look at %s", path);
    if (st.st_uid != geteuid())
        return err_set(e, ST_PERM, "%s is not trusted: it belongs to user id %u, not to you", path,
                       (unsigned)st.st_uid);
    if (st.st_mode & 077)
        return err_set(e, ST_PERM, "%s is not trusted: its mode is %04o, which lets others in (try: chmod 0700 %s)",
                       path, (unsigned)st.st_mode & 07777, path);
    return true;
}

int dir_open_trusted(const char *path, mode_t mode, mode_t parents, bool closed, struct err *e)
{
    struct walk w = { .path = path, .mode = mode, .parents = parents, .closed = closed, .fd = -1, .links = 40 };
    int fd = -1;
    if (strlen(path) >= sizeof w.rest) {
        errno = ENAMETOOLONG;
        err_errno(e, "%s", path);
        return -1;
    }
    memcpy(w.rest, path, strlen(path) + 1);
    if (walk_all(&w, e)) {
        fd = dir_open_at(w.fd, ".");
        if (fd < 0)
            err_errno(e, "cannot open directory %s", path);
        else if (closed && !is_closed(path, fd, e)) {
            close(fd);
            fd = -1;
        }
    }
    if (w.fd >= 0)
        close(w.fd);
    return fd;
}

int dir_walk(const char *path, mode_t mode, struct err *e)
{
    struct walk w = { .path = path, .mode = mode, .parents = mode, .links_only = true, .fd = -1, .links = 40 };
    if (strlen(path) >= sizeof w.rest) {
        errno = ENAMETOOLONG;
        err_errno(e, "%s", path);
        return -1;
    }
    memcpy(w.rest, path, strlen(path) + 1);
    if (walk_all(&w, e))
        return w.fd;
    int error = errno;
    if (w.fd >= 0)
        close(w.fd);
    errno = error;
    return -1;
}
