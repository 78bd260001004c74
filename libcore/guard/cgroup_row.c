/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/cgroup.h"
#include "guard/cgroup_bpf.h"
#include "guard/cgroup_scope.h"

enum { UNDO_MS = 5000, EMPTY_MS = 500, DEPTH = 3, TRIES = 20, VALUE_MAX = 1 << 20 };

/* Whose group it is: an attribute of the directory, so that nothing of a stranger's is ever killed or removed. */
static const char *const marks[] = { "trusted.vmutils", "user.vmutils" };

static void set_mark(int fd, const char *text)
{
    char self[40];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (setxattr(self, marks[i], text, strlen(text), 0) == 0)
            return;
}

static bool has_mark(int fd, const char *text)
{
    char self[40], is[80];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        ssize_t n = getxattr(self, marks[i], is, sizeof is);
        if (n > 0 && (size_t)n == strlen(text) && memcmp(is, text, (size_t)n) == 0)
            return true;
    }
    return false;
}

static bool is_cgroup(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && (fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

static int open_dir(int at, const char *path)
{
    int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && !is_cgroup(fd)) {
        close(fd);
        errno = ENOTDIR;
        return -1;
    }
    return fd;
}

static bool read_file(int dir, const char *name, struct str *out)
{
    str_clear(out);
    return file_read_at(dir, name, VALUE_MAX, true, out) == 0;
}

static bool write_file(int dir, const char *name, const char *value)
{
    autoclose int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
}

/* The next word of *p, which is moved behind it; 0 at the end of the line. */
static size_t word(const char **p, const char **start)
{
    *p += strspn(*p, " \t");
    *start = *p;
    size_t n = strcspn(*p, " \t\n");
    *p += n;
    return n;
}

/* Numbers are the same where the kernel rounds to pages, and -1 is its largest. */
static bool same_word(const char *wanted, size_t n, const char *is, size_t m)
{
    if (n == m && strncmp(wanted, is, n) == 0)
        return true;
    unsigned long long w = strtoull(wanted, NULL, 10), i = strtoull(is, NULL, 10);
    if (!isdigit((unsigned char)*is))
        return false;
    if (*wanted == '-')
        return i >= 1ULL << 62;
    return isdigit((unsigned char)*wanted) && w >= i && w - i < (unsigned long long)sysconf(_SC_PAGESIZE) && w >= 1U << 20;
}

/* Whether the line has every word of wanted, wherever it stands ("7:0 rbps=1000" in "7:0 rbps=1000 wbps=max"). */
static bool line_has(const char *line, const char *wanted)
{
    const char *w, *is;
    size_t n, m;
    while ((n = word(&wanted, &w))) {
        bool found = false;
        for (const char *p = line; !found && (m = word(&p, &is));)
            found = same_word(w, n, is, m);
        if (!found)
            return false;
    }
    return true;
}

static bool has_value(const char *text, const char *wanted)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (line_has(line, wanted))
            return true;
    return false;
}

/* "+cpu" in every cgroup.subtree_control from the mount point down to the group. Only the topmost of all may hold
 * processes beside groups with controllers. */
static bool enable(const char *mount, const char *group, const char *controllers, struct err *e)
{
    autostr struct str is = STR_INIT;
    size_t n = strlen(mount);
    for (const char *end = group + n;; end = strchrnul(end + 1, '/')) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%.*s", (int)(end - group), group);
        autoclose int fd = open_dir(AT_FDCWD, path);
        if (fd < 0 || !read_file(fd, "cgroup.subtree_control", &is))
            return err_errno(e, "%s", path);
        const char *p = controllers, *w;
        for (size_t len; (len = word(&p, &w));) {
            char one[40];
            snprintf(one, sizeof one, "%.*s", (int)len, w);
            if (!has_value(str_text(&is), one + 1) && !write_file(fd, "cgroup.subtree_control", one))
                return err_errno(e, "%s/cgroup.subtree_control: cannot add %s", path, one);
        }
        if (!*end)
            break;
    }
    return true;
}

/* A new cpuset of version 1 has neither CPUs nor nodes, and takes no process. */
static void inherit_cpuset(int parent, int fd)
{
    static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
    autostr struct str mine = STR_INIT, theirs = STR_INIT;
    for (size_t i = 0; i < 2; i++)
        if (read_file(fd, files[i], &mine) && strspn(str_text(&mine), "\n ") == mine.len && read_file(parent, files[i], &theirs))
            write_file(fd, files[i], str_text(&theirs));
}

