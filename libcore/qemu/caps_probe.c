/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/caps_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qemu/caps_digest.h"

enum { MAX_PARALLEL = 64, TAIL = 2048, DIR_SIZE = 256 };

/* An emulator that runs. */
struct run {
    struct caps_job *job; /* NULL: the slot is free */
    struct caps_digest *digest;
    struct str out; /* what is to be sent; so much of it is */
    size_t sent;
    pid_t pid;
    int qmp, errors;
    long long deadline;
    struct str in;      /* what came and is not yet a whole line */
    char tail[TAIL];    /* the end of what it wrote on stderr */
    size_t tail_len;
    bool spoilt; /* its failure says nothing of the emulator */
};

struct prober {
    struct run *runs;
    unsigned slots;
    long long timeout_ms;
    struct str queries[2]; /* for TCG, for KVM */
    char dir[DIR_SIZE];
    int signals; /* readable when one that ends this process is pending */
    sigset_t mask;
    /* Takes a line in place of the digest. */
    bool (*line)(void *arg, const char *line, size_t n);
    void *arg;
};

const char *const *caps_probe_args(bool kvm)
{
#define ARGS(accel)                                                                                            \
    {                                                                                                          \
        "-S", "-no-user-config", "-nodefaults", "-nographic", "-display", "none", "-machine", "none,accel=" accel, \
            "-qmp", "stdio", NULL                                                                              \
    }
    static const char *const tcg[] = ARGS("tcg"), *const with_kvm[] = ARGS("kvm");
#undef ARGS
    return kvm ? with_kvm : tcg;
}

/* --- the child ----------------------------------------------------------------------------- */

