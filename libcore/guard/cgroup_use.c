/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cgroup_use.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "guard/cgroup.h"
#include "guard/cgroup_layer.h"
#include "guard/cgroup_scope.h"

static const struct row_kind *kind_of(const struct row *row)
{
    for (const struct row_kind *k = cgroup_kinds; k->name; k++)
        if (streq(k->name, row->kind))
            return k;
    return NULL;
}

void cgroup_dirs(const struct guard *g, struct cgroup_dirs *dirs)
{
    *dirs = (struct cgroup_dirs){ 0 };
    for (size_t i = 0; i < g->journal->rows.n; i++) {
        const struct row *row = g->journal->rows.v[i];
        /* Groups of threads are below one that was there before. */
        const char *last = dirs->path.n ? dirs->path.v[dirs->path.n - 1] : NULL;
        if (!streq(row->kind, "cgroup") || (last && str_starts(row->object, last) && row->object[strlen(last)] == '/'))
            continue;
        list_add(g->arena, &dirs->path, row->object);
        list_add(g->arena, &dirs->version, arena_strndup(g->arena, row->wanted, 2));
    }
}

bool cgroup_exists(const struct guard *g)
{
    struct cgroup_dirs dirs;
    cgroup_dirs(g, &dirs);
    for (size_t i = 0; i < dirs.path.n; i++)
        if (access(dirs.path.v[i], F_OK) < 0)
            return false;
    return dirs.path.n > 0;
}

bool cgroup_by_hand(struct guard *g, struct err *e)
{
    struct journal j = { .arena = g->arena, .start = "by-hand" };
    struct notes notes = { .arena = g->arena };
    struct guard running = *g;
    const char *why;
    running.journal = &j;
    running.notes = &notes;
    if (scope_possible(&why) && cgroup_layer(&running, e) && cgroup_exists(&running)) {
        *g->journal = j;
        g->enter = running.enter;
        return true;
    }
    snprintf(g->journal->start, sizeof g->journal->start, "by-hand");
    g->no_scope = true;
    return cgroup_layer(g, e);
}

static bool undo_from(const struct guard *g, size_t n, enum undo *worst, struct err *e)
{
    struct row_context c = { .root = g->root, .guest = g->name, .claims = -1, .dir = -1, .same_boot = true };
    *worst = UNDO_DONE;
    while (n-- > 0) {
        struct err one = { 0 };
        enum undo r = kind_of(g->journal->rows.v[n])->undo(g->journal->rows.v[n], &c, &one);
        if (r > *worst) {
            *worst = r;
            *e = one;
        }
    }
    return *worst == UNDO_DONE;
}

bool cgroup_make(const struct guard *g, struct err *e)
{
    struct row_context c = { .root = g->root, .guest = g->name, .claims = -1, .dir = -1, .same_boot = true };
    struct err undo = { 0 };
    enum undo worst;
    for (size_t i = 0; i < g->journal->rows.n; i++)
        if (!kind_of(g->journal->rows.v[i])->apply(g->journal->rows.v[i], &c, e)) {
            undo_from(g, i + (e->status != ST_BUSY), &worst, &undo);
            return false;
        }
    return true;
}

bool cgroup_remove(const struct guard *g, struct err *e)
{
    struct cgroup_dirs dirs;
    enum undo worst;
    bool any = false;
    cgroup_dirs(g, &dirs);
    for (size_t i = 0; i < dirs.path.n; i++)
        any = any || access(dirs.path.v[i], F_OK) == 0;
    for (size_t i = 0; i < g->journal->rows.n; i++)
        if (streq(g->journal->rows.v[i]->kind, "scope"))
            return err_set(e, ST_STATE, "%s is systemd's, and goes with the guest", g->journal->rows.v[i]->object);
    /* Without any, too: an --apply that was killed may have left the directories above. */
    if (undo_from(g, g->journal->rows.n, &worst, e))
        return any || err_set(e, ST_NOENT, "has no control group");
    if (worst == UNDO_LEFT)
        e->status = ST_STATE;
    return false;
}

bool cgroup_join(const struct guard *g, struct err *e)
{
    return cgroup_enter(&g->enter.cgroup) || err_errno(e, "cannot join its control groups");
}