/* Opens the directory that path is in, whatever of it is missing below mount being made and marked as ours. */
static int open_parents(const char *path, const char *mount, struct err *e)
{
    autoclose int at = open_dir(AT_FDCWD, mount);
    if (at < 0) {
        err_errno(e, "%s", mount);
        return -1;
    }
    for (const char *p = path + strlen(mount), *slash; (slash = strchr(p + 1, '/')); p = slash) {
        char name[NAME_MAX + 1];
        snprintf(name, sizeof name, "%.*s", (int)(slash - p - 1), p + 1);
        bool made = mkdirat(at, name, 0755) == 0;
        int next = made || errno == EEXIST ? open_dir(at, name) : -1;
        if (next < 0) {
            err_errno(e, "%.*s", (int)(slash - path), path);
            return -1;
        }
        if (made)
            set_mark(next, "shared");
        inherit_cpuset(at, next);
        close(at);
        at = next;
    }
    return steal_fd(&at);
}

/* A process of the group or of one below it; 0: none, -1: one that is not in sight from here. */
static pid_t populated(int fd, int depth)
{
    autostr struct str text = STR_INIT;
    if (read_file(fd, "cgroup.procs", &text) && text.len)
        return atoi(str_text(&text)) > 0 ? atoi(str_text(&text)) : -1;
    pid_t found = 0;
    autoclose int again = depth ? open_dir(fd, ".") : -1;
    autodir DIR *d = again < 0 ? NULL : fdopendir(steal_fd(&again));
    for (struct dirent *f; d && !found && (f = readdir(d));) {
        autoclose int sub = f->d_type != DT_DIR || *f->d_name == '.' ? -1 : open_dir(fd, f->d_name);
        if (sub >= 0)
            found = populated(sub, depth - 1);
    }
    return found;
}

static void kill_members(int fd)
{
    autostr struct str text = STR_INIT;
    if (write_file(fd, "cgroup.kill", "1") || !read_file(fd, "cgroup.procs", &text))
        return;
    for (const char *p = str_text(&text); *p; p += strcspn(p, "\n"), p += *p == '\n') {
        char line[24];
        autostr struct str again = STR_INIT;
        pid_t pid = atoi(p);
        autoclose int pidfd = pid > 1 && pid != getpid() ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
        /* The pid may mean another process by now, which is not in the group. */
        snprintf(line, sizeof line, "%d", (int)pid);
        if (pidfd >= 0 && read_file(fd, "cgroup.procs", &again) && has_value(str_text(&again), line))
            syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    }
}

/* Removes the group and those below it, with what is in them. False: errno. */
static bool remove_group(int parent, const char *name, bool with_members, int depth, long long deadline)
{
    while (unlinkat(parent, name, AT_REMOVEDIR) < 0) {
        if (errno == ENOENT)
            return true;
        int why = errno;
        autoclose int fd = open_dir(parent, name);
        autoclose int again = fd < 0 ? -1 : open_dir(fd, ".");
        autodir DIR *d = again < 0 ? NULL : fdopendir(steal_fd(&again));
        if (!d || now_ms() >= deadline) {
            errno = why;
            return false;
        }
        if (with_members)
            kill_members(fd);
        for (struct dirent *f; (f = readdir(d));)
            if (f->d_type == DT_DIR && *f->d_name != '.' && depth && !remove_group(fd, f->d_name, with_members, depth - 1, deadline))
                return false;
        if (populated(fd, DEPTH) && !with_members) {
            errno = EBUSY;
            return false;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
    }
    return true;
}

/* The value of "key=" in the head of wanted, up to a blank or ';'. */
static const char *head_value(const char *wanted, const char *key, char *to, size_t size)
{
    const char *p = strstr(wanted, key);
    p = p ? p + strlen(key) : "";
    snprintf(to, size, "%.*s", (int)strcspn(p, " ;"), p);
    return to;
}

static bool allow_v1(int fd, const char *rules, struct err *e)
{
    autostr struct str now = STR_INIT;
    struct bpf_rule rule;
    if (!write_file(fd, "devices.deny", "a"))
        return err_errno(e, "devices.deny");
    for (const char *p = rules, *next; (next = bpf_rule_next(p, &rule)); p = next) {
        char text[64];
        p += strspn(p, ", ");
        snprintf(text, sizeof text, "%.*s", (int)(next - p), p);
        bool ok = write_file(fd, "devices.allow", text);
        if (!ok && errno == EPERM && text[strlen(text) - 1] == 'm') {
            text[strlen(text) - 1] = '\0';
            ok = write_file(fd, "devices.allow", text);
        }
        /* In a container: what the group above does not have, none below it can be given. */
        if (!ok && errno == EPERM)
            continue;
        if (!ok)
            return err_errno(e, "devices.allow: %s", text);
        if (!read_file(fd, "devices.list", &now) || !has_value(str_text(&now), text))
            return err_set(e, ST_FAILED, "devices.list: the kernel did not take %s", text);
    }
    return true;
}

/* A weight of one disk is of its scheduler: with none that has any, the kernel takes no such value. */
static bool not_set(const char *name, const char *value, int error, struct err *e)
{
    if (error == ENOENT)
        return err_set(e, ST_FAILED, "%s: this kernel does not have it", name);
    errno = error;
    err_errno(e, "%s: cannot set %s", name, value);
    if (error == EOPNOTSUPP && strstr(name, "weight") && strchr(value, ' '))
        err_add(e, " (try: modprobe bfq; echo bfq > /sys/dev/block/%.*s/queue/scheduler)", (int)strcspn(value, " "), value);
    return false;
}

/* files: "cpu.max", or several like "io.bfq.weight|io.weight", of which the first that is there and takes the value counts. */
static bool set_value(int fd, const char *files, const char *value, struct err *e)
{
    autostr struct str is = STR_INIT;
    char name[128];
    int error = ENOENT;
    for (const char *p = files; *p; p += strcspn(p, "|"), p += *p == '|') {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(p, "|"), p);
        bool set = write_file(fd, name, value);
        error = set ? 0 : errno == ENOENT ? error : errno;
        if (set || (errno != ENOENT && errno != EOPNOTSUPP))
            break;
    }
    if (error)
        return not_set(name, value, error, e);
    if (!read_file(fd, name, &is))
        return err_errno(e, "%s", name);
    if (has_value(str_text(&is), value))
        return true;
    return err_set(e, ST_FAILED, "%s: is %.*s after %s was set", name, (int)strcspn(str_text(&is), "\n"), str_text(&is), value);
}

