/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/cgroup_scope.h"
#include "guard/selinux.h"
#include "qemu/qmp.h"
#include "run/bindir.h"
#include "run/eventlog.h"
#include "run/helper.h"
#include "run/live.h"
#include "run/plan_sockets.h"
#include "run/reaper.h"
#include "run/rows.h"
#include "run/threads.h"
#include "run/undo.h"

enum { START_MS = 30000, DEATH_MS = 10000, TAIL = 1200 };

/* What S has heard so far. */
enum heard { H_REAPER = 1, H_PID = 2, H_EXEC = 4, H_READY = 8, H_DEAD = 16, H_FAILED = 32, H_GONE = 64 };

struct start {
    struct life *l;
    struct plan *p;
    const struct start_options *o;
    struct launch launch;
    long long deadline;
    int monitor, events[2], pipe[2], log, log_dir, pidfd;
    off_t log_from;
    unsigned heard;
    pid_t qemu, reaper, scope; /* scope: the child that asks systemd for one */
    const char *no_scope;
    int status; /* QEMU's wait status */
    struct child_report failure;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void plan_release(struct plan *p)
{
    for (size_t i = 0; i < p->n_claims; i++)
        close_fd(&p->claims[i]);
    for (size_t i = 0; i < p->n_fds; i++)
        close_fd(&p->fds[i].fd);
    p->n_claims = p->n_fds = 0;
    guard_release(&p->enter);
}

/* A name of any length: bound through the directory. fchmod before bind sets the mode without a moment between. */
static bool listen_monitor(struct start *s, struct err *e)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d/monitor.sock", s->l->dir);
    unlinkat(s->l->dir, "monitor.sock", 0);
    s->monitor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->monitor < 0 || fchmod(s->monitor, 0600) < 0 || bind(s->monitor, (struct sockaddr *)&to, sizeof to) < 0 ||
        listen(s->monitor, 16) < 0)
        return err_errno(e, "cannot make its monitor socket");
    return true;
}

static void write_log_header(struct start *s)
{
    autostr struct str text = STR_INIT;
    char when[40];
    time_t now = time(NULL);
    struct tm tm;
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S+0000", gmtime_r(&now, &tm));
    str_addf(&text, "%s: starting up, vmutils %s\n", when, VMUTILS_VERSION);
    for (size_t i = 0; i < s->p->env.n; i++) {
        str_add_shell(&text, s->p->env.v[i]);
        str_addc(&text, ' ');
    }
    str_add_shell(&text, s->p->emulator);
    for (size_t i = 0; i < s->p->args.n; i++) {
        str_addc(&text, ' ');
        str_add_shell(&text, s->p->args.v[i]);
    }
    str_addc(&text, '\n');
    write_all(s->log, text.p, text.len);
}

/* QEMU's user may own the directory: no link is followed, and no second name of another file written to. */
static bool open_log(struct start *s, struct err *e)
{
    char name[300];
    struct stat st;
    s->log_dir = root_open(s->l->root, ROOT_LOG, true, e);
    if (s->log_dir < 0)
        return false;
    snprintf(name, sizeof name, "%s.log", s->l->name);
    s->log = openat(s->log_dir, name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (s->log < 0 || fstat(s->log, &st) < 0)
        return err_errno(e, "%s/%s", s->l->root->dir[ROOT_LOG], name);
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return err_set(e, ST_PERM, "%s/%s is not a file of its own", s->l->root->dir[ROOT_LOG], name);
    write_log_header(s);
    s->log_from = lseek(s->log, 0, SEEK_END);
    return true;
}

/* What QEMU prints goes to R; without R to the end of the log, which confined guests may add to, but not read. A socket, since SELinux gives
 * pipes the label of whoever makes them and sockets the one that is asked for. */
static bool make_output(struct start *s)
{
    char self[40];
    if (!s->o->no_reap)
        return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s->pipe) == 0;
    snprintf(self, sizeof self, "/proc/self/fd/%d", s->log);
    s->pipe[1] = open(self, O_WRONLY | O_APPEND | O_CLOEXEC);
    return s->pipe[1] >= 0;
}

static bool prepare(struct start *s, struct err *e)
{
    const struct enter_selinux *x = &s->p->enter.selinux;
    autoclose int alive = openat(s->l->dir, "alive", O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (alive < 0)
        return err_errno(e, "cannot create alive");
    if (!selinux_hand_over(x, alive, e))
        return false;
    for (size_t i = 0; i < s->p->n_claims; i++)
        if (!selinux_hand_over(x, s->p->claims[i], e))
            return false;
    if (!open_log(s, e) || !selinux_make(x, true, e))
        return false;
    bool ok = listen_monitor(s, e) && ((socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s->events) == 0 && make_output(s)) ||
                                       err_errno(e, "cannot make its sockets"));
    return selinux_make(x, false, e) && ok;
}