static void child(const char *emulator, bool kvm, const char *dir, int qmp, int errors, pid_t parent)
{
    char home[DIR_SIZE + 16], tmp[DIR_SIZE + 16], config[DIR_SIZE + 16], cache[DIR_SIZE + 16];
    snprintf(home, sizeof home, "HOME=%s", dir);
    snprintf(tmp, sizeof tmp, "TMPDIR=%s", dir);
    snprintf(config, sizeof config, "XDG_CONFIG_HOME=%s", dir);
    snprintf(cache, sizeof cache, "XDG_CACHE_HOME=%s", dir);
    char *env[] = { (char[]){ "LC_ALL=C" }, (char[]){ "PATH=/usr/bin:/bin" }, home, tmp, config, cache, NULL };
    char *argv[16] = { (char *)(uintptr_t)emulator };
    const char *const *args = caps_probe_args(kvm);
    for (size_t i = 0; args[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)args[i];

    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    if (dup2(qmp, 0) == 0 && dup2(qmp, 1) == 1 && dup2(errors, 2) == 2 && close_range(3, ~0U, 0) == 0 && chdir(dir) == 0)
        execve(emulator, argv, env);
    dprintf(2, "cannot run it: %s\n", strerror(errno));
    _exit(127);
}

/* --- one run ------------------------------------------------------------------------------- */

static bool start_child(struct prober *p, struct run *r, struct err *e)
{
    int qmp[2], errors[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) < 0)
        return err_errno(e, "cannot make a socket");
    if (pipe2(errors, O_CLOEXEC) < 0) {
        err_errno(e, "cannot make a pipe");
        close(qmp[0]);
        close(qmp[1]);
        return false;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        child(r->job->emulator, r->job->kvm, p->dir, qmp[1], errors[1], parent);
    close(qmp[1]);
    close(errors[1]);
    r->qmp = qmp[0];
    r->errors = errors[0];
    r->pid = pid;
    if (pid < 0)
        return err_errno(e, "cannot start a process");
    fcntl(r->qmp, F_SETFL, O_NONBLOCK);
    fcntl(r->errors, F_SETFL, O_NONBLOCK);
    return true;
}

static void run_release(struct run *r)
{
    if (r->pid > 0) {
        /* Its children too: it leads a session of its own. */
        kill(-r->pid, SIGKILL);
        kill(r->pid, SIGKILL);
        while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (r->qmp >= 0)
        close(r->qmp);
    if (r->errors >= 0)
        close(r->errors);
    str_release(&r->in);
    str_release(&r->out);
    caps_digest_free(r->digest);
    memset(r, 0, sizeof *r);
}

static void finish(struct run *r, bool ok)
{
    struct caps_job *j = r->job;
    j->ok = ok;
    j->own_fault = !ok && !r->spoilt;
    if (ok && r->digest)
        caps_digest_image(r->digest, &j->image);
    if (!ok)
        err_wrap(&j->err, "%s", j->emulator);
    run_release(r);
}

static bool start(struct prober *p, struct run *r, struct caps_job *job)
{
    *r = (struct run){ .job = job, .qmp = -1, .errors = -1 };
    str_addn(&r->out, p->queries[job->kvm].p, p->queries[job->kvm].len);
    if (!p->line)
        r->digest = caps_digest_new(job->emulator, job->kvm ? "kvm" : "tcg");
    r->deadline = p->timeout_ms < 0 ? -1 : now_ms() + p->timeout_ms;
    if (start_child(p, r, &job->err))
        return true;
    r->spoilt = true;
    finish(r, false);
    return false;
}

/* What is left to send, as far as it goes now. A peer that has closed shows when it is read. */
static void send_queries(struct run *r)
{
    while (r->sent < r->out.len) {
        ssize_t n = send(r->qmp, r->out.p + r->sent, r->out.len - r->sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            r->sent = r->out.len;
        if (n < 0)
            return;
        r->sent += (size_t)n;
    }
}

static void read_errors(struct run *r)
{
    char buf[TAIL];
    ssize_t n = read(r->errors, buf, sizeof buf);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close(r->errors);
        r->errors = -1;
        return;
    }
    size_t keep = r->tail_len + (size_t)n > TAIL ? TAIL - (size_t)n : r->tail_len;
    memmove(r->tail, r->tail + r->tail_len - keep, keep);
    memcpy(r->tail + keep, buf, (size_t)n);
    r->tail_len = keep + (size_t)n;
}

/* The last line it wrote, as an explanation. */
static void add_tail(struct run *r, struct err *e)
{
    size_t end = r->tail_len;
    while (end && (r->tail[end - 1] == '\n' || r->tail[end - 1] == '\r'))
        end--;
    size_t at = end;
    while (at && r->tail[at - 1] != '\n')
        at--;
    if (end == at)
        return;
    autofree char *last = strndup(r->tail + at, end - at);
    autostr struct str shown = STR_INIT;
    str_add_shown(&shown, last ? last : "");
    err_add(e, "; it said: %.300s", str_text(&shown));
    /* TCG's memory is refused by SELinux alone. */
    if (strstr(str_text(&shown), "jit buffer") && access("/sys/fs/selinux/booleans/allow_execmem", F_OK) == 0)
        err_add(e, " (try: setsebool -P allow_execmem on)");
}

static void ended(struct run *r)
{
    struct err *e = &r->job->err;
    int status = 0;
    /* It has closed its monitor; whoever does not end by then is made to. */
    for (int i = 0; i < 20 && waitpid(r->pid, &status, WNOHANG) == 0; i++)
        poll(NULL, 0, 5);
    if (waitpid(r->pid, NULL, WNOHANG) < 0 && errno == ECHILD) {
        kill(-r->pid, SIGKILL);
        r->pid = 0;
    }
    while (r->errors >= 0) {
        size_t before = r->tail_len;
        struct pollfd pf = { r->errors, POLLIN, 0 };
        if (poll(&pf, 1, 0) <= 0)
            break;
        read_errors(r);
        if (r->tail_len == before && before != TAIL && r->errors >= 0)
            break;
    }
    r->spoilt = WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);
    if (WIFSIGNALED(status) && !r->pid)
        err_set(e, ST_QEMU, "was killed by signal %d (%s) while it was asked", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (!r->pid)
        err_set(e, ST_QEMU, "ended with status %d before it had answered", WEXITSTATUS(status));
    else
        err_set(e, ST_QEMU, "closed its monitor before it had answered");
    add_tail(r, e);
    finish(r, false);
}

/* Takes all whole lines in r->in. False when the run is over. */
static bool take_lines(struct prober *p, struct run *r)
{
    char *at = r->in.p, *end = r->in.p + r->in.len, *nl;
    for (; (nl = memchr(at, '\n', (size_t)(end - at))); at = nl + 1) {
        size_t n = (size_t)(nl - at);
        *nl = 0;
        if (n && at[n - 1] == '\r')
            at[--n] = 0;
        if (!n)
            continue;
        if (p->line ? p->line(p->arg, at, n) : !caps_digest_line(r->digest, at, n, &r->job->err)) {
            finish(r, p->line != NULL);
            return false;
        }
        if (r->digest)
            caps_digest_more(r->digest, &r->out);
        if (r->digest && caps_digest_complete(r->digest)) {
            finish(r, true);
            return false;
        }
    }
    if (r->sent < r->out.len)
        send_queries(r);
    r->in.len = (size_t)(end - at);
    memmove(r->in.p, at, r->in.len);
    if (r->in.len <= CAPS_MAX_LINE)
        return true;
    err_set(&r->job->err, ST_QEMU, "printed a line of more than %d MiB", CAPS_MAX_LINE >> 20);
    finish(r, false);
    return false;
}

static void read_qmp(struct prober *p, struct run *r)
{
    char buf[64 * 1024];
    ssize_t n = recv(r->qmp, buf, sizeof buf, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        ended(r);
        return;
    }
    bool line = memchr(buf, '\n', (size_t)n);
    str_addn(&r->in, buf, (size_t)n);
    if (line || r->in.len > CAPS_MAX_LINE)
        take_lines(p, r);
}

/* --- many ---------------------------------------------------------------------------------- */

/* Somebody wants this process to end: so do the emulators, and the directory goes. */
static void interrupt(struct prober *p)
{
    for (unsigned i = 0; i < p->slots; i++) {
        struct run *r = &p->runs[i];
        if (!r->job)
            continue;
        r->spoilt = true;
        err_set(&r->job->err, ST_FAILED, "was not asked to the end: interrupted");
        finish(r, false);
    }
}

static void wait_for_runs(struct prober *p)
{
    struct pollfd pf[2 * MAX_PARALLEL + 1];
    long long first = -1;
    for (unsigned i = 0; i < p->slots; i++) {
        struct run *r = &p->runs[i];
        bool busy = r->job;
        pf[2 * i] = (struct pollfd){ busy ? r->qmp : -1, POLLIN, 0 };
        if (busy && r->sent < r->out.len)
            pf[2 * i].events |= POLLOUT;
        pf[2 * i + 1] = (struct pollfd){ busy ? r->errors : -1, POLLIN, 0 };
        if (busy && r->deadline >= 0 && (first < 0 || r->deadline < first))
            first = r->deadline;
    }
    pf[2 * p->slots] = (struct pollfd){ p->signals, POLLIN, 0 };
    if (poll(pf, 2 * p->slots + 1, ms_left(first)) < 0)
        return;
    if (pf[2 * p->slots].revents)
        interrupt(p);
    for (unsigned i = 0; i < p->slots; i++) {
        struct run *r = &p->runs[i];
        if (r->job && pf[2 * i + 1].revents)
            read_errors(r);
        if (r->job && pf[2 * i].revents & POLLOUT)
            send_queries(r);
        if (r->job && pf[2 * i].revents & (POLLIN | POLLHUP | POLLERR))
            read_qmp(p, r);
        if (r->job && r->deadline >= 0 && now_ms() >= r->deadline) {
            err_set(&r->job->err, ST_TIMEOUT, "gave no%s answer within %g s", r->digest && caps_digest_greeted(r->digest) ? " full" : "",
                    (double)p->timeout_ms / 1000);
            add_tail(r, &r->job->err);
            finish(r, false);
        }
    }
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st;
    (void)flag;
    (void)at;
    remove(path);
    return 0;
}

/* A signal that would end this process waits until the directory is gone: it is only blocked and looked for, so that
 * what the program does about signals stays its own. Blocked signals show even where they are ignored. */
static void hold_signals(struct prober *p)
{
    static const int those[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    struct sigaction now;
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof those / sizeof *those; i++)
        if (sigaction(those[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&set, those[i]);
    pthread_sigmask(SIG_BLOCK, &set, &p->mask);
    p->signals = signalfd(-1, &set, SFD_CLOEXEC);
}

static void let_signals(struct prober *p)
{
    if (p->signals >= 0)
        close(p->signals);
    pthread_sigmask(SIG_SETMASK, &p->mask, NULL);
}

static bool prober_init(struct prober *p, struct run *runs, unsigned slots, long long timeout_ms, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    *p = (struct prober){ .runs = runs, .slots = slots, .timeout_ms = timeout_ms };
    if (!tmp || *tmp != '/' || strlen(tmp) > DIR_SIZE - 32)
        tmp = "/tmp";
    snprintf(p->dir, sizeof p->dir, "%s/vmutils-probe-XXXXXX", tmp);
    hold_signals(p);
    if (mkdtemp(p->dir))
        return true;
    err_errno(e, "cannot make a temporary directory %s", p->dir);
    let_signals(p);
    return false;
}

static void prober_release(struct prober *p)
{
    nftw(p->dir, remove_entry, 4, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    str_release(&p->queries[0]);
    str_release(&p->queries[1]);
    let_signals(p);
}

static void prober_run(struct prober *p, struct caps_job *jobs, size_t n)
{
    size_t next = 0;
    for (;;) {
        unsigned busy = 0;
        for (unsigned i = 0; i < p->slots; i++) {
            while (!p->runs[i].job && next < n && !start(p, &p->runs[i], &jobs[next++]))
                ;
            if (p->runs[i].job && !p->runs[i].sent)
                send_queries(&p->runs[i]);
            busy += p->runs[i].job != NULL;
        }
        if (!busy)
            return;
        wait_for_runs(p);
    }
}

size_t caps_probe(struct caps_job *jobs, size_t n, unsigned parallel, long long timeout_ms)
{
    struct run runs[MAX_PARALLEL] = { { .job = NULL } };
    struct prober p;
    size_t good = 0;
    if (!parallel) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        parallel = cpus > 0 ? (unsigned)cpus : 1;
    }
    if (parallel > MAX_PARALLEL)
        parallel = MAX_PARALLEL;
    struct err e = { ST_DONE, "" };
    if (!prober_init(&p, runs, parallel, timeout_ms, &e)) {
        for (size_t i = 0; i < n; i++)
            jobs[i].err = e;
        return 0;
    }
    caps_queries(&p.queries[0], false);
    caps_queries(&p.queries[1], true);
    prober_run(&p, jobs, n);
    prober_release(&p);
    for (size_t i = 0; i < n; i++)
        good += jobs[i].ok;
    return good;
}

/* True when it is the answer, which ends the run. */
static bool take_asked(void *arg, const char *line, size_t n)
{
    if (!strstr(line, "\"" CAPS_ASK_ID "\""))
        return false;
    str_addn(arg, line, n);
    return true;
}

bool caps_ask(const char *emulator, bool kvm, const char *command, long long timeout_ms, struct str *answer, struct err *e)
{
    struct run run = { .job = NULL };
    struct caps_job job = { .emulator = emulator, .kvm = kvm };
    struct prober p;
    if (!prober_init(&p, &run, 1, timeout_ms, e))
        return false;
    p.line = take_asked;
    p.arg = answer;
    str_addf(&p.queries[kvm], "{\"execute\":\"qmp_capabilities\"}\n%s\n", command);
    prober_run(&p, &job, 1);
    prober_release(&p);
    if (!job.ok)
        *e = job.err;
    return job.ok;
}
