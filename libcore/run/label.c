/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/label.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/dac.h"
#include "guard/landlock.h"
#include "guard/selinux.h"
#include "guard/selinux_context.h"
#include "guard/selinux_kernel.h"
#include "qemu/arch.h"
#include "run/foresee.h"
#include "run/live.h"
#include "run/load.h"
#include "run/made.h"
#include "run/rows.h"
#include "run/undo.h"
#include "store/beside.h"
#include "store/guest.h"
#include "store/standing.h"

static const struct {
    const char *kind, *layer;
} kinds[] = {
    { "owner", "dac" },     { "chown", "dac" },        { "selinux", "selinux" },
    { "label", "selinux" }, { "profile", "apparmor" }, { "apparmor", "apparmor" },
};

static bool is_asked(const char *kind, const char *driver)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (streq(kinds[i].kind, kind))
            return !driver || streq(kinds[i].layer, driver);
    return false;
}

bool label_driver(const char *driver)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (streq(kinds[i].layer, driver))
            return true;
    return false;
}

bool label_read(struct label *x, const char *operand, enum guest_by by, struct err *e)
{
    autostr struct str text = STR_INIT;
    struct foreseen f;
    if (!load_operand(operand, by, x->root, x->arena, &x->file, &text, e))
        return false;
    x->text = arena_strndup(x->arena, str_text(&text), text.len);
    x->n = text.len;
    if (!foresee(x->text, x->n, x->arena, &f))
        f = (struct foreseen){ .arch = arch_host() ? arch_host()->name : NULL };
    struct plan_known *k = &x->known;
    k->emulator = f.emulator || !f.arch ? f.emulator : caps_find_emulator(&x->env, x->arena, f.arch, &k->err);
    if (!k->emulator || !caps_may_run(&x->env, k->emulator, &k->err))
        return true; /* the plan says so */
    if (f.kvm && !(k->caps = caps_get(&x->env, k->emulator, true, &k->err)) && (k->caps = caps_get(&x->env, k->emulator, false, &k->err)))
        note_add(x->notes, "%s cannot use KVM here: what it can do without is taken", k->emulator);
    if (!f.kvm)
        k->caps = caps_get(&x->env, k->emulator, false, &k->err);
    return true;
}

void label_release(struct label *x)
{
    plan_release(&x->plan);
    caps_free(x->known.caps);
    x->known.caps = NULL;
}

