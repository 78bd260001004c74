/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/access.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "guard/access_walk.h"

/* The parent's half: it makes the child, hears it out, and gives it up when it hangs. */

enum { LOOK_MS = 200 }; /* how often it is looked whether something moves */

void access_add(struct access_check *c, const struct access_wish *w)
{
    struct access_wish *copy = arena_alloc(c->arena, sizeof *copy);
    *copy = *w;
    list_add(c->arena, &c->wishes, copy);
}

/* Backing files are known only by reading what is before them. */
static void plan_in_vain(const struct guard *g, struct access_shared *shared)
{
    struct journal journal = { .arena = g->arena };
    struct notes notes = { .arena = g->arena };
    struct guard dry = *g;
    struct err e;
    dry.dry_run = true;
    dry.claims = -1;
    dry.journal = &journal;
    dry.notes = &notes;
    snprintf(shared->at, sizeof shared->at, "one of the backing files");
    shared->steps++;
    guard_plan(&dry, &e);
}

/* Whatever it hangs in, it holds no lock, no pipe and no terminal of this process, and ends with it. */
static _Noreturn void child(const struct access_check *c, struct access_shared *shared, int pipe)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(pipe, 0) == 0 && syscall(SYS_close_range, 1, ~0U, 0) == 0)
        access_walk(c, shared, 0);
    if (c->only_reach)
        plan_in_vain(c->guard, shared);
    shared->done = true;
    _exit(0);
}

/* On a machine with more to do than it can, a child that waits for its turn is no child that hangs. */
static bool has_hung(pid_t pid)
{
    struct proc_stat s;
    return !proc_stat(pid, &s) || s.state != 'R';
}

/* Reads until the child is done. False: nothing moves any more. */
static bool hear(pid_t pid, int fd, const struct access_shared *shared, struct str *out)
{
    char bytes[8192];
    long long end = now_ms() + ACCESS_ALL_MS, deadline = now_ms() + ACCESS_STEP_MS;
    unsigned long steps = shared->steps;
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, LOOK_MS) > 0) {
            ssize_t n = read(fd, bytes, sizeof bytes);
            if (n == 0)
                return true;
            if (n > 0)
                str_addn(out, bytes, (size_t)n);
        }
        if (shared->steps != steps || (now_ms() >= deadline && !has_hung(pid))) {
            steps = shared->steps;
            deadline = now_ms() + ACCESS_STEP_MS;
        }
        if (now_ms() >= deadline || now_ms() >= end)
            return false;
    }
}

static void stop_wish(struct access_check *c, unsigned wish, unsigned id)
{
    if (wish >= c->wishes.n || id >= c->refusals.n)
        return;
    struct access_wish *x = c->wishes.v[wish];
    unsigned *grown = arena_array(c->arena, x->n_refused + 1, sizeof *grown);
    if (x->n_refused)
        memcpy(grown, x->refused, x->n_refused * sizeof *grown);
    grown[x->n_refused++] = id;
    x->refused = grown;
    if (c->refusals.v[id]->wish != wish)
        c->refusals.v[id]->more++;
}

static void add_refusal(struct access_check *c, const struct access_record *r, const char *texts)
{
    struct access_refusal *x = arena_alloc(c->arena, sizeof *x);
    const char **members[] = { &x->layer, &x->component, &x->text, &x->has, &x->needs, &x->remedy, &x->hint };
    *x = (struct access_refusal){ .status = (enum status)r->status, .wish = r->wish };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        *members[i] = streq(texts, "\1") ? NULL : arena_strdup(c->arena, texts);
        texts += strlen(texts) + 1;
    }
    list_add(c->arena, &c->refusals, x);
}

/* What is cut off at the end was being written when the child was given up. */
static void read_records(struct access_check *c, const struct str *s)
{
    struct access_record r;
    for (size_t at = 0; at + sizeof r <= s->len; at += r.length) {
        memcpy(&r, s->p + at, sizeof r);
        at += sizeof r;
        if (r.length > s->len - at)
            return;
        if (r.kind == 'R')
            add_refusal(c, &r, s->p + at);
        else
            stop_wish(c, r.wish, r.id);
    }
}

static void given_up(struct access_check *c, const struct access_shared *shared)
{
    unsigned wish = shared->wish < c->wishes.n ? shared->wish : (unsigned)c->wishes.n - 1;
    struct access_refusal *x = arena_alloc(c->arena, sizeof *x);
    char at[sizeof shared->at];
    memcpy(at, shared->at, sizeof at);
    at[sizeof at - 1] = '\0';
    size_t left = c->wishes.n - wish - 1;
    *x = (struct access_refusal){
        .status = ST_TIMEOUT, .layer = "file system", .component = arena_strdup(c->arena, at), .wish = wish,
        .text = arena_printf(c->arena, "no answer from %s for %d s: its file system or server is dead%s", at, ACCESS_STEP_MS / 1000,
                             left ? arena_printf(c->arena, "; %zu more path%s not looked at", left, left > 1 ? "s were" : " was") : "") };
    list_add(c->arena, &c->refusals, x);
    stop_wish(c, wish, (unsigned)c->refusals.n - 1);
}

/* A process that waits for a dead server may not even die. It is nobody's business then but init's. */
static void reap(pid_t pid)
{
    kill(pid, SIGKILL);
    for (long long end = now_ms() + 100; waitpid(pid, NULL, WNOHANG) == 0 && now_ms() < end;)
        poll(NULL, 0, 5);
}

static bool listen_to(struct access_check *c, pid_t pid, int fd, const struct access_shared *shared, struct err *e)
{
    autostr struct str out = STR_INIT;
    int status = 0;
    bool heard = hear(pid, fd, shared, &out);
    read_records(c, &out);
    for (size_t i = 0; i < c->wishes.n; i++)
        c->wishes.v[i]->looked = i < shared->wish;
    if (!heard) {
        given_up(c, shared);
        reap(pid);
        return true;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return shared->done || err_set(e, ST_FAILED, "the check of paths ended early, at %s (wait status %d)", shared->at, status);
}

bool access_check(struct access_check *c, struct err *e)
{
    int p[2];
    if (!c->wishes.n)
        return true;
    struct access_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return err_errno(e, "cannot check paths");
    if (pipe2(p, O_CLOEXEC) < 0) {
        munmap(shared, sizeof *shared);
        return err_errno(e, "cannot check paths");
    }
    pid_t pid = fork();
    if (pid == 0)
        child(c, shared, p[1]);
    close(p[1]);
    bool ok = pid > 0 ? listen_to(c, pid, p[0], shared, e) : err_errno(e, "cannot check paths");
    close(p[0]);
    munmap(shared, sizeof *shared);
    return ok;
}

bool access_answers(const struct guard *g, struct err *e)
{
    struct access_check c = { .arena = g->arena, .guard = g, .only_reach = true };
    struct objects objects = { 0 };
    if (!access_mounts_may_hang())
        return true;
    access_subject(&c.subject, g->arena, geteuid(), getegid(), geteuid() == 0);
    domain_objects(g->domain, g->arena, &objects);
    for (size_t i = 0; i < objects.all.n; i++)
        access_add(&c, &(struct access_wish){ .path = objects.all.v[i]->path, .why = objects.all.v[i]->why,
                                              .missing = ACCESS_MAY_MISS });
    if (!access_check(&c, e))
        return false;
    for (size_t i = 0; i < c.refusals.n; i++)
        if (c.refusals.v[i]->status == ST_TIMEOUT)
            return err_set(e, ST_TIMEOUT, "%s", access_line(&c, i));
    return true;
}