static bool settings(int fd, const char *wanted, struct err *e)
{
    bool v2 = str_starts(wanted, "v2");
    for (const char *p = strchr(wanted, ';'); p; p = strchr(p, ';')) {
        char files[160];
        p += strspn(p, "; ");
        size_t n = strcspn(p, ";"), k = strcspn(p, "=");
        autofree char *value = k < n ? strndup(p + k + 1, n - k - 1) : NULL;
        snprintf(files, sizeof files, "%.*s", (int)k, p);
        if (!value)
            return err_set(e, ST_FAILED, "'%s' is no setting of a control group", files);
        bool devices = streq(files, "devices");
        if (devices && v2 ? !bpf_attach_rules(fd, value, e) : devices ? !allow_v1(fd, value, e) : !set_value(fd, files, value, e))
            return false;
    }
    return true;
}

/* Makes the directory, which another guest's end may take away from under us together with those above it. */
static int make(const char *path, const char *mount, const char *name, struct err *e)
{
    for (int i = 0; i < TRIES; i++) {
        autoclose int parent = open_parents(path, mount, e);
        if (parent < 0 && i < TRIES - 1 && e->status == ST_NOENT)
            continue;
        if (parent < 0)
            return -1;
        int r = mkdirat(parent, name, 0755);
        if (r < 0 && errno == EEXIST) {
            /* One that died at a moment when nobody knew of it; with processes it is somebody's. */
            autoclose int old = open_dir(parent, name);
            pid_t pid = old < 0 ? 0 : populated(old, DEPTH);
            if (pid) {
                err_set(e, ST_BUSY, "%s: the group is there already and has processes (pid %d)", path, (int)pid);
                return -1;
            }
            if (remove_group(parent, name, false, DEPTH, now_ms() + UNDO_MS))
                continue;
        }
        if (r < 0 && errno == ENOENT)
            continue;
        autoclose int fd = r < 0 ? -1 : open_dir(parent, name);
        if (fd < 0)
            break;
        inherit_cpuset(parent, fd);
        return steal_fd(&fd);
    }
    err_errno(e, "%s", path);
    return -1;
}

/* The first directory on the way that is a control group: where the hierarchy is mounted. */
static bool find_mount(const char *path, char mount[PATH_MAX])
{
    for (const char *p = path; (p = strchr(p + 1, '/'));) {
        snprintf(mount, PATH_MAX, "%.*s", (int)(p - path), path);
        autoclose int fd = open_dir(AT_FDCWD, mount);
        if (fd >= 0)
            return true;
    }
    return false;
}