static const char *level_of_files(const struct label *x, const char *name)
{
    struct err e;
    struct journal j = { .arena = x->arena };
    autoclose int state = root_open(x->root, ROOT_STATE, false, &e);
    autoclose int dir = state < 0 ? -1 : openat(state, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    autoclose int fd = dir < 0 ? -1 : journal_open(dir);
    bool read = fd >= 0 && journal_read(fd, &j, &e) && !j.undone;
    for (size_t i = 0; read && i < j.rows.n; i++) {
        const struct row *row = j.rows.v[i];
        const char *level = streq(row->kind, "selinux") || streq(row->kind, "label") ? selinux_level(x->arena, row->wanted) : NULL;
        if (level && strchr(level, ','))
            return level;
    }
    return NULL;
}

/* l: has a name only now. */
static bool plan(struct label *x, struct life *l, bool hold, struct err *e)
{
    struct parse p = { .arena = x->arena, .file = x->file, .notes = x->notes, .err = e, .strict = x->strict };
    struct domain *d = domain_parse(x->text, x->n, &p);
    struct plan_options o = { .dry_run = true, .labels = true, .hold = hold, .caps = &x->env, .conf = &x->conf, .known = &x->known };
    if (d && !d->name)
        return err_set(e, ST_FAILED, "%s: <domain> has no <name>", x->file);
    if (!d || !guest_name_ok(d->name, e) || !conf_read_root(&x->conf, x->arena, x->root, x->notes, e))
        return false;
    l->name = d->name;
    x->uuid = d->uuid;
    o.level = x->command ? level_of_files(x, d->name) : NULL;
    o.draws = x->command && !o.level && selinux_at_work();
    autoclose int claims = o.draws ? root_open(x->root, ROOT_CLAIMS, true, e) : -1;
    if (o.draws && (l->claims = claims) < 0)
        return false;
    return plan_domain(&x->plan, l, d, &o, x->notes, e);
}

bool label_plan(struct label *x, struct err *e)
{
    struct life l = { .arena = x->arena, .root = x->root, .dir = -1, .claims = -1, .lock = -1, .journal = -1 };
    return plan(x, &l, false, e);
}

const char *const label_layers[] = { "dac",   "selinux", "apparmor", "capabilities", "landlock", "seccomp",
                                     "mount", "limits",  "cgroup",   "image",        NULL };

static const struct column columns[] = {
    { "LAYER", "layer", COLUMN_TEXT }, { "WHY", "why", COLUMN_TEXT },   { "USE", "use", COLUMN_TEXT },
    { "MODE", "mode", COLUMN_TEXT },   { "NOW", "now", COLUMN_TEXT },   { "WANTED", "wanted", COLUMN_TEXT },
    { NULL, "change", COLUMN_BOOL },   { "NOTE", "note", COLUMN_TEXT }, { "PATH", "path", COLUMN_TEXT },
};

void label_table(const struct guard *g, const char *driver, enum label_rows which, struct table *t)
{
    table_init(t, g->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < g->processes.n; i++) {
        const struct guard_process *p = g->processes.v[i];
        if (!driver || streq(driver, p->layer))
            table_row(t, (const char *[]){ p->layer, p->who ? arena_printf(g->arena, "process of %s", p->who) : "process", NULL, NULL, NULL,
                                             p->label, "no", p->note, NULL });
    }
    for (size_t i = 0; i < g->entries.n; i++) {
        const struct guard_entry *x = g->entries.v[i];
        if ((!driver || streq(driver, x->layer)) && !(which == LABEL_APPLIED && x->made))
            table_row(t, (const char *[]){ x->layer, x->why, x->use, x->mode, x->now, which == LABEL_NOW ? NULL : x->wanted,
                                           x->change ? "yes" : "no", x->note, x->path });
    }
}

/* What is not there yet a start makes, with its label. */
static bool is_made(const struct guard *g, const char *path)
{
    for (size_t i = 0; i < g->entries.n; i++)
        if (g->entries.v[i]->made && streq(g->entries.v[i]->path, path))
            return true;
    return false;
}

static void keep_rows(struct label *x, const char *driver)
{
    struct journal *j = &x->plan.journal;
    const struct guard *g = x->plan.guard;
    size_t n = 0;
    for (size_t i = 0; i < j->rows.n; i++) {
        bool profile = streq(j->rows.v[i]->kind, "profile") || streq(j->rows.v[i]->kind, "apparmor");
        if (is_asked(j->rows.v[i]->kind, driver) && (profile || !is_made(g, j->rows.v[i]->object)))
            j->rows.v[n++] = j->rows.v[i];
    }
    j->rows.n = n;
}

static bool carry_out(struct life *l, struct label *x, struct err *e)
{
    struct row_context c = life_row_context(l);
    struct err undo = { 0 };
    if (rows_apply(&l->j, &c, e) && standing_add(l->claims, l->root->dir[ROOT_STATE], l->name, e) &&
        journal_append_applied(l->journal, e))
        return true;
    plan_release(&x->plan); /* what is undone must be free, of this process too */
    if (!life_undo(l, &undo_here, -1, "failed", x->notes, &undo))
        note_add(x->notes, "%s", undo.text);
    return false;
}

static bool apply_locked(struct life *l, struct label *x, const char *driver, struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    struct journal *j = &x->plan.journal;
    if (!beside_root_free(x->root, e) || !beside_guest_free(x->root, l->name, e) || !life_repair(l, &undo_here, &is, &pidfd, x->notes, e))
        return false;
    if (is != LIFE_OFF)
        return err_set(e, ST_STATE, "%s: is running, with its labels in force", l->name);
    if (!plan(x, l, true, e))
        return false;
    keep_rows(x, driver);
    if (!j->rows.n)
        return true;
    snprintf(j->machine, sizeof j->machine, "%s", l->machine);
    snprintf(j->boot, sizeof j->boot, "%s", l->boot);
    j->guest = l->name;
    l->journal = journal_write(l->dir, j, e);
    if (l->journal < 0)
        return err_wrap(e, "%s", l->name);
    l->j = *j;
    l->j.complete = true;
    return carry_out(l, x, e) || err_wrap(e, "%s", l->name);
}

/* Whose document it is: all else is read under the guest's lock. */
static const char *name_of(const struct label *x, struct err *e)
{
    struct parse p = { .arena = x->arena, .file = x->file, .err = e, .strict = x->strict };
    const struct domain *d = domain_parse(x->text, x->n, &p);
    if (d && !d->name)
        return err_set(e, ST_FAILED, "%s: <domain> has no <name>", x->file), NULL;
    return d && guest_name_ok(d->name, e) ? d->name : NULL;
}

bool label_apply(struct label *x, const char *driver, long long wait_ms, struct err *e)
{
    struct life l;
    const char *name = name_of(x, e);
    if (!name || !life_open(&l, x->root, x->arena, name, true, e))
        return false;
    bool ok = life_lock(&l, wait_ms, "seclabel", e) && apply_locked(&l, x, driver, e);
    plan_release(&x->plan);
    /* A guest without a definition leaves no directory behind, unless there is something to take back. */
    (l.journal < 0 ? life_end : life_close)(&l);
    return ok;
}

bool label_restore(const struct root *r, const char *name, long long wait_ms, struct notes *notes, struct err *e)
{
    autoarena struct arena *a = arena_new();
    autoclose int pidfd = -1;
    enum life_is is;
    struct life l;
    if (!life_open(&l, r, a, name, false, e))
        return e->status == ST_NOENT;
    bool ok = life_lock(&l, wait_ms, "seclabel", e) && life_repair(&l, &undo_here, &is, &pidfd, notes, e) &&
              (is == LIFE_OFF || err_set(e, ST_STATE, "%s: is running: its labels go back when it ends", name));
    (l.journal < 0 ? life_end : life_close)(&l);
    return ok;
}

/* "NAME:\tVALUE" of /proc/PID/status; words: how many of its words. */
static const char *field(struct arena *a, const char *status, const char *name, int first, int words)
{
    const char *p = strstr(status, name);
    for (p = p ? p + strlen(name) : ""; first--; p += strcspn(p, " \t\n"))
        p += strspn(p, " \t");
    p += strspn(p, " \t");
    const char *end = p;
    while (words-- && *end && *end != '\n') {
        end += strcspn(end, " \t\n");
        if (words)
            end += strspn(end, " \t");
    }
    return arena_strndup(a, p, (size_t)(end - p));
}

static void process_label(struct guard *g, const char *dir, const char *layer)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, arena_printf(g->arena, "%s/attr/%s/current", dir, layer), 4096, false, &text) < 0)
        file_read_at(AT_FDCWD, arena_printf(g->arena, "%s/attr/current", dir), 4096, false, &text);
    char *label = arena_strdup(g->arena, str_text(&text));
    label[strcspn(label, "\n")] = '\0';
    /* One of the two answers in attr/current: a context has colons, a profile a mode. */
    bool context = strchr(label, ':') != NULL && !strchr(label, '(');
    if (*label && context == streq(layer, "selinux"))
        guard_add_process(g, layer, label, NULL);
}

