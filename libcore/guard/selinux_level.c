/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/selinux_level.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/selinux_context.h"
#include "store/alive.h"
#include "store/claim.h"
#include "store/standing.h"

enum { LIVE_MAX = 16 << 20 };

struct taken {
    struct arena *arena;
    LIST(const char) labels; /* of processes that run */
};

static void add_labels(struct taken *t, int dir, const char *file)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(dir, file, LIVE_MAX, true, &text) < 0)
        return;
    for (const char *p = str_text(&text); (p = strstr(p, "<label>"));) {
        p += strlen("<label>");
        const char *label = arena_strndup(t->arena, p, strcspn(p, "<"));
        list_add(t->arena, &t->labels, label);
    }
}

static void add_ours(struct taken *t, const struct root *r)
{
    struct err e;
    autoclose int state = root_open(r, ROOT_STATE, false, &e);
    autodir DIR *d = state < 0 ? NULL : fdopendir(steal_fd(&state));
    for (struct dirent *f; d && (f = readdir(d));) {
        autoclose int dir = *f->d_name == '.' ? -1 : openat(dirfd(d), f->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        enum alive alive = dir < 0 ? ALIVE_NO : alive_ask(dir, "alive", NULL);
        if (alive == ALIVE_YES || alive == ALIVE_FOREIGN)
            add_labels(t, dir, "live.xml");
    }
}

/* libvirt writes the state of each running guest to NAME.xml beside its pid file. */
static void add_libvirts(struct taken *t, const struct root *r)
{
    autodir DIR *d = opendir(r->dir[ROOT_RUN]);
    for (struct dirent *f; d && (f = readdir(d));)
        if (str_ends(f->d_name, ".xml"))
            add_labels(t, dirfd(d), f->d_name);
}

/* Files that were given to a guest ahead of its start have its level already. */
static void add_standing(struct taken *t, int claims)
{
    struct journal j = { .arena = t->arena };
    standing_rows(claims, &j);
    for (size_t i = 0; i < j.rows.n; i++)
        if (streq(j.rows.v[i]->kind, "selinux") || streq(j.rows.v[i]->kind, "label"))
            list_add(t->arena, &t->labels, j.rows.v[i]->wanted);
}

static bool is_taken(const struct taken *t, const char *level)
{
    for (size_t i = 0; i < t->labels.n; i++)
        if (str_ends(t->labels.v[i], level))
            return true;
    return false;
}

/* The part before the categories. */
static const char *sensitivity(struct arena *a, const char *level)
{
    return arena_strndup(a, level, strcspn(level, ":-"));
}

bool selinux_draw_level(struct guard *g, const char *base, const char *range, const char **level, struct err *e)
{
    struct selinux_categories c;
    struct taken taken = { .arena = g->arena };
    uint32_t start;
    *level = NULL;
    if (!selinux_categories(range, &c) || c.n < 2)
        return true;
    base = sensitivity(g->arena, base);
    if (g->level || (g->dry_run && g->claims < 0)) {
        *level = g->level ? g->level : arena_printf(g->arena, "%s" SELINUX_NOT_DRAWN, base);
        return true;
    }
    add_ours(&taken, g->root);
    add_libvirts(&taken, g->root);
    add_standing(&taken, g->claims);
    uint32_t pairs = c.n * (c.n - 1) / 2;
    if (getrandom(&start, sizeof start, 0) != sizeof start)
        return err_errno(e, "cannot draw categories");
    for (uint32_t i = 0; i < pairs; i++) {
        char name[CLAIM_NAME];
        unsigned pair[2];
        bool busy;
        selinux_pair(&c, (unsigned)(((uint64_t)start + i) % pairs), pair);
        *level = arena_printf(g->arena, "%s:c%u,c%u", base, pair[0], pair[1]);
        if (is_taken(&taken, *level))
            continue;
        snprintf(name, sizeof name, "category-%u-%u", pair[0], pair[1]);
        int fd = claim_take(g->claims, name, false, now_ms(), &busy, e);
        if (fd >= 0)
            return guard_hold(g, fd, e);
        if (!busy)
            return false;
    }
    return err_set(e, ST_BUSY, "SELinux: each of the %u pairs of categories in %s is another guest's", (unsigned)pairs, range);
}