static char **words(struct arena *a, const char *first, const void *list)
{
    const struct list *l = list;
    char **v = arena_array(a, l->n + 2, sizeof *v);
    size_t n = 0;
    if (first)
        v[n++] = arena_strdup(a, first);
    for (size_t i = 0; i < l->n; i++)
        v[n++] = l->v[i];
    return v;
}

/* vm-reap later runs programs that look the root up again: they need these, and no more. */
static char **reaper_env(struct arena *a, bool foreground)
{
    static const char *const kept[] = { "HOME", "PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
                                        "XDG_CACHE_HOME", "VMUTILS_SYSROOT", "VMUTILS_LANDLOCK", "ASAN_OPTIONS",
                                        "NOTIFY_SOCKET" };
    LIST(const char) env = { 0 };
    for (size_t i = 0; i < sizeof kept / sizeof *kept - !foreground; i++)
        if (getenv(kept[i])) {
            const char *word = arena_printf(a, "%s=%s", kept[i], getenv(kept[i]));
            list_add(a, &env, word);
        }
    return words(a, NULL, &env);
}

static void add_fd(struct child_image *im, int fd, int at)
{
    if (im->n_fds < CHILD_FDS && fd >= 0)
        im->fds[im->n_fds++] = (struct child_fd){ fd, at };
}

static void fill_qemu(struct start *s)
{
    struct child_image *q = &s->launch.qemu;
    struct plan *p = s->p;
    *q = (struct child_image){ .path = p->emulator, .in = -1, .out = s->pipe[1] };
    q->argv = words(p->arena, p->emulator, &p->args);
    q->env = words(p->arena, NULL, &p->env);
    add_fd(q, s->monitor, PLAN_MONITOR);
    add_fd(q, s->events[1], PLAN_EVENTS);
    for (size_t i = 0; i < p->n_fds; i++)
        add_fd(q, p->fds[i].fd, p->fds[i].at);
    for (size_t i = 0; i < p->n_claims; i++)
        add_fd(q, p->claims[i], PLAN_CLAIMS + (int)i);
}

static void fill_reaper(struct start *s)
{
    struct child_image *r = &s->launch.reap;
    struct arena *a = s->p->arena;
    const char *bindir = s->o->bindir ? s->o->bindir : bindir_find(a);
    LIST(const char) args = { 0 };
    const char *const fixed[] = { "vm-reap", "--watch", s->p->journal.start, "--pid", "PID", "-c", s->l->root->uri,
                                  "--bindir", bindir };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        list_add(a, &args, fixed[i]);
    if (s->o->foreground)
        list_add(a, &args, "--foreground");
    if (s->p->dumps)
        list_add(a, &args, "--dump");
    if (s->o->foreground && s->o->notify_fd >= 0)
        list_add(a, &args, "--notify");
    for (size_t i = 0; i < s->o->n_emulator_dirs; i++) {
        list_add(a, &args, "--emulators");
        list_add(a, &args, s->o->emulator_dirs[i]);
    }
    list_add(a, &args, "--");
    list_add(a, &args, s->l->name);
    *r = (struct child_image){ .path = arena_printf(a, "%s/vm-reap", bindir), .in = -1, .out = -1,
                               .keep_stdio = s->o->foreground };
    r->argv = words(a, NULL, &args);
    r->env = reaper_env(a, s->o->foreground);
    add_fd(r, s->l->journal, REAP_JOURNAL);
    add_fd(r, s->l->dir, REAP_DIR);
    add_fd(r, s->events[0], REAP_EVENTS);
    add_fd(r, s->pipe[0], REAP_PIPE);
    add_fd(r, s->log, REAP_LOG);
    add_fd(r, s->log_dir, REAP_LOG_DIR);
    if (s->o->foreground)
        add_fd(r, s->o->notify_fd, REAP_NOTIFY);
}

static void hear(struct start *s, int fd, bool is_q)
{
    struct child_report r;
    ssize_t n = recv(fd, &r, sizeof r, 0);
    if (n < 0 && errno == EINTR)
        return;
    if (n != sizeof r) {
        /* Q's end closes by exec, or with Q before it. */
        s->heard |= is_q ? H_EXEC : H_GONE;
        return;
    }
    r.text[sizeof r.text - 1] = '\0';
    switch (r.what) {
    case 'p':
        s->qemu = r.value;
        s->heard |= H_PID;
        break;
    case 'R':
        s->reaper = r.value;
        s->heard |= H_REAPER;
        break;
    case 'r':
        s->heard |= H_READY;
        break;
    case 'd':
        s->status = r.value;
        s->heard |= H_DEAD;
        break;
    default:
        s->failure = r;
        s->heard |= H_FAILED;
    }
}

