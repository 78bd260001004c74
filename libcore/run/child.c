/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

static void report(int fd, char what, int value, const char *text)
{
    struct child_report r = { .what = what, .value = value };
    if (text)
        snprintf(r.text, sizeof r.text, "%s", text);
    send(fd, &r, sizeof r, MSG_NOSIGNAL);
}

static _Noreturn void give_up(int fd, const char *what)
{
    report(fd, 'x', errno, what);
    _exit(127);
}

static void default_signals(void)
{
    struct sigaction dfl = { .sa_handler = SIG_DFL };
    for (int s = 1; s < NSIG; s++)
        sigaction(s, &dfl, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool set_stdio(const struct child_image *im)
{
    if (im->keep_stdio)
        return true;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return false;
    return dup2(im->in >= 0 ? im->in : null, 0) == 0 && dup2(im->out >= 0 ? im->out : null, 1) == 1 && dup2(1, 2) == 2;
}

/* Leaves standard input, output and error, the descriptors of the image at their numbers, and *keep, which
 * goes at exec. Everything else of the caller is closed. */
static bool arrange_fds(struct child_image *im, int *keep)
{
    int parked[CHILD_FDS];
    /* Those that a child keeps wait above all places while these are arranged. */
    int last = fcntl(*keep, F_DUPFD_CLOEXEC, CHILD_PLACES);
    if (last < 0) {
        errno = errno == EINVAL ? EMFILE : errno; /* the limit is below that number */
        return false;
    }
    *keep = last;
    for (size_t i = 0; i < im->n_fds; i++) {
        parked[i] = fcntl(im->fds[i].fd, F_DUPFD_CLOEXEC, last + 1);
        if (parked[i] < 0)
            return false;
        last = parked[i];
    }
    if (!set_stdio(im))
        return false;
    if (syscall(SYS_close_range, 3, *keep - 1, 0) < 0 || syscall(SYS_close_range, last + 1, ~0U, 0) < 0)
        return false;
    for (size_t i = 0, before = (size_t)*keep; i < im->n_fds; before = (size_t)parked[i++])
        if ((size_t)parked[i] > before + 1)
            syscall(SYS_close_range, before + 1, parked[i] - 1, 0);
    for (size_t i = 0; i < im->n_fds; i++) {
        if (im->fds[i].at < 0)
            im->fds[i].fd = parked[i];
        else if (dup2(parked[i], im->fds[i].at) < 0)
            return false;
        else
            close(parked[i]);
    }
    return true;
}

/* Signals of the caller's terminal and the end of its session must not reach what outlives it. */
static bool set_session(const struct child_image *im)
{
    if (!im->keep_stdio && setsid() < 0)
        return false;
    umask(077);
    default_signals();
    return chdir("/") == 0;
}

/* The only descriptor of "alive" in this process: closing another one would drop the lock. Opened before the
 * user changes, who may not enter the directory, and locked after. */
static int open_alive(int dir)
{
    return openat(dir, "alive", O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

static bool lock_alive(int fd)
{
    struct flock whole = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_SETLK, &whole) == 0;
}

/* Where the descriptors of its confinement are in Q: the last ones but one of its list. */
static bool add_enter_fds(struct child_image *im, const struct enter *x)
{
    if (im->n_fds + x->n_fds >= CHILD_FDS)
        return false;
    for (size_t i = 0; i < x->n_fds; i++)
        im->fds[im->n_fds++] = (struct child_fd){ x->fds[i], -1 };
    return true;
}

static void find_enter_fds(const struct child_image *im, struct enter *x)
{
    size_t first = im->n_fds - 1 - x->n_fds;
    for (size_t i = 0; i < x->n_fds; i++)
        x->fds[i] = im->fds[first + i].fd;
}

/* The end of S instead is the end of this, too. */
static void wait_for_go(int s)
{
    char go;
    ssize_t n;
    report(s, 'p', getpid(), NULL);
    while ((n = recv(s, &go, 1, 0)) < 0 && errno == EINTR)
        ;
    if (n != 1)
        _exit(127);
}

static _Noreturn void become_qemu(struct launch *l)
{
    int s = l->q[1];
    close(l->lock);
    if (!arrange_fds(&l->qemu, &s))
        give_up(s, "cannot arrange descriptors");
    find_enter_fds(&l->qemu, l->enter);
    int dir = l->qemu.fds[l->qemu.n_fds - 1].fd;
    int alive = open_alive(dir);
    close(dir);
    if (alive < 0)
        give_up(s, "cannot open alive");
    if (!set_session(&l->qemu))
        give_up(s, "cannot start a session");
    const char *what;
    if (!guard_enter(l->enter, &what))
        give_up(s, what);
    if (!lock_alive(alive))
        give_up(s, "cannot lock alive");
    wait_for_go(s);
    execve(l->qemu.path, l->qemu.argv, l->qemu.env);
    give_up(s, "exec");
}

static _Noreturn void become_reaper(struct launch *l, pid_t qemu)
{
    int s = l->r[1];
    if (!arrange_fds(&l->reap, &s))
        give_up(s, "cannot arrange descriptors of vm-reap");
    if (!set_session(&l->reap))
        give_up(s, "cannot start a session for vm-reap");
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)qemu);
    /* The plan leaves a place for the pid, which nobody knows before the fork. */
    char *argv[CHILD_FDS];
    size_t n = 0;
    for (; l->reap.argv[n] && n < CHILD_FDS - 1; n++)
        argv[n] = strcmp(l->reap.argv[n], "PID") ? l->reap.argv[n] : pid;
    argv[n] = NULL;
    execve(l->reap.path, argv, l->reap.env);
    give_up(s, "cannot run vm-reap");
}

static _Noreturn void run_reaper(struct launch *l)
{
    /* A copy of the lock that outlived S would keep the guest locked. */
    close(l->lock);
    if (!l->foreground) {
        /* R is nobody's child: a program that starts guests by this library need not wait for it. */
        pid_t r = fork();
        if (r < 0)
            give_up(l->r[1], "cannot fork");
        if (r > 0)
            _exit(0);
        report(l->r[1], 'R', getpid(), NULL);
    }
    pid_t q = cgroup_fork(&l->enter->cgroup);
    if (q < 0)
        give_up(l->r[1], "cannot fork");
    if (q == 0) {
        close(l->r[1]);
        become_qemu(l);
    }
    close(l->q[1]);
    become_reaper(l, q);
}

bool launch(struct launch *l, pid_t *reaper, struct err *e)
{
    *reaper = 0;
    l->q[0] = l->q[1] = l->r[0] = l->r[1] = -1;
    if (!add_enter_fds(&l->qemu, l->enter))
        return err_set(e, ST_FAILED, "too many descriptors for one guest");
    l->qemu.fds[l->qemu.n_fds++] = (struct child_fd){ l->dir, -1 };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, l->q) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, l->r) < 0)
        return err_errno(e, "cannot make socket pairs");
    pid_t parent = getpid();
    pid_t child = l->with_r ? fork() : cgroup_fork(&l->enter->cgroup);
    if (child < 0)
        return err_errno(e, "cannot fork");
    bool i_am_s = l->foreground ? child == 0 : child > 0;
    if (!i_am_s) {
        /* S's ends must not stay open here, or the end of S would go unnoticed. */
        close(l->q[0]);
        close(l->r[0]);
        if (!l->with_r)
            become_qemu(l);
        l->reap.fds[l->reap.n_fds++] = (struct child_fd){ l->r[1], 3 };
        run_reaper(l);
    }
    if (l->foreground)
        *reaper = parent;
    l->child = child;
    close(l->q[1]);
    close(l->r[1]);
    l->q[1] = l->r[1] = -1;
    return true;
}

