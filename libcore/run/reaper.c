/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "run/child.h"
#include "run/eventlog.h"

struct watch {
    const struct reaper *r;
    int pidfd, signals;
    pid_t dumper;
    bool ready, committed, dead, too_long;
    int status;         /* QEMU's wait status */
    int starter_status; /* in the foreground: exit status of the starter, -1 while it runs */
    int stops;          /* signals that asked for the end */
    size_t have;
    off_t logged;
};

/* Untouched pages of it cost nothing, so it is as large as a line may be. */
static char line[EVENT_LINE_MAX];

/* Where the value of that key begins, behind its colon; 0: there is no such key. */
static size_t top_value(const char *text, size_t n, const char *key)
{
    size_t len = strlen(key);
    int depth = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        else if (c == '"') {
            size_t from = ++i;
            while (i < n && text[i] != '"')
                i += text[i] == '\\' ? 2 : 1;
            size_t after = i + 1;
            while (after < n && text[after] == ' ')
                after++;
            if (depth == 1 && i < n && i - from == len && memcmp(text + from, key, len) == 0 && after < n &&
                text[after] == ':')
                return after + 1;
        }
    }
    return 0;
}

bool json_top_key(const char *text, size_t n, const char *key)
{
    return top_value(text, n, key) > 0;
}

bool json_top_text(const char *text, size_t n, const char *key, const char *value)
{
    size_t at = top_value(text, n, key), len = strlen(value);
    while (at && at < n && text[at] == ' ')
        at++;
    return at && n - at >= len + 2 && text[at] == '"' && memcmp(text + at + 1, value, len) == 0 && text[at + 1 + len] == '"';
}

