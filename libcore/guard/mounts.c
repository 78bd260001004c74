/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/enter.h"
#include "guard/user_namespace.h"

enum { LINKS_MAX = 40, XATTR_MAX = 4096, MOUNTINFO_MAX = 16 << 20 };

/* Makes the directories on the way to the relative path. */
static bool make_parents(int dev, const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *p = strchr(copy, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (mkdirat(dev, copy, 0755) < 0 && errno != EEXIST)
            return false;
        *p = '/';
    }
    return true;
}

/* Labels and lists of access. Neither is there on most nodes; a node with another label than the host's would be refused
 * to QEMU where it looks right. */
static bool copy_attributes(int from, int dev, const char *to)
{
    static const char *const names[] = { "security.selinux", "system.posix_acl_access" };
    char value[XATTR_MAX], a[40], b[40];
    autoclose int fd = openat(dev, to, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    snprintf(a, sizeof a, "/proc/self/fd/%d", from);
    snprintf(b, sizeof b, "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ssize_t n = getxattr(a, names[i], value, sizeof value);
        if (n > 0 && setxattr(b, names[i], value, (size_t)n, 0) < 0 && errno != EOPNOTSUPP)
            return false;
    }
    return true;
}

static bool copy_node(int from, const struct stat *st, int dev, const char *path)
{
    if (mknodat(dev, path, st->st_mode, st->st_rdev) < 0)
        return errno == EEXIST;
    if (fchownat(dev, path, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 || fchmodat(dev, path, st->st_mode & 07777, 0) < 0)
        return false;
    return copy_attributes(from, dev, path);
}

/* "/dev/mapper/../dm-0" as "/dev/dm-0". False if that is too long. */
static bool flatten(char *path, char out[PATH_MAX])
{
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(path, "/", &rest); word; word = strtok_r(NULL, "/", &rest)) {
        if (streq(word, "."))
            continue;
        if (streq(word, "..")) {
            while (n && out[--n] != '/')
                ;
            continue;
        }
        int len = snprintf(out + n, PATH_MAX - n, "/%s", word);
        if (len < 0 || (size_t)len >= PATH_MAX - n)
            return false;
        n += (size_t)len;
    }
    out[n] = '\0';
    return true;
}

/* path, which is below /dev, with all links on the way to the node itself. What leads out of /dev is for the mounts
 * that stay, or not for QEMU. */
static bool copy_path(int dev, const char *path)
{
    char now[PATH_MAX], target[PATH_MAX], next[PATH_MAX + PATH_MAX];
    snprintf(now, sizeof now, "%s", path);
    for (int i = 0; i < LINKS_MAX && str_starts(now, "/dev/"); i++) {
        struct stat st;
        const char *name = now + strlen("/dev/");
        autoclose int fd = open(now, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
            return true;
        if (!make_parents(dev, name))
            return false;
        if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
            return copy_node(fd, &st, dev, name);
        ssize_t n = S_ISLNK(st.st_mode) ? readlinkat(fd, "", target, sizeof target - 1) : -1;
        if (n <= 0)
            return true;
        target[n] = '\0';
        if (symlinkat(target, dev, name) < 0 ? errno != EEXIST : !copy_attributes(fd, dev, name))
            return false;
        snprintf(next, sizeof next, "%.*s/%s", *target == '/' ? 0 : (int)(strrchr(now, '/') - now), now, target);
        if (!flatten(next, now))
            return true;
    }
    return true;
}

/* Field 5 of a line of mountinfo, with its \040 and the like as they are; NULL if it is not below /dev. */
static char *mount_point(char *line)
{
    char *p = line;
    for (int i = 0; i < 4 && p; i++)
        p = (p = strchr(p, ' ')) ? p + 1 : NULL;
    if (!p || !str_starts(p, "/dev/"))
        return NULL;
    p[strcspn(p, " ")] = '\0';
    char *to = p;
    for (const char *from = p; *from; to++) {
        unsigned c;
        if (*from == '\\' && sscanf(from + 1, "%3o", &c) == 1) {
            *to = (char)c;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return p;
}

static bool keep_mount(struct enter *x, int dev, const char *path, struct notes *notes, struct err *e)
{
    struct enter_mounts *m = &x->mounts;
    struct stat st;
    for (size_t i = 0; i < m->kept.n; i++)
        if (streq(m->kept.v[i]->path, path))
            return true;
    /* One below another that stays has its place there. */
    int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || x->n_fds > ENTER_FDS - 4) {
        if (fd >= 0)
            close(fd);
        note_add(notes, "%s is not in the guest's /dev", path);
        return true;
    }
    const char *name = path + strlen("/dev/");
    if (!make_parents(dev, name) || (S_ISDIR(st.st_mode) ? mkdirat(dev, name, 0755) : mknodat(dev, name, S_IFREG | 0600, 0)) < 0) {
        int error = errno;
        if (error != EEXIST) {
            close(fd);
            errno = error;
            return err_errno(e, "private /dev: %s", path);
        }
    }
    struct kept_mount *k = arena_alloc(m->arena, sizeof *k);
    k->path = arena_strdup(m->arena, path);
    list_add(m->arena, &m->kept, k);
    return enter_hold(x, fd, &k->fd, e);
}

static bool keep_mounts(struct enter *x, int dev, struct notes *notes, struct err *e)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, false, &text) < 0)
        return err_errno(e, "/proc/self/mountinfo");
    for (char *line = text.p, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        const char *path = mount_point(line);
        if (path && !keep_mount(x, dev, path, notes, e))
            return false;
    }
    return true;
}