/* Hears until all of need is heard; false when something else ends the start, or at the deadline. */
static bool await(struct start *s, unsigned need, long long deadline)
{
    while ((s->heard & need) != need) {
        struct pollfd p[2] = { { s->heard & H_EXEC ? -1 : s->launch.q[0], POLLIN, 0 },
                               { s->heard & H_GONE ? -1 : s->launch.r[0], POLLIN, 0 } };
        if (s->heard & (H_DEAD | H_FAILED | H_GONE) & ~need || (p[0].fd < 0 && p[1].fd < 0))
            return false;
        int n = poll(p, 2, ms_left(deadline));
        if (n == 0)
            return false;
        if (n > 0 && p[0].revents)
            hear(s, s->launch.q[0], true);
        if (n > 0 && p[1].revents)
            hear(s, s->launch.r[0], false);
    }
    return true;
}

static bool await_or_say(struct start *s, unsigned need, const char *what, struct err *e)
{
    if (await(s, need, s->deadline))
        return true;
    if (s->heard & H_FAILED) {
        errno = s->failure.value;
        if (strcmp(s->failure.text, "exec"))
            err_errno(e, "%s", s->failure.text);
        else
            err_errno(e, "emulator %s", s->p->emulator);
        return s->failure.value == EMFILE ? err_add(e, " (try: ulimit -n 1024)") : false;
    }
    if (s->heard & H_DEAD)
        return err_set(e, ST_QEMU, "QEMU died while it was starting");
    if (s->heard & H_GONE)
        return err_set(e, ST_QEMU, "vm-reap ended while the guest was starting");
    return err_set(e, ST_TIMEOUT, "time ran out while waiting for %s", what);
}

static bool holds_alive(const struct start *s, struct err *e)
{
    return life_holder(s->l->dir) == s->qemu || err_set(e, ST_QEMU, "QEMU's process has lost its lock");
}

/* No Q execs before its pid is in the journal: whoever comes after us finds it there. */
static bool record(struct start *s, struct err *e)
{
    unsigned need = H_PID | (s->o->no_reap || s->o->foreground ? 0 : H_REAPER);
    if (!await_or_say(s, need, "QEMU's process", e))
        return false;
    s->l->j.qemu = proc_id_of(s->qemu);
    s->l->j.reaper = proc_id_of(s->reaper);
    if (need & H_REAPER)
        s->scope = scope_of_processes(&s->p->journal, s->qemu, s->reaper, &s->no_scope);
    s->pidfd = proc_open(s->l->j.qemu);
    if (s->pidfd < 0 || !holds_alive(s, e))
        return err_set(e, ST_QEMU, "QEMU's process ended before it began");
    return (s->o->no_reap || journal_append_proc(s->l->journal, "reaper", s->l->j.reaper, e)) &&
           journal_append_proc(s->l->journal, "qemu", s->l->j.qemu, e) && launch_go(&s->launch, e);
}

static bool ask_ptys(struct start *s, struct qmp *q, struct err *e)
{
    autojson json_t *chardevs = NULL;
    if (!s->p->complete)
        return true;
    return qmp_command(q, "query-chardev", NULL, s->deadline, &chardevs, e) && s->p->complete(s->p, chardevs, e);
}

/* What QEMU takes only by QMP, such as limits of disks. */
static bool set_up(struct start *s, struct qmp *q, struct err *e)
{
    for (size_t i = 0; i < s->p->setup.n; i++) {
        autojson json_t *command = json_loads(s->p->setup.v[i], 0, NULL);
        const char *name = json_string_value(json_object_get(command, "execute"));
        if (!name || !qmp_command(q, name, json_incref(json_object_get(command, "arguments")), s->deadline, NULL, e))
            return name ? false : err_set(e, ST_FAILED, "set-up command %zu of the plan is damaged", i + 1);
    }
    return true;
}

