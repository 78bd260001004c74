/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cgroup_scope.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "guard/cgroup.h"
#include "guard/cgroup_systemd.h"
#include "store/claim.h"

enum { BUS_MS = 10000, HOLD_MS = 60000, GONE_MS = 5000, UNIT_LEN = 200 };

/* The path of the system bus: that of the environment, if it is one (D-Bus specification, "Server Addresses"). */
static void bus_path(char *to, size_t size)
{
    const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
    if (!address || !str_starts(address, "unix:path="))
        address = "unix:path=/run/dbus/system_bus_socket";
    address += strlen("unix:path=");
    snprintf(to, size, "%.*s", (int)strcspn(address, ",;"), address);
}

bool scope_possible(const char **why)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    *why = NULL;
    if (access("/run/systemd/system", F_OK) < 0)
        return false;
    *why = systemd_missing();
    bus_path(to.sun_path, sizeof to.sun_path);
    autoclose int fd = *why ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return true;
    if (!*why)
        *why = "there is no system bus";
    return false;
}

/* systemd.unit(5), "String Escaping for Inclusion in Unit Names". */
static void add_escaped(struct str *s, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (isalnum(*p) || *p == ':' || *p == '_' || (*p == '.' && s->len))
            str_addc(s, (char)*p);
        else
            str_addf(s, "\\x%02x", *p);
}

const char *scope_unit(struct arena *a, const char *name, const char *unique)
{
    autostr struct str s = STR_INIT;
    char claim[CLAIM_NAME];
    str_add(&s, "machine-");
    add_escaped(&s, arena_printf(a, "qemu-%s%s%s", name, unique ? "-" : "", unique ? unique : ""));
    if (s.len > UNIT_LEN) {
        claim_guest_name(claim, unique ? unique : "", name);
        str_clear(&s);
        str_addf(&s, "machine-qemu\\x2d%s", claim + strlen("guest-"));
    }
    str_add(&s, ".scope");
    return arena_strdup(a, str_text(&s));
}

const char *scope_slice(struct arena *a, const char *partition, const char **path, struct err *e)
{
    autostr struct str slice = STR_INIT, place = STR_INIT;
    const char *at, *word;
    partition = at = partition ? partition : "/machine";
    while (cgroup_partition_next(a, partition, &at, &word, e)) {
        if (!word) {
            *path = arena_strdup(a, str_text(&place));
            str_add(&slice, ".slice");
            return arena_strdup(a, str_text(&slice));
        }
        if (slice.len)
            str_addc(&slice, '-');
        add_escaped(&slice, word);
        str_addf(&place, "%s%s.slice", place.len ? "/" : "", str_text(&slice));
    }
    return NULL;
}

static void value_of(const char *wanted, const char *key, char *to, size_t size)
{
    const char *p = strstr(wanted, key);
    p = p ? p + strlen(key) : "";
    snprintf(to, size, "%.*s", (int)strcspn(p, " "), p);
}

static bool has_process(const char *group)
{
    autostr struct str text = STR_INIT;
    autoclose int fd = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && file_read_at(fd, "cgroup.procs", 1 << 20, false, &text) == 0 && text.len > 0;
}

/* Leaves the scope's own group, in which no process may be when its controllers are for groups below it (version 2). */
static bool step_aside(const char *group)
{
    autoclose int scope = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (scope < 0 || faccessat(scope, "cgroup.controllers", F_OK, 0) < 0)
        return true;
    if (mkdirat(scope, "start", 0755) < 0 && errno != EEXIST)
        return false;
    autoclose int fd = openat(scope, "start/cgroup.procs", O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, "0", 1) == 1;
}

static void hold(const char *scope)
{
    char group[PATH_MAX];
    snprintf(group, sizeof group, "%s/libvirt", scope);
    long long until = now_ms() + HOLD_MS;
    bool seen = false;
    while (now_ms() < until && !has_process(group)) {
        bool there = access(group, F_OK) == 0;
        if (seen && !there)
            return; /* the start was undone */
        seen = seen || there;
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    }
}