bool launch_go(const struct launch *l, struct err *e)
{
    return send(l->q[0], "g", 1, MSG_NOSIGNAL) == 1 || err_set(e, ST_QEMU, "QEMU's process ended before it began");
}

static _Noreturn void become_helper(struct child_helper *h, int s)
{
    static char listen_pid[32];
    const char *what;
    h->image.fds[h->image.n_fds++] = (struct child_fd){ h->cwd >= 0 ? h->cwd : s, -1 };
    if (!arrange_fds(&h->image, &s))
        give_up(s, "cannot arrange descriptors");
    find_enter_fds(&h->image, h->enter);
    if (!set_session(&h->image))
        give_up(s, "cannot start a session");
    if (h->cwd >= 0 && fchdir(h->image.fds[h->image.n_fds - 1].fd) < 0)
        give_up(s, "cannot enter its directory");
    if (!guard_enter(h->enter, &what))
        give_up(s, what);
    if (h->pid_in_env) {
        snprintf(listen_pid, sizeof listen_pid, "LISTEN_PID=%d", (int)getpid());
        ((char **)(uintptr_t)h->image.env)[0] = listen_pid;
    }
    wait_for_go(s);
    execve(h->image.path, h->image.argv, h->image.env);
    give_up(s, "exec");
}

/* The helper's word; false at its end or at the deadline. */
static bool hear_helper(const struct child_helper *h, long long deadline, struct child_report *r)
{
    struct pollfd p = { h->s, POLLIN, 0 };
    int n;
    while ((n = poll(&p, 1, ms_left(deadline))) < 0 && errno == EINTR)
        ;
    *r = (struct child_report){ .what = n == 0 ? 't' : 0 };
    return n > 0 && recv(h->s, r, sizeof *r, 0) == sizeof *r;
}

static bool helper_failed(struct child_helper *h, const struct child_report *r, struct err *e)
{
    close(h->s);
    h->s = -1;
    errno = r->value;
    if (r->what == 'x')
        return strcmp(r->text, "exec") ? err_errno(e, "%s: %s", h->image.path, r->text) : err_errno(e, "cannot run %s", h->image.path);
    return err_set(e, r->what == 't' ? ST_TIMEOUT : ST_FAILED, "%s: %s", h->image.path,
                   r->what == 't' ? "did not begin in time" : "its process has ended");
}

bool child_helper_fork(struct child_helper *h, long long deadline, struct err *e)
{
    int pair[2];
    struct child_report r;
    if (!add_enter_fds(&h->image, h->enter))
        return err_set(e, ST_FAILED, "too many descriptors for one program");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, "cannot make a socket pair");
    pid_t between = fork();
    if (between == 0) {
        close(h->lock);
        close(pair[0]);
        pid_t own = cgroup_fork(&h->enter->cgroup);
        if (own < 0)
            give_up(pair[1], "cannot fork");
        if (own > 0)
            _exit(0);
        become_helper(h, pair[1]);
    }
    close(pair[1]);
    h->s = pair[0];
    if (between < 0) {
        close(h->s);
        return err_errno(e, "cannot fork");
    }
    while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
        ;
    if (!hear_helper(h, deadline, &r) || r.what != 'p')
        return helper_failed(h, &r, e);
    h->pid = r.value;
    return true;
}

bool child_helper_go(struct child_helper *h, long long deadline, struct err *e)
{
    struct child_report r;
    if (send(h->s, "g", 1, MSG_NOSIGNAL) != 1)
        return helper_failed(h, &(struct child_report){ 0 }, e);
    if (hear_helper(h, deadline, &r) || r.what)
        return helper_failed(h, &r, e);
    close(h->s);
    h->s = -1;
    return true;
}
