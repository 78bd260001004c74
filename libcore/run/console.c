/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/console.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "domain/chardev.h"
#include "qemu/qmp.h"
#include "store/alive.h"
#include "store/lock.h"

enum { LIVE_MAX = 16 << 20, CONNECT_MS = 5000, TAKE_OVER_MS = 3000, DEVPTS_MAGIC = 0x1cd1, ROOM = 65536 };

/* live.xml is "<domstatus …>", the domain, "</domstatus>". */
static struct domain *read_live(const struct look *l, struct arena *a, struct err *e)
{
    autostr struct str text = STR_INIT;
    struct notes notes = { .arena = a };
    struct parse p = { .arena = a, .file = "live.xml", .notes = &notes, .err = e };
    if (file_read_at(l->dir, "live.xml", LIVE_MAX, true, &text) < 0) {
        err_errno(e, "%s: live.xml", l->name);
        return NULL;
    }
    char *domain = memchr(text.p, '\n', text.len), *end = strstr(text.p, "</domstatus>");
    if (!domain || !end || end < domain) {
        err_set(e, ST_FAILED, "%s: live.xml is damaged", l->name);
        return NULL;
    }
    struct domain *d = domain_parse(domain + 1, (size_t)(end - domain - 1), &p);
    if (!d)
        err_wrap(e, "%s", l->name);
    return d;
}

static const struct chardev *choose(const struct devices *d, const char *alias)
{
    if (!alias)
        return d->consoles.n ? d->consoles.v[0] : d->serials.n ? d->serials.v[0] : NULL;
    for (size_t i = 0; i < d->consoles.n + d->serials.n; i++) {
        const struct chardev *c = i < d->serials.n ? d->serials.v[i] : d->consoles.v[i - d->serials.n];
        if (streq(c->info.alias, alias))
            return c;
    }
    return NULL;
}

/* The user that QEMU's files on devpts belong to: that of its file system uid. */
static bool qemu_user(pid_t pid, uid_t *uid)
{
    char path[40];
    unsigned ids[4];
    autostr struct str text = STR_INIT;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (file_read_at(AT_FDCWD, path, 1 << 16, false, &text) < 0)
        return false;
    const char *line = strstr(str_text(&text), "\nUid:");
    if (!line || sscanf(line + 5, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]) != 4)
        return false;
    *uid = ids[3];
    return true;
}

/* The name came from QEMU, which may want us to open, and write to, something else. */
static int open_pty(const struct look *l, const char *path, struct err *e)
{
    struct stat st;
    struct statfs fs;
    uid_t uid;
    autoclose int fd = open(path, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0) {
        err_errno(e, "%s: %s", l->name, path);
        return -1;
    }
    if (!qemu_user(l->s.pid, &uid) || !S_ISCHR(st.st_mode) || fs.f_type != DEVPTS_MAGIC || st.st_uid != uid) {
        err_set(e, ST_PERM, "%s: %s is not a terminal of QEMU's, so it is not used", l->name, path);
        return -1;
    }
    return steal_fd(&fd);
}

static int open_tcp(const struct look *l, const char *host, const char *port, struct err *e)
{
    struct addrinfo hint = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    int fd = -1, why = getaddrinfo(host, port, &hint, &list);
    if (why)
        err_set(e, ST_FAILED, "%s: %s:%s: %s", l->name, host ? host : "", port ? port : "", gai_strerror(why));
    for (struct addrinfo *one = list; one && fd < 0; one = one->ai_next) {
        fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
        if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) < 0) {
            err_errno(e, "%s: %s:%s", l->name, host, port);
            close(fd);
            fd = -1;
        }
    }
    if (list)
        freeaddrinfo(list);
    return fd;
}