/* What the kernel does not tell of another process, but the start wrote down. Rules of Landlock are as they were made, or not there. */
static void confined_by(struct guard *g)
{
    size_t n = 0;
    struct guest_status s;
    struct err e;
    autoclose int state = root_open(g->root, ROOT_STATE, false, &e), run = root_open(g->root, ROOT_RUN, false, &e);
    guest_status(state, run, g->name, &s);
    guard_add_process(g, "landlock", s.landlock ? arena_printf(g->arena, "ABI %u", s.landlock) : "none", NULL);
    if (*s.sockets)
        guard_add_process(g, "sockets", arena_strdup(g->arena, s.sockets), "of the user's other programs");
    for (size_t i = 0; i < g->entries.n; i++) {
        struct guard_entry *w = g->entries.v[i];
        bool rule = streq(w->layer, "landlock");
        if (rule)
            w->now = w->wanted;
        if (!rule || s.landlock)
            g->entries.v[n++] = w;
    }
    g->entries.n = n;
}

static bool processes(struct guard *g, pid_t pid, struct err *e)
{
    autostr struct str text = STR_INIT;
    struct arena *a = g->arena;
    const char *dir = arena_printf(a, "/proc/%d", (int)pid);
    if (file_read_at(AT_FDCWD, arena_printf(a, "%s/status", dir), 1 << 16, false, &text) < 0)
        return err_errno(e, "%s: process %d", g->name, (int)pid);
    const char *s = str_text(&text), *groups = field(a, s, "\nGroups:", 0, 64);
    const char *caps = field(a, s, "\nCapEff:", 0, 1), *seccomp = field(a, s, "\nSeccomp:", 0, 1);
    g->processes.n = 0;
    guard_add_process(g, "dac", arena_printf(a, "%s:%s", field(a, s, "\nUid:", 1, 1), field(a, s, "\nGid:", 1, 1)),
                      *groups ? arena_printf(a, "groups %s", groups) : "no supplementary groups");
    guard_add_process(g, "capabilities", strspn(caps, "0") == strlen(caps) ? "none" : caps,
                      streq(field(a, s, "\nNoNewPrivs:", 0, 1), "1") ? "no new privileges" : NULL);
    guard_add_process(g, "seccomp", streq(seccomp, "2") ? "filter" : "none", NULL);
    confined_by(g);
    process_label(g, dir, "selinux");
    process_label(g, dir, "apparmor");
    return true;
}

