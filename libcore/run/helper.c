/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/selinux.h"

enum { BEGIN_MS = 10000, LOG_MAX = 1 << 20 };

const char *helper_find(struct arena *a, const char *name, const char *const *dirs, size_t n, const char *package, struct err *e)
{
    static const char *const usual[] = { "/usr/bin", "/usr/libexec", "/usr/lib/qemu", "/usr/sbin", "/usr/local/bin" };
    for (size_t i = 0; i < n + sizeof usual / sizeof *usual; i++) {
        const char *path = arena_printf(a, "%s/%s", i < n ? dirs[i] : usual[i - n], name);
        if (*path == '/' && access(path, X_OK) == 0)
            return path;
    }
    err_set(e, ST_NOENT, "%s is not installed", name);
    if (package)
        err_add(e, " (try: apt-get install %s, or --bindir)", package);
    return NULL;
}

/* Bound through its directory, since a path may be long; it belongs to whom the directory belongs to. */
static int listen_at(const char *path, struct err *e)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    char dir[PATH_MAX];
    struct stat st, made;
    const char *slash = strrchr(path, '/');
    snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
    autoclose int parent = dir_walk(dir, 0, e);
    if (parent < 0)
        return -1;
    autoclose int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if ((size_t)snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d%s", parent, slash) >= sizeof to.sun_path)
        errno = ENAMETOOLONG;
    else if (s >= 0 && fchmod(s, 0600) == 0 && bind(s, (struct sockaddr *)&to, sizeof to) == 0 && listen(s, 4) == 0) {
        autoclose int made_fd = openat(parent, slash + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (made_fd >= 0 && fstat(parent, &st) == 0 && fstat(made_fd, &made) == 0 && S_ISSOCK(made.st_mode) &&
            ((st.st_uid == made.st_uid && st.st_gid == made.st_gid) || fchownat(made_fd, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) == 0))
            return steal_fd(&s);
    }
    err_errno(e, "cannot make the socket %s", path);
    return -1;
}

/* Goes on where the last start ended, as SELinux lets nobody remove logs; one that has become long is begun anew. The user of
 * the program may own the directory: no link is followed, and no second name of another file written to. */
static int open_log(const struct life *l, const struct plan_helper *h, struct err *e)
{
    char name[320];
    struct stat st;
    autoclose int dir = root_open(l->root, h->log, true, e);
    if (dir < 0)
        return -1;
    snprintf(name, sizeof name, "%.240s-%s.log", l->name, h->as.name);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > LOG_MAX)
        unlinkat(dir, name, 0);
    autoclose int fd = openat(dir, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_errno(e, "%s/%s", l->root->dir[h->log], name);
        return -1;
    }
    if (S_ISREG(st.st_mode) && st.st_nlink == 1)
        return steal_fd(&fd);
    err_set(e, ST_PERM, "%s/%s is not a file of its own", l->root->dir[h->log], name);
    return -1;
}

static char **words(struct arena *a, const char *const first[], size_t n_first, const void *list)
{
    const struct list *l = list;
    char **v = arena_array(a, n_first + l->n + 1, sizeof *v);
    for (size_t i = 0; i < n_first; i++)
        v[i] = arena_strdup(a, first[i]);
    for (size_t i = 0; i < l->n; i++)
        v[n_first + i] = l->v[i];
    return v;
}

/* What it inherits is the guest's, like what QEMU does. */
static bool open_own(const struct life *l, const struct plan *p, const struct plan_helper *h, int *log, int *socket, struct err *e)
{
    const struct enter_selinux *x = &p->enter.selinux, socket_of = { .label = h->as.socket_label, .image = x->image };
    *log = open_log(l, h, e);
    if (*log < 0 || !selinux_hand_over(x, *log, e) || !selinux_hand_over(x, p->claims[0], e) || !selinux_make(&socket_of, true, e))
        return false;
    *socket = listen_at(h->socket, e);
    struct err off = { 0 };
    bool ok = selinux_make(&socket_of, false, &off);
    if (*socket >= 0 && !ok)
        *e = off;
    return *socket >= 0 && ok;
}

static bool start_one(struct life *l, struct plan *p, struct plan_helper *h, long long deadline, struct notes *notes, struct err *e)
{
    static const char *const by_systemd[] = { "LISTEN_PID=", "LISTEN_FDS=1" };
    autoclose int log = -1, socket = -1, cwd = -1;
    if (!open_own(l, p, h, &log, &socket, e))
        return false;
    cwd = h->as.state ? dir_walk(h->as.state, 0, e) : -1;
    if ((h->as.state && cwd < 0) || !guard_prepare_helper(&h->as, notes, e))
        return false;
    h->as.enter.cgroup = p->enter.cgroup;
    struct child_helper c = { .cwd = cwd, .lock = l->lock, .enter = &h->as.enter, .pid_in_env = h->systemd, .s = -1 };
    c.image = (struct child_image){ .path = h->as.path, .in = -1, .out = log };
    c.image.argv = words(p->arena, &h->as.path, 1, &h->args);
    c.image.env = words(p->arena, by_systemd, h->systemd ? 2 : 0, &h->env);
    c.image.fds[c.image.n_fds++] = (struct child_fd){ socket, HELPER_SOCKET };
    c.image.fds[c.image.n_fds++] = (struct child_fd){ p->claims[0], HELPER_CLAIM };
    if (!child_helper_fork(&c, deadline, e))
        return false;
    struct proc_id id = proc_id_of(c.pid);
    if (journal_append_proc(l->journal, "helper", id, e)) {
        if (l->j.n_helpers < JOURNAL_HELPERS)
            l->j.helpers[l->j.n_helpers++] = id;
        return child_helper_go(&c, deadline, e);
    }
    close(c.s); /* it ends by itself */
    return false;
}

bool helpers_start(struct life *l, struct plan *p, long long deadline, struct notes *notes, struct err *e)
{
    long long begin = now_ms() + BEGIN_MS;
    if (p->helpers.n > JOURNAL_HELPERS)
        return err_set(e, ST_FAILED, "more than %d helpers for one guest", JOURNAL_HELPERS);
    for (size_t i = 0; i < p->helpers.n; i++) {
        struct plan_helper *h = p->helpers.v[i];
        bool ok = start_one(l, p, h, begin < deadline ? begin : deadline, notes, e);
        guard_release(&h->as.enter);
        if (!ok)
            return err_wrap(e, "%s", h->as.name);
    }
    return true;
}