/* The child: in the scope, with nothing of its parent's open but the pipe. */
static _Noreturn void be_first(int pipe, const char *unit, const char *slice, const char *group)
{
    char why[256] = "";
    if (pipe != 3)
        dup2(pipe, 3);
    syscall(SYS_close_range, 4, ~0U, 0);
    struct systemd_scope scope = { .unit = unit, .slice = slice, .pid = { getpid() }, .n = 1 };
    if (systemd_start_scope(&scope, BUS_MS, why, sizeof why) && !step_aside(group))
        snprintf(why, sizeof why, "cannot move within its group: %s", strerror(errno));
    ssize_t n = write(3, why, strlen(why) + 1);
    close(3);
    if (n > 0 && !*why)
        hold(group);
    _exit(0);
}

bool scope_apply(const struct row *row, const struct row_context *c, struct err *e)
{
    char slice[NAME_MAX + 1], unit[NAME_MAX + 1], why[256] = "";
    int pipes[2];
    (void)c;
    value_of(row->wanted, "slice=", slice, sizeof slice);
    value_of(row->wanted, "unit=", unit, sizeof unit);
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return err_errno(e, "%s", unit);
    pid_t child = fork();
    if (child == 0) {
        /* Nobody has to wait for who waits in the scope. */
        if (fork() == 0)
            be_first(pipes[1], unit, slice, row->object);
        _exit(0);
    }
    close(pipes[1]);
    struct pollfd p = { pipes[0], POLLIN, 0 };
    if (child > 0)
        waitpid(child, NULL, 0);
    ssize_t n = child > 0 && poll(&p, 1, BUS_MS + 1000) > 0 ? read(pipes[0], why, sizeof why - 1) : 0;
    close(pipes[0]);
    if (n <= 0)
        return err_set(e, ST_TIMEOUT, "systemd did not make %s", unit);
    return !*why || err_set(e, ST_FAILED, "systemd did not make %s: %s", unit, why);
}

/* A user's own systemd, by his own bus (pam_systemd(8), sd_bus_open_user(3)). */
static bool user_bus(void)
{
    const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *dir = getenv("XDG_RUNTIME_DIR");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/bus", dir ? dir : "");
    return address || (dir && access(path, F_OK) == 0);
}

pid_t scope_of_processes(const struct journal *j, pid_t qemu, pid_t reaper, const char **why)
{
    char unit[NAME_MAX + 1], said[256];
    bool user = geteuid() != 0, scoped = false;
    struct systemd_scope s = { .unit = unit, .slice = user ? "app.slice" : "system.slice", .pid = { reaper, qemu }, .n = user ? 2 : 1,
                               .user = user };
    *why = NULL;
    for (size_t i = 0; i < j->rows.n; i++)
        scoped = scoped || streq(j->rows.v[i]->kind, "scope");
    if (user && access("/run/systemd/system", F_OK) == 0) {
        *why = systemd_missing();
        if (!*why && !user_bus())
            *why = "there is no bus of this user's";
        scoped = !*why;
    }
    snprintf(unit, sizeof unit, "vmutils-%s-%s.scope", user ? "guest" : "reap", j->start);
    pid_t child = scoped ? fork() : -1;
    if (child != 0)
        return child > 0 ? child : 0;
    syscall(SYS_close_range, 3, ~0U, 0);
    _exit(systemd_start_scope(&s, BUS_MS, said, sizeof said) ? 0 : 1);
}

enum undo scope_undo(const struct row *row, const struct row_context *c, struct err *e)
{
    char unit[NAME_MAX + 1], why[256] = "";
    value_of(row->wanted, "unit=", unit, sizeof unit);
    if (!c->same_boot)
        return UNDO_DONE;
    bool stopped = access(row->object, F_OK) < 0 || systemd_stop_unit(unit, BUS_MS, why, sizeof why);
    /* The name must be free for the next start. */
    for (long long until = now_ms() + GONE_MS; stopped && access(row->object, F_OK) == 0 && now_ms() < until;)
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    if (stopped)
        return UNDO_DONE;
    err_set(e, ST_FAILED, "%s: %s: left to systemd: %s", row->why, unit, why);
    return UNDO_LEFT;
}