bool label_show(struct guard *g, struct err *e)
{
    autoclose int pidfd = -1;
    enum life_is is;
    struct life l;
    if (!life_open(&l, g->root, g->arena, g->name, false, e))
        return e->status == ST_NOENT ? err_set(e, ST_STATE, "%s: is not running", g->name) : false;
    bool ok = life_look(&l, &is, &pidfd, g->notes, e);
    if (ok && is != LIFE_RUNNING)
        ok = err_set(e, ST_STATE, "%s: is not running", g->name);
    const char *live = ok ? live_domain(&l) : NULL;
    struct parse p = { .arena = g->arena, .file = "live.xml", .notes = g->notes, .err = e };
    struct domain *d = live ? domain_parse(live, strlen(live), &p) : NULL;
    g->domain = d;
    ok = d && dac_process(d, g->conf, g->root->privileged, &g->uid, &g->gid, e) && guard_plan(g, e) && processes(g, l.j.qemu.pid, e);
    if (ok)
        made_add(g, &l.j, false);
    life_close(&l);
    return ok;
}

/* What execvp would run. */
static const char *program_path(struct arena *a, const char *command)
{
    const char *path = getenv("PATH");
    if (strchr(command, '/'))
        return command;
    for (const char *p = path ? path : "/bin:/usr/bin"; *p; p += strspn(p, ":")) {
        size_t n = strcspn(p, ":");
        const char *at = arena_printf(a, "%.*s/%s", (int)n, p, command);
        if (access(at, X_OK) == 0)
            return at;
        p += n;
    }
    return command;
}

/* QEMU's rules with another program in its place. */
static bool stand_in(struct label *x, const char *command, struct enter *enter, struct err *e)
{
    struct guard g = *x->plan.guard;
    char real[PATH_MAX];
    const char *path = program_path(x->arena, command);
    g.emulator = realpath(path, real) ? real : path;
    g.enter.landlock = (struct enter_landlock){ 0 };
    if (!landlock_layer(&g, e))
        return false;
    enter->landlock = g.enter.landlock;
    return enter->landlock.abi || err_set(e, ST_FAILED, "%s: has no Landlock here (seclabel tells why)", g.name);
}

/* What was claimed for the command is the command's. */
static bool hand_over(const struct plan *p, const struct enter *x, struct err *e)
{
    for (size_t i = 0; i < p->n_claims; i++)
        if (!selinux_hand_over(&x->selinux, p->claims[i], e) ||
            (fcntl(p->claims[i], F_SETFD, 0) < 0 && !err_errno(e, "%s: what is claimed for a command", p->name)))
            return false;
    return true;
}

bool label_become(struct label *x, const char *driver, const char *command, struct err *e)
{
    const struct plan *p = &x->plan;
    struct enter enter = { 0 };
    const char *what;
    if (!driver || streq(driver, "dac"))
        enter.user = p->enter.user;
    if (!driver || streq(driver, "selinux"))
        enter.selinux = p->enter.selinux;
    if (!driver || streq(driver, "apparmor"))
        enter.apparmor = p->enter.apparmor;
    if (streq(driver, "landlock") && (!stand_in(x, command, &enter, e) || !guard_prepare(&enter, x->notes, e)))
        return false;
    return hand_over(p, &enter, e) && (guard_enter(&enter, &what) || err_errno(e, "%s: %s", p->name, what));
}