static void tell_starter(char what, int value)
{
    struct child_report report = { .what = what, .value = value };
    send(REAP_START, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool plain_text(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 && text[i] != '\t')
            return false;
    return true;
}

static _Noreturn void run_dump(const struct watch *w)
{
    char path[4096];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(path, sizeof path, "%s/vm-start", w->r->bindir);
    execl(path, "vm-reap", "-q", "-c", w->r->uri, "--panicked", w->r->start, "--", w->r->name, (char *)NULL);
    _exit(127);
}

/* One at a time, however often QEMU says so. */
static void panicked(struct watch *w)
{
    if (w->dead || (w->dumper > 0 && waitpid(w->dumper, NULL, WNOHANG) == 0))
        return;
    w->dumper = fork();
    if (w->dumper == 0)
        run_dump(w);
}

static void take_line(struct watch *w, const char *text, size_t n)
{
    static const char hello[] = "{\"execute\": \"qmp_capabilities\"}\n";
    while (n && (text[n - 1] == '\r' || text[n - 1] == ' '))
        n--;
    if (!n || *text != '{')
        return;
    if (json_top_key(text, n, "event")) {
        if (plain_text(text, n))
            eventlog_line(REAP_DIR, text, n);
        if (w->r->dump && json_top_text(text, n, "event", "GUEST_PANICKED"))
            panicked(w);
    } else if (json_top_key(text, n, "QMP")) {
        send(REAP_EVENTS, hello, sizeof hello - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else if (!w->ready && json_top_key(text, n, "return")) {
        w->ready = true;
        tell_starter('r', 0);
    }
}

/* False at the end of the monitor. */
static bool read_events(struct watch *w)
{
    ssize_t n = recv(REAP_EVENTS, line + w->have, sizeof line - w->have, MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    if (n == 0)
        return false;
    w->have += (size_t)n;
    char *from = line, *end;
    while ((end = memchr(from, '\n', w->have - (size_t)(from - line)))) {
        if (!w->too_long)
            take_line(w, from, (size_t)(end - from));
        w->too_long = false;
        from = end + 1;
    }
    w->have -= (size_t)(from - line);
    memmove(line, from, w->have);
    if (w->have == sizeof line) {
        w->too_long = true;
        w->have = 0;
    }
    return true;
}

static void rotate_log(struct watch *w)
{
    char name[300], old[310];
    snprintf(name, sizeof name, "%s.log", w->r->name);
    snprintf(old, sizeof old, "%s.log.old", w->r->name);
    if (renameat(REAP_LOG_DIR, name, REAP_LOG_DIR, old) < 0)
        return;
    int fd = openat(REAP_LOG_DIR, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    dup3(fd, REAP_LOG, O_CLOEXEC);
    close(fd);
    w->logged = 0;
}

static bool read_log(struct watch *w)
{
    char buf[4096];
    ssize_t n = read(REAP_PIPE, buf, sizeof buf);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    if (n == 0)
        return false;
    if (write_all(REAP_LOG, buf, (size_t)n) == 0)
        w->logged += n;
    if (w->logged > REAP_LOG_MAX)
        rotate_log(w);
    return true;
}

static void sd_notify_ready(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t n = path ? strlen(path) : 0;
    if (!n || n >= sizeof to.sun_path || (*path != '/' && *path != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (*path == '@')
        *to.sun_path = '\0';
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    static const char ready[] = "READY=1\n";
    sendto(s, ready, sizeof ready - 1, MSG_NOSIGNAL, (struct sockaddr *)&to,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(s);
}

static void committed(struct watch *w)
{
    w->committed = true;
    close(REAP_START);
    if (!w->r->foreground)
        return;
    sd_notify_ready();
    if (w->r->notify) {
        ssize_t n = write(REAP_NOTIFY, "\n", 1);
        (void)n;
        close(REAP_NOTIFY);
    }
}

/* All that QEMU said before it died, as far as it is not endless: a process that it left behind may go on writing. */
static void drain(struct watch *w)
{
    struct pollfd p[2] = { { REAP_PIPE, POLLIN, 0 }, { REAP_EVENTS, POLLIN, 0 } };
    fcntl(REAP_PIPE, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 1024 && poll(p, 2, 0) > 0; i++) {
        if (p[0].revents && !read_log(w))
            p[0].fd = -1;
        if (p[1].revents && !read_events(w))
            p[1].fd = -1;
    }
}

static void qemu_died(struct watch *w)
{
    while (waitpid(w->r->qemu, &w->status, 0) < 0 && errno == EINTR)
        ;
    w->dead = true;
    drain(w);
    if (!w->committed)
        tell_starter('d', w->status);
}

static void kill_qemu(struct watch *w)
{
    if (w->dead)
        return;
    kill(w->r->qemu, SIGKILL); /* our child, not yet waited for: the pid is still its own */
    qemu_died(w);
}

/* What the starter says; its end before it committed ends the guest. Returns false when nothing is left to do. */
static bool hear_starter(struct watch *w, bool *gone)
{
    char c;
    ssize_t n = recv(REAP_START, &c, 1, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n == 1 && c == REAP_UNDONE)
        return false;
    if (n == 1 && c == REAP_COMMITTED)
        committed(w);
    else
        *gone = true;
    return true;
}

static _Noreturn void run_stop(const struct watch *w, bool force)
{
    char path[4096];
    sigset_t none;
    sigemptyset(&none);
    /* systemd signals its unit's processes until it finds no new one (KillMode=control-group): this one, too, right away. */
    signal(SIGTERM, SIG_IGN);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(path, sizeof path, "%s/vm-stop", w->r->bindir);
    execl(path, "vm-stop", "-q", "-c", w->r->uri, force ? "--force" : "-q", "--", w->r->name, (char *)NULL);
    _exit(127);
}

static void stop_asked(struct watch *w)
{
    if (!w->committed) {
        kill_qemu(w);
        return;
    }
    bool force = w->stops++ > 0;
    if (fork() == 0)
        run_stop(w, force);
}

static void take_signals(struct watch *w)
{
    struct signalfd_siginfo s;
    while (read(w->signals, &s, sizeof s) == sizeof s) {
        if (s.ssi_signo != SIGCHLD) {
            stop_asked(w);
            continue;
        }
        siginfo_t child = { 0 };
        int status;
        /* QEMU is waited for where its pidfd says so. */
        while (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 && child.si_pid && child.si_pid != w->r->qemu) {
            if (waitpid(child.si_pid, &status, 0) > 0 && w->starter_status < 0)
                w->starter_status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
            child.si_pid = 0;
        }
    }
}

static _Noreturn void hand_over(const struct watch *w)
{
    char path[4096], status[16], journal[16];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(path, sizeof path, "%s/vm-start", w->r->bindir);
    snprintf(status, sizeof status, "%d", w->status);
    snprintf(journal, sizeof journal, "%d", REAP_JOURNAL);
    fcntl(REAP_JOURNAL, F_SETFD, 0);
    const char *args[160] = { "vm-start", "-q", "-c", w->r->uri, "--ended", w->r->start, "--status", status,
                              "--journal-fd", journal };
    size_t n = 10;
    for (size_t i = 0; i < w->r->n_emulators && n < 140; i++) {
        args[n++] = "--bindir";
        args[n++] = w->r->emulators[i];
    }
    if (!w->committed)
        args[n++] = "--uncommitted";
    if (w->r->foreground)
        args[n++] = "--foreground";
    args[n++] = "--";
    args[n++] = w->r->name;
    execv(path, (char **)args);
    _exit(127);
}

static int starter_status(struct watch *w)
{
    int status;
    if (!w->r->foreground)
        return 0;
    while (w->starter_status < 0) {
        pid_t p = waitpid(-1, &status, 0);
        if (p < 0 && errno != EINTR)
            return 1;
        if (p > 0 && p != w->r->qemu)
            w->starter_status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    return w->starter_status;
}

static void prepare(struct watch *w)
{
    struct stat st;
    sigset_t set;
    for (int fd = REAP_START; fd < REAP_FDS; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    if (w->r->foreground) {
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGCHLD);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigdelset(&set, SIGPIPE);
    w->signals = w->r->foreground ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC) : -1;
    w->pidfd = (int)syscall(SYS_pidfd_open, w->r->qemu, 0);
    w->logged = fstat(REAP_LOG, &st) == 0 ? st.st_size : 0;
}

int reaper_run(const struct reaper *r)
{
    struct watch w = { .r = r, .starter_status = -1 };
    prepare(&w);
    struct pollfd p[] = { { w.pidfd, POLLIN, 0 },
                          { REAP_START, POLLIN, 0 },
                          { REAP_EVENTS, POLLIN, 0 },
                          { REAP_PIPE, POLLIN, 0 },
                          { w.signals, POLLIN, 0 } };
    for (;;) {
        bool gone = false;
        if (poll(p, 5, -1) < 0)
            continue;
        if (p[4].revents)
            take_signals(&w);
        if (p[3].revents && !read_log(&w))
            p[3].fd = -1;
        if (p[2].revents && !read_events(&w))
            p[2].fd = -1;
        if (p[1].revents && !hear_starter(&w, &gone)) {
            kill_qemu(&w);
            return starter_status(&w);
        }
        if (gone)
            kill_qemu(&w);
        else if (p[0].revents && !w.dead)
            qemu_died(&w);
        if (w.dead)
            p[0].fd = -1;
        if (w.committed)
            p[1].fd = -1;
        if (gone || (w.dead && w.committed))
            hand_over(&w);
    }
}