/* Without R the event monitor has no reader; QEMU keeps what it has to say to itself once this end is closed. */
static bool handshake(struct start *s, struct err *e)
{
    if (!await_or_say(s, H_EXEC, "the emulator to begin", e))
        return false;
    autoqmp struct qmp *q = qmp_connect(s->l->dir, "monitor.sock", s->deadline, e);
    if (!q || !set_up(s, q, e) || !threads_place(&s->p->threads, s->qemu, q, s->deadline, e) || !ask_ptys(s, q, e) ||
        !holds_alive(s, e))
        return false;
    if (!s->o->no_reap && !await_or_say(s, H_READY, "vm-reap", e))
        return false;
    if (!s->o->paused && !qmp_command(q, "cont", NULL, s->deadline, NULL, e))
        return false;
    return live_write(s->l, s->p->live, s->o->paused ? "paused" : "running",
                            s->o->paused ? "starting up" : "booted", e);
}

static bool commit(struct start *s, struct err *e)
{
    char data[128];
    char c = REAP_COMMITTED;
    if (!s->o->no_reap && send(s->launch.r[0], &c, 1, MSG_NOSIGNAL) != 1)
        return err_set(e, ST_QEMU, "vm-reap ended while the guest was starting");
    snprintf(data, sizeof data, "\"start\": \"%s\", \"state\": \"%s\"", s->l->j.start,
             s->o->paused ? "paused" : "running");
    eventlog_add(s->l->dir, "VM_STARTED", data);
    return true;
}

/* The last whole lines that QEMU wrote since this start. */
static void add_last_words(struct start *s, struct err *e)
{
    char text[TAIL + 1];
    off_t end = lseek(s->log, 0, SEEK_END), from = s->log_from;
    if (end - from > TAIL)
        from = end - TAIL;
    ssize_t n = end > from ? pread(s->log, text, TAIL, from) : 0;
    while (n > 0 && text[n - 1] == '\n')
        n--;
    if (n <= 0)
        return;
    text[n] = '\0';
    char *first = from > s->log_from ? strchr(text, '\n') : NULL;
    first = first ? first + 1 : text;
    for (char *p = first; (p = strchr(p, '\n')); p++)
        *p = ' ';
    err_add(e, ": %s", first);
}

static void say_death(struct start *s, struct err *e)
{
    int st = s->status;
    if (!(s->heard & H_EXEC) || s->failure.what)
        return;
    if (WIFSIGNALED(st))
        err_set(e, ST_QEMU, "QEMU died by signal %d (%s) while it was starting", WTERMSIG(st),
                strsignal(WTERMSIG(st)));
    else
        err_set(e, ST_QEMU, "QEMU ended with status %d while it was starting", WEXITSTATUS(st));
    add_last_words(s, e);
}

/* vm-stop --force does not wait for the lock that we have. A fault of QEMU's own while someone waits to stop the guest
 * is still a fault. */
static bool was_stopped(const struct start *s, struct err *e)
{
    pid_t by;
    int st = s->status;
    bool by_order = WIFSIGNALED(st) ? WTERMSIG(st) == SIGKILL || WTERMSIG(st) == SIGTERM : WEXITSTATUS(st) == 0;
    if (!by_order || !life_stopping(s->l, &by))
        return false;
    err_set(e, ST_STATE, "was stopped while it was starting");
    if (by > 0)
        err_add(e, " (by process %d)", (int)by);
    return true;
}

/* On a busy machine a process may take long from the first to the last step of its death, and be past help meanwhile. */
static bool is_dying(const struct start *s)
{
    struct proc_stat is;
    return proc_wait(s->pidfd, now_ms()) || !proc_stat(s->qemu, &is) || is.start != s->l->j.qemu.start || is.exiting;
}

/* QEMU must be gone before anything is undone; its parent tells how it went. */
static void end_qemu(struct start *s, struct err *e)
{
    /* A broken connection comes a moment before the death that broke it. */
    if (e->status == ST_QEMU && s->pidfd >= 0)
        proc_wait(s->pidfd, now_ms() + 500);
    bool by_itself = s->pidfd >= 0 && is_dying(s);
    close_fd(&s->launch.q[0]); /* one that was never told to go ends itself */
    if (s->pidfd >= 0)
        proc_kill(s->pidfd, now_ms() + DEATH_MS);
    s->heard &= ~(unsigned)H_FAILED;
    if (!s->o->no_reap)
        await(s, H_DEAD, now_ms() + DEATH_MS);
    else if (s->launch.child > 0 && waitpid(s->launch.child, &s->status, 0) > 0)
        s->heard |= H_DEAD;
    if (by_itself && s->heard & H_DEAD && !was_stopped(s, e))
        say_death(s, e);
}