static bool enable_above(const char *mount, const char *path, const char *wanted, struct err *e)
{
    char parent[PATH_MAX], controllers[128];
    head_value(wanted, " controllers=", controllers, sizeof controllers);
    for (char *p = controllers; (p = strchr(p, ','));)
        *p = ' ';
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    return !*controllers || enable(mount, parent, controllers, e);
}

static bool apply_group(const struct row *row, const struct row_context *c, struct err *e)
{
    char mount[PATH_MAX], mark[64];
    (void)c;
    if (!find_mount(row->object, mount))
        return err_set(e, ST_FAILED, "%s: %s is not below a mounted control group", row->why, row->object);
    autoclose int fd = make(row->object, mount, strrchr(row->object, '/') + 1, e);
    if (fd < 0)
        return err_wrap(e, "%s", row->why);
    set_mark(fd, head_value(row->wanted, " start=", mark, sizeof mark));
    return (enable_above(mount, row->object, row->wanted, e) && settings(fd, row->wanted, e)) ||
           err_wrap(e, "%s: %s", row->why, row->object);
}

/* Parent of the row's object: -1 with *gone where there is nothing left to undo. */
static int open_above(const struct row *row, const struct row_context *c, const char **name, bool *gone)
{
    char path[PATH_MAX];
    const char *slash = strrchr(row->object, '/');
    *gone = true;
    if (!c->same_boot || !slash || slash == row->object)
        return -1;
    *name = slash + 1;
    snprintf(path, sizeof path, "%.*s", (int)(slash - row->object), row->object);
    int fd = open_dir(AT_FDCWD, path);
    *gone = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
    return fd;
}

static enum undo undo_group(const struct row *row, const struct row_context *c, struct err *e)
{
    char mark[64];
    const char *name;
    bool gone;
    autoclose int parent = open_above(row, c, &name, &gone);
    if (gone)
        return UNDO_DONE;
    autoclose int fd = parent < 0 ? -1 : open_dir(parent, name);
    if (fd < 0 && errno == ENOENT)
        return UNDO_DONE;
    bool ours = fd >= 0 && has_mark(fd, head_value(row->wanted, " start=", mark, sizeof mark));
    pid_t pid = fd < 0 || ours ? 0 : populated(fd, DEPTH);
    if (pid) {
        err_set(e, ST_FAILED, "%s: %s has processes that are not the guest's (pid %d); left as it is", row->why, row->object, (int)pid);
        return UNDO_LEFT;
    }
    if (fd >= 0 && remove_group(parent, name, ours, DEPTH, now_ms() + UNDO_MS))
        return UNDO_DONE;
    err_errno(e, "%s: cannot remove %s", row->why, row->object);
    return UNDO_FAILED;
}

static bool apply_dir(const struct row *row, const struct row_context *c, struct err *e)
{
    (void)row, (void)c, (void)e;
    return true; /* made on the way to the group, as often as it must be */
}

static bool has_groups(int dir)
{
    autoclose int again = open_dir(dir, ".");
    autodir DIR *d = again < 0 ? NULL : fdopendir(steal_fd(&again));
    for (struct dirent *f; d && (f = readdir(d));)
        if (f->d_type == DT_DIR && *f->d_name != '.')
            return true;
    return false;
}

static enum undo undo_dir(const struct row *row, const struct row_context *c, struct err *e)
{
    const char *name;
    bool gone;
    (void)e;
    autoclose int parent = open_above(row, c, &name, &gone);
    autoclose int fd = parent < 0 ? -1 : open_dir(parent, name);
    if (fd < 0 || !(streq(row->before, "absent") || has_mark(fd, "shared")))
        return UNDO_DONE;
    /* Another guest may be in it; one that has just gone may be counted for a moment. */
    long long until = now_ms() + EMPTY_MS;
    while (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno == EBUSY && !has_groups(fd) && now_ms() < until)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    return UNDO_DONE;
}

const struct row_kind cgroup_kinds[] = {
    { "scope", scope_apply, scope_undo },
    { "cgroup", apply_group, undo_group },
    { "cgroup-dir", apply_dir, undo_dir },
    { NULL, NULL, NULL },
};

bool cgroup_show_devices(const char *dir, bool v2, struct str *out, struct err *e)
{
    autoclose int fd = open_dir(AT_FDCWD, dir);
    if (fd < 0)
        return err_errno(e, "%s", dir);
    if (v2)
        return bpf_show_rules(fd, out, e) || err_wrap(e, "%s", dir);
    return read_file(fd, "devices.list", out) || err_errno(e, "%s/devices.list", dir);
}
