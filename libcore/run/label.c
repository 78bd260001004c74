/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/label.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/dac.h"
#include "run/ended.h"
#include "run/life.h"
#include "run/rows.h"
#include "store/beside.h"

static const struct {
    const char *kind, *layer;
} kinds[] = {
    { "owner", "dac" },      { "chown", "dac" },     { "selinux", "selinux" },
    { "profile", "apparmor" }, { "apparmor", "apparmor" },
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

static void keep_rows(struct journal *j, const char *driver)
{
    size_t n = 0;
    for (size_t i = 0; i < j->rows.n; i++)
        if (is_asked(j->rows.v[i]->kind, driver))
            j->rows.v[n++] = j->rows.v[i];
    j->rows.n = n;
}

static void let_go(struct guard *g)
{
    for (size_t i = 0; i < g->n_held; i++)
        close(g->held[i]);
    g->n_held = g->users = 0;
}

static bool carry_out(struct life *l, struct guard *g, struct err *e)
{
    struct row_context c = life_row_context(l);
    struct err undo = { 0 };
    if (rows_apply(&l->j, &c, e) && journal_append_applied(l->journal, e))
        return true;
    let_go(g); /* what is undone must be free, of this process too */
    if (!life_undo(l, -1, "failed", g->notes, &undo))
        note_add(g->notes, "%s", undo.text);
    return false;
}

static bool apply_locked(struct life *l, struct guard *g, const char *driver, struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    if (!beside_root_free(g->root, e) || !beside_guest_free(g->root, g->name, e) || !life_repair(l, &is, &pidfd, g->notes, e))
        return false;
    if (is != LIFE_OFF)
        return err_set(e, ST_STATE, "%s: is running, with its labels in force", g->name);
    g->claims = l->claims;
    g->dry_run = false;
    if (!guard_plan(g, e))
        return err_wrap(e, "%s", g->name);
    keep_rows(g->journal, driver);
    if (!g->journal->rows.n)
        return true;
    snprintf(g->journal->machine, sizeof g->journal->machine, "%s", l->machine);
    snprintf(g->journal->boot, sizeof g->journal->boot, "%s", l->boot);
    g->journal->guest = g->name;
    if (!journal_new_id(g->journal, e))
        return false;
    l->journal = journal_write(l->dir, g->journal, e);
    if (l->journal < 0)
        return err_wrap(e, "%s", g->name);
    l->j = *g->journal;
    l->j.complete = true;
    return carry_out(l, g, e) || err_wrap(e, "%s", g->name);
}

bool label_apply(struct guard *g, const char *driver, long long wait_ms, struct err *e)
{
    struct life l;
    if (!life_open(&l, g->root, g->arena, g->name, true, e))
        return false;
    bool ok = life_lock(&l, wait_ms, "seclabel", e) && apply_locked(&l, g, driver, e);
    let_go(g);
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
    bool ok = life_lock(&l, wait_ms, "seclabel", e) && life_repair(&l, &is, &pidfd, notes, e) &&
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
    process_label(g, dir, "selinux");
    process_label(g, dir, "apparmor");
    return true;
}

bool label_show(struct guard *g, struct parse *p, struct err *e)
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
    p->file = "live.xml";
    struct domain *d = live ? domain_parse(live, strlen(live), p) : NULL;
    g->domain = d;
    ok = d && dac_process(d, g->conf, g->root->privileged, &g->uid, &g->gid, e) && guard_plan(g, e) && processes(g, l.j.qemu.pid, e);
    life_close(&l);
    return ok;
}

void label_enter(const struct guard *g, const char *driver, struct enter *x)
{
    *x = (struct enter){ 0 };
    if (!driver || streq(driver, "dac"))
        x->user = g->enter.user;
    if (!driver || streq(driver, "selinux"))
        x->selinux = g->enter.selinux;
    if (!driver || streq(driver, "apparmor"))
        x->apparmor = g->enter.apparmor;
}