/* R stays until everything is undone: should this process die on the way, R does it. */
static void fail(struct start *s, struct notes *notes, struct err *e)
{
    struct err undo = { 0 };
    char u = REAP_UNDONE;
    if (s->launch.q[0] >= 0 || s->launch.child)
        end_qemu(s, e);
    plan_release(s->p); /* what is undone must be free, of this process too */
    if (life_undo(s->l, &undo_here, s->pidfd, "failed", notes, &undo)) {
        if (s->launch.r[0] >= 0)
            send(s->launch.r[0], &u, 1, MSG_NOSIGNAL);
    } else {
        note_add(notes, "%s", undo.text);
    }
    if (s->reaper > 0 && !s->o->foreground) {
        autoclose int r = proc_open(s->l->j.reaper.pid ? s->l->j.reaper : proc_id_of(s->reaper));
        if (r >= 0 && !proc_wait(r, now_ms() + 2000))
            proc_kill(r, now_ms() + 1000);
    }
}

static bool open_groups(struct start *s, struct err *e)
{
    return cgroup_open(&s->p->enter.cgroup) || err_errno(e, "control group %s", s->p->enter.cgroup.into_dir);
}

static bool begin(struct start *s, struct notes *notes, struct err *e)
{
    struct life *l = s->l;
    pid_t reaper = 0;
    struct row_context c = life_row_context(l);
    if (!rows_apply(&l->j, &c, e) || !plan_open_dirs(s->p, e) || !guard_prepare(&s->p->enter, notes, e) ||
        !open_groups(s, e) || !helpers_start(l, s->p, s->deadline, notes, e) || !prepare(s, e))
        return false;
    l->confined = guard_attributes(&s->p->enter, l->arena);
    s->launch = (struct launch){ .enter = &s->p->enter, .lock = l->lock, .dir = l->dir,
                                 .with_r = !s->o->no_reap, .foreground = s->o->foreground };
    fill_qemu(s);
    fill_reaper(s);
    bool launched = launch(&s->launch, &reaper, e);
    close_fd(&s->p->enter.cgroup.into);
    if (!launched)
        return false;
    s->reaper = reaper;
    if (s->o->no_reap)
        close_fd(&s->launch.r[0]);
    /* What only the children need; QEMU's end of its monitor above all, so that its death shows. */
    close_fd(&s->monitor);
    close_fd(&s->events[0]);
    close_fd(&s->events[1]);
    close_fd(&s->pipe[0]);
    close_fd(&s->pipe[1]);
    return record(s, e) && handshake(s, e) && commit(s, e);
}

static void end_child(pid_t child, int *status)
{
    *status = 0;
    while (child > 0 && waitpid(child, status, 0) < 0 && errno == EINTR)
        ;
}

bool start_plan(struct life *l, struct plan *p, const struct start_options *o, struct notes *notes, struct err *e)
{
    struct start s = { .l = l, .p = p, .o = o, .monitor = -1, .events = { -1, -1 }, .pipe = { -1, -1 }, .log = -1,
                       .log_dir = -1, .pidfd = -1 };
    char data[64];
    int status;
    s.launch.q[0] = s.launch.r[0] = -1;
    s.deadline = now_ms() + (o->timeout_ms > 0 ? o->timeout_ms : START_MS);
    snprintf(p->journal.machine, sizeof p->journal.machine, "%s", l->machine);
    snprintf(p->journal.boot, sizeof p->journal.boot, "%s", l->boot);
    p->journal.guest = l->name;
    l->journal = journal_write(l->dir, &p->journal, e);
    if (l->journal < 0)
        return err_wrap(e, "%s", l->name);
    l->j = p->journal;
    l->j.complete = true;
    snprintf(data, sizeof data, "\"start\": \"%s\"", l->j.start);
    eventlog_add(l->dir, "VM_STARTING", data);
    bool ok = live_write(l, p->live, "starting", "starting", e) && begin(&s, notes, e);
    close_fd(&p->enter.cgroup.into);
    if (!ok) {
        fail(&s, notes, e);
        err_wrap(e, "%s", l->name);
    }
    close_fd(&s.monitor);
    close_fd(&s.events[0]);
    close_fd(&s.events[1]);
    close_fd(&s.pipe[0]);
    close_fd(&s.pipe[1]);
    close_fd(&s.log);
    close_fd(&s.log_dir);
    close_fd(&s.pidfd);
    close_fd(&s.launch.q[0]);
    close_fd(&s.launch.r[0]);
    plan_release(p);
    end_child(o->no_reap ? 0 : s.launch.child, &status);
    end_child(s.scope, &status);
    if (ok && (status != 0 || s.no_scope))
        note_add(notes, "%s: it may end with this session or service: %s", l->name, s.no_scope ? s.no_scope : "systemd has no scope for it");
    return ok;
}