static int new_tmpfs(void)
{
    autoclose int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

static bool make_nodes(const struct enter_mounts *m, int dev)
{
    mode_t old = umask(0);
    bool ok = true;
    for (size_t i = 0; i < m->nodes.n && ok; i++)
        ok = copy_path(dev, m->nodes.v[i]);
    umask(old);
    return ok;
}

/* The directories have the host's labels last: policies let nobody make nodes in what is labelled as /dev. Mount points have
 * those of what is mounted. */
static bool label_directories(int host, int dev)
{
    struct stat root, st;
    autoclose int again = openat(dev, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autodir DIR *d = again < 0 ? NULL : fdopendir(steal_fd(&again));
    if (!d || !copy_attributes(host, dev, ".") || fstat(host, &root) < 0)
        return false;
    for (struct dirent *f; (f = readdir(d));) {
        if (f->d_type != DT_DIR || streq(f->d_name, ".") || streq(f->d_name, ".."))
            continue;
        autoclose int from = openat(host, f->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        autoclose int to = openat(dev, f->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (from >= 0 && to >= 0 && fstat(from, &st) == 0 && st.st_dev == root.st_dev && !label_directories(from, to))
            return false;
    }
    return true;
}

bool mounts_prepare(struct enter *x, struct notes *notes, struct err *e)
{
    struct enter_mounts *m = &x->mounts;
    if (!m->dev)
        return true;
    int dev = new_tmpfs();
    autoclose int host = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool made = dev >= 0 && make_nodes(m, dev);
    if (made && !keep_mounts(x, dev, notes, e)) {
        close(dev);
        return false;
    }
    if (made && label_directories(host, dev))
        return enter_hold(x, dev, &m->dev_fd, e);
    err_errno(e, "cannot make a private /dev");
    if (dev >= 0)
        close(dev);
    if (m->asked)
        err_add(e, " (try: namespaces = [] in qemu.conf)");
    else
        note_add(notes, "%s: the guest sees the host's", e->text);
    /* Whoever cannot mount this cannot hide anything either. */
    m->dev = m->hides_monitors = false;
    m->hidden.n = m->kept.n = 0;
    return !m->asked;
}

bool mounts_enter(const struct enter *x)
{
    const struct enter_mounts *m = &x->mounts;
    if (!m->dev_fd && !m->hidden.n)
        return true;
    if (m->own_users ? !user_namespace_enter() : unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return false;
    if (m->dev_fd && move_mount(x->fds[m->dev_fd - 1], "", AT_FDCWD, "/dev", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return false;
    for (size_t i = 0; i < m->kept.n; i++)
        if (move_mount(x->fds[m->kept.v[i]->fd - 1], "", AT_FDCWD, m->kept.v[i]->path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
            return false;
    for (size_t i = 0; i < m->hidden.n; i++)
        if (mount("none", m->hidden.v[i], "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "size=4k,mode=555") < 0 &&
            errno != ENOENT)
            return false;
    return true;
}
