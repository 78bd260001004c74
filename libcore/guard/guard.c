/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/guard.h"

#include <unistd.h>

#include "base/file.h"
#include "guard/apparmor.h"
#include "guard/cgroup_layer.h"
#include "guard/chain.h"
#include "guard/dac.h"
#include "guard/hostdevs.h"
#include "guard/landlock.h"
#include "guard/limits.h"
#include "guard/mounts.h"
#include "guard/privileges.h"
#include "guard/selinux.h"
#include "guard/sockets.h"
#include "store/claim.h"
#include "store/standing.h"

enum { USE_MS = 5000 }; /* for one who is giving the object back */

/* In the order in which their rows are done. */
static bool (*const layers[])(struct guard *g, struct err *e) = {
    cgroup_layer,
    dac_layer,
    selinux_layer,
    /* After all that have rows: it lets through what the others hold. */
    apparmor_layer,
    /* From here on without rows; they must know whether a label is taken on. */
    privileges_layer,
    limits_layer,
    landlock_layer,
    sockets_layer,
    mounts_layer,
    helpers_layer,
};

bool guard_hold(struct guard *g, int fd, struct err *e)
{
    if (g->n_held == GUARD_HELD) {
        close(fd);
        return err_set(e, ST_FAILED, "too many claims for one guest");
    }
    g->held[g->n_held++] = fd;
    return true;
}

static bool open_users(struct guard *g, struct err *e)
{
    if (g->users)
        return true;
    struct identity itself = claim_object_guest(g->root->dir[ROOT_STATE], g->name);
    int fd = claim_objects(g->claims, e);
    if (fd < 0 || !guard_hold(g, fd, e) || !claim_object_use(fd, &itself, now_ms() + USE_MS, e))
        return false;
    g->users = g->n_held;
    return true;
}

bool guard_use(struct guard *g, const struct identity *id, bool *others, struct err *e)
{
    *others = false;
    if (g->dry_run)
        return true;
    if (!open_users(g, e) || !claim_object_use(g->held[g->users - 1], id, now_ms() + USE_MS, e))
        return false;
    *others = claim_object_used(g->held[g->users - 1], id) || standing_uses(g->claims, id);
    return true;
}

bool guard_used(struct guard *g, const struct identity *id)
{
    struct err e;
    return !g->dry_run && open_users(g, &e) && (claim_object_used(g->held[g->users - 1], id) || standing_uses(g->claims, id));
}

void guard_use_not(struct guard *g, const struct identity *id)
{
    if (g->users)
        claim_object_leave(g->held[g->users - 1], id);
}

void guard_add(struct guard *g, const struct guard_entry *entry)
{
    struct guard_entry *copy = arena_alloc(g->arena, sizeof *copy);
    *copy = *entry;
    list_add(g->arena, &g->entries, copy);
}

void guard_add_process(struct guard *g, const char *layer, const char *label, const char *note)
{
    struct guard_process *p = arena_alloc(g->arena, sizeof *p);
    *p = (struct guard_process){ .layer = layer, .label = label, .note = note };
    list_add(g->arena, &g->processes, p);
}

void guard_add_helper_process(struct guard *g, const struct guard_helper *h, const char *layer, const char *label, const char *note)
{
    guard_add_process(g, layer, label, note);
    g->processes.v[g->processes.n - 1]->who = h->name;
}

bool guard_objects(struct guard *g, struct err *e)
{
    domain_objects(g->domain, g->arena, &g->objects);
    hostdevs_add(g);
    return chain_add(g, e);
}

bool guard_plan(struct guard *g, struct err *e)
{
    if (!guard_objects(g, e))
        return false;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (!layers[i](g, e))
            return false;
    return true;
}