static int open_device(const struct look *l, const struct chardev *c, struct err *e)
{
    const struct chardev_source *s = chardev_first(&c->host);
    const char *alias = c->info.alias ? c->info.alias : "console";
    bool listens = s->mode == SOCKET_BIND || s->mode == SOCKET_SERVER;
    int fd = -1;
    if (c->host.type == CHARDEV_PTY && s->path) {
        fd = open_pty(l, s->path, e);
    } else if (c->host.type == CHARDEV_UNIX && listens && s->path) {
        fd = unix_connect(AT_FDCWD, s->path, now_ms() + CONNECT_MS, e);
        if (fd < 0)
            err_wrap(e, "%s: %s", l->name, alias);
    } else if (c->host.type == CHARDEV_TCP && listens && c->host.protocol <= TCP_RAW) {
        fd = open_tcp(l, s->host, s->service, e);
    } else {
        err_set(e, ST_FAILED, "%s: %s is of type '%s'%s, which cannot be opened from here (try: --device, another alias)",
                l->name, alias, chardev_type_names[c->host.type], c->host.type == CHARDEV_PTY ? " without a path" : "");
    }
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

/* Ends the program that has the lock, by the pid and start time that it left there. */
static void send_away(const struct look *l)
{
    pid_t pid;
    unsigned long long start;
    if (!lock_holder(l->dir, "console.lock", &pid, &start))
        return;
    autoclose int pidfd = proc_open((struct proc_id){ pid, start });
    if (pidfd >= 0 && proc_signal(pidfd, SIGHUP) == 0 && !proc_wait(pidfd, now_ms() + TAKE_OVER_MS))
        proc_signal(pidfd, SIGKILL);
}

static int take_lock(const struct look *l, bool force, struct err *e)
{
    char label[300];
    snprintf(label, sizeof label, "%s: its console", l->name);
    int fd = lock_take(l->dir, "console.lock", LOCK_EXCLUSIVE, 0, label, "vm-console", e);
    if (fd >= 0 || e->status != ST_BUSY)
        return fd;
    if (!force) {
        err_add(e, " (try: --force)");
        return -1;
    }
    send_away(l);
    return lock_take(l->dir, "console.lock", LOCK_EXCLUSIVE, now_ms() + TAKE_OVER_MS, label, "vm-console", e);
}

bool console_open(struct console *c, const struct look *guest, const char *alias, bool force, struct err *e)
{
    autoarena struct arena *a = arena_new();
    *c = (struct console){ .guest = guest, .lock = -1, .fd = -1 };
    if (!look_need_on(guest, false, e))
        return false;
    struct domain *d = read_live(guest, a, e);
    if (!d)
        return false;
    const struct chardev *device = choose(d->devices, alias);
    if (!device && alias)
        return err_set(e, ST_NOENT, "%s: has no serial port or console '%s'", guest->name, alias);
    if (!device)
        return err_set(e, ST_NOENT, "%s: has no serial port and no console", guest->name);
    c->lock = take_lock(guest, force, e);
    if (c->lock < 0)
        return false;
    c->fd = open_device(guest, device, e);
    if (c->fd < 0)
        console_close(c);
    return c->fd >= 0;
}

void console_close(struct console *c)
{
    if (c->fd >= 0)
        close(c->fd);
    if (c->lock >= 0)
        close(c->lock);
    c->fd = c->lock = -1;
}

struct pump {
    struct console *c;
    int in, out, wake;
    bool tty, left;
    char typed[ROOM];
    size_t n;
};

/* Takes what is typed up to the escape character. On a terminal that outruns the guest the rest is dropped: what
 * follows must be seen. */
static bool take_input(struct pump *p)
{
    char bytes[4096];
    size_t room = sizeof p->typed - p->n;
    ssize_t n = read(p->in, bytes, p->tty || room > sizeof bytes ? sizeof bytes : room);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n <= 0) {
        p->in = -1;
        return true;
    }
    const char *escape = memchr(bytes, CONSOLE_ESCAPE, (size_t)n);
    size_t take = escape ? (size_t)(escape - bytes) : (size_t)n;
    memcpy(p->typed + p->n, bytes, take < room ? take : room);
    p->n += take < room ? take : room;
    p->left = escape != NULL;
    return true;
}

static bool give_input(struct pump *p)
{
    ssize_t n = write(p->c->fd, p->typed, p->n);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    p->n -= (size_t)n;
    memmove(p->typed, p->typed + n, p->n);
    return true;
}

/* False at the end of the device, or of whoever reads us. */
static bool take_output(struct pump *p)
{
    char bytes[16384];
    ssize_t n = read(p->c->fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    return n > 0 && write_all(p->out, bytes, (size_t)n) == 0;
}

static enum console_end last_words(struct pump *p)
{
    struct pollfd d = { .fd = p->c->fd, .events = POLLIN };
    while (poll(&d, 1, 0) > 0 && (d.revents & POLLIN) && take_output(p))
        ;
    return CONSOLE_OVER;
}

/* Writing to a socket that has closed, or to an out that nobody reads, is an end here and no signal. */
static enum console_end pump(struct pump *p, struct err *e)
{
    for (;;) {
        bool want = !p->left && (p->tty || p->n < sizeof p->typed);
        struct pollfd f[] = {
            { .fd = p->c->fd, .events = (short)(POLLIN | (p->n ? POLLOUT : 0)) },
            { .fd = want ? p->in : -1, .events = POLLIN },
            { .fd = p->out, .events = 0 },
            { .fd = p->c->guest->pidfd, .events = POLLIN },
            { .fd = p->wake, .events = POLLIN },
        };
        if (poll(f, sizeof f / sizeof *f, -1) < 0) {
            if (errno == EINTR)
                continue;
            err_errno(e, "poll");
            return CONSOLE_FAILED;
        }
        if (f[4].revents)
            return CONSOLE_SIGNAL;
        if (f[2].revents & (POLLERR | POLLHUP))
            return CONSOLE_OVER;
        if (f[1].revents)
            take_input(p);
        if (p->n && (f[0].revents & POLLOUT) && !give_input(p))
            return last_words(p);
        if (p->left && (!p->n || p->tty))
            return CONSOLE_LEFT;
        if (f[0].revents & (POLLIN | POLLHUP | POLLERR) && !take_output(p))
            return CONSOLE_OVER;
        if (f[3].revents)
            return last_words(p);
    }
}

enum console_end console_run(struct console *c, int in, int out, int wake, bool tty, struct err *e)
{
    struct pump p = { .c = c, .in = in, .out = out, .wake = wake, .tty = tty };
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    sigaction(SIGPIPE, &ignore, &before);
    enum console_end how = pump(&p, e);
    sigaction(SIGPIPE, &before, NULL);
    return how;
}
