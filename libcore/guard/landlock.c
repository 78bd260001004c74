/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guard/enter.h"
#include "host/object.h"

const char *landlock_words(struct arena *a, uint64_t access)
{
    static const struct {
        uint64_t right;
        const char *word;
    } words[] = {
        { LL_READ_FILE, "read" },     { LL_READ_DIR, "list" },      { LL_WRITE_FILE, "write" },
        { LL_TRUNCATE, "truncate" },  { LL_EXECUTE, "execute" },    { LL_IOCTL_DEV, "ioctl" },
        { LL_MAKE_REG, "create" },    { LL_MAKE_DIR, "mkdir" },     { LL_MAKE_SOCK, "bind" },
        { LL_REMOVE_FILE, "remove" },
    };
    autostr struct str text = STR_INIT;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (access & words[i].right)
            str_addf(&text, "%s%s", text.len ? " " : "", words[i].word);
    return arena_strdup(a, str_text(&text));
}

/* For the time of a look-up: where root is squashed (NFS) or a directory is only QEMU's user's. */
static void look_as(const struct enter_landlock *l, bool qemu)
{
    if (!l->privileged)
        return;
    setfsgid(qemu ? l->gid : getegid());
    setfsuid(qemu ? l->uid : geteuid());
}

static int open_path(const struct enter_landlock *l, const char *path, bool *as_qemu)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    *as_qemu = fd < 0 && errno == EACCES;
    if (!*as_qemu)
        return fd;
    look_as(l, true);
    fd = open(path, O_PATH | O_CLOEXEC);
    look_as(l, false);
    return fd;
}

/* As QEMU would do it, with no more right than its own. What fails is for QEMU to report. */
static int make_file(const struct enter_landlock *l, const char *path)
{
    look_as(l, true);
    mode_t old = umask(077);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    umask(old);
    look_as(l, false);
    return fd;
}

static void remove_socket(const struct enter_landlock *l, const char *path)
{
    struct stat st;
    look_as(l, true);
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
    look_as(l, false);
}

/* The same node in the guest's own /dev, where it will be another file. */
static bool add_private(int ruleset, const struct enter *x, int host, uint64_t access)
{
    char self[40], real[PATH_MAX];
    snprintf(self, sizeof self, "/proc/self/fd/%d", host);
    ssize_t n = x->mounts.dev_fd ? readlink(self, real, sizeof real - 1) : 0;
    real[n > 0 ? n : 0] = '\0';
    if (!str_starts(real, "/dev/"))
        return true;
    autoclose int fd = openat(x->fds[x->mounts.dev_fd - 1], real + strlen("/dev/"), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 || ruleset_allow_fd(ruleset, &x->landlock.wants, fd, access);
}

/* What the domain names may lie where others can give its name to another file since the plan was made: it must still be what
 * it was then, or be reached in a way that nobody could have made a trap. */
static int open_own(const struct enter_landlock *l, const struct landlock_rule *rule, struct err *e)
{
    bool as_qemu;
    autoclose int fd = open_path(l, rule->path, &as_qemu);
    struct identity now = fd < 0 ? (struct identity){ 0 } : identity_of(fd);
    if (fd < 0 || !l->privileged || !rule->own || identity_same(&rule->id, &now, true))
        return steal_fd(&fd);
    if (as_qemu)
        look_as(l, true);
    int safe = object_open(rule->path, NULL, e);
    if (as_qemu)
        look_as(l, false);
    return safe;
}

/* *fd -1: what cannot be found is not there for QEMU either. */
static bool find(const struct enter_landlock *l, const struct landlock_rule *rule, int *fd, struct err *e)
{
    struct err trap = { 0 };
    *fd = open_own(l, rule, &trap);
    if (*fd < 0 && errno == ENOENT && rule->create && (*fd = make_file(l, rule->path)) < 0)
        *fd = open_own(l, rule, &trap);
    if (*fd >= 0 || !trap.text[0] || trap.status == ST_NOENT)
        return true;
    *e = trap;
    return err_wrap(e, "%s", rule->why);
}

static bool add_rule(int ruleset, const struct enter *x, const struct landlock_rule *rule, struct err *e)
{
    const struct enter_landlock *l = &x->landlock;
    struct stat st;
    uint64_t access = rule->access;
    autoclose int fd = -1;
    if (!find(l, rule, &fd, e))
        return false;
    if (fd < 0)
        return true;
    if (rule->socket)
        remove_socket(l, rule->socket);
    if (fstat(fd, &st) == 0 && (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)))
        access |= LL_IOCTL_DEV;
    return (ruleset_allow_fd(ruleset, &l->wants, fd, access) && add_private(ruleset, x, fd, access)) ||
           err_errno(e, "Landlock: %s: %s", rule->why, rule->path);
}

bool landlock_prepare(struct enter *x, struct notes *notes, struct err *e)
{
    struct enter_landlock *l = &x->landlock;
    if (!l->abi)
        return true;
    int ruleset = ruleset_new(&l->wants);
    if (ruleset < 0) {
        note_add(notes, "Landlock cannot be used here (%s): the guest runs without it", strerror(errno));
        l->abi = 0;
        return true;
    }
    if (!enter_hold(x, ruleset, &l->fd, e))
        return false;
    for (size_t i = 0; i < l->rules.n; i++)
        if (!add_rule(ruleset, x, l->rules.v[i], e))
            return false;
    for (size_t i = 0; i < l->ports.n; i++)
        if (!ruleset_allow_port(ruleset, &l->wants, l->ports.v[i]->port, l->ports.v[i]->net))
            return err_errno(e, "Landlock: TCP port %u", (unsigned)l->ports.v[i]->port);
    return true;
}

bool landlock_enter(const struct enter *x)
{
    const struct enter_landlock *l = &x->landlock;
    return !l->fd || ruleset_enter_logged(x->fds[l->fd - 1], l->abi);
}
