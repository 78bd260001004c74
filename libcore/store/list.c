/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/defs.h"
#include "store/head.h"

struct lister {
    struct arena *a;
    int etc, state, run; /* -1: there is none */
    struct names defined, marked, others;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct names *n)
{
    if (n->v.n)
        qsort(n->v.v, n->v.n, sizeof *n->v.v, compare_names);
}

static bool has(const struct names *n, const char *name)
{
    return n->v.n && bsearch(&name, n->v.v, n->v.n, sizeof *n->v.v, compare_names);
}

/* Entries of dir whose names end in suffix (which is cut off). */
static void add_entries(struct lister *l, int dir, const char *suffix)
{
    autodir DIR *d = dir < 0 ? NULL : fdopendir(dir_open_at(dir, "."));
    for (struct dirent *entry; d && (entry = readdir(d));) {
        size_t n = strlen(entry->d_name), cut = strlen(suffix);
        if (entry->d_name[0] != '.' && n > cut && streq(entry->d_name + n - cut, suffix))
            list_add(l->a, &l->others.v, (const char *)arena_strndup(l->a, entry->d_name, n - cut));
    }
}

static int compare(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    unsigned long i = x->status && x->status->active ? x->status->id - 1ul : -1ul;
    unsigned long j = y->status && y->status->active ? y->status->id - 1ul : -1ul;
    return i != j ? (i < j ? -1 : 1) : strcmp(x->name, y->name);
}

/* Both lists are sorted; others may name one guest twice. */
static void merge(struct lister *l, struct guests *out)
{
    const struct names *d = &l->defined, *o = &l->others;
    out->v = arena_array(l->a, d->v.n + o->v.n + 1, sizeof *out->v);
    for (size_t i = 0, j = 0; i < d->v.n || j < o->v.n;) {
        int order = j == o->v.n ? -1 : i == d->v.n ? 1 : strcmp(d->v.v[i], o->v.v[j]);
        const char *name = order <= 0 ? d->v.v[i] : o->v.v[j];
        struct guest_status *s = NULL;
        if (order >= 0) {
            s = arena_alloc(l->a, sizeof *s);
            guest_status(l->state, l->run, name, s);
            while (j < o->v.n && streq(o->v.v[j], name))
                j++;
        }
        i += order <= 0;
        if (order <= 0 || s->state != GUEST_OFF)
            out->v[out->n++] = (struct listed){ .name = name, .persistent = order <= 0,
                                                .autostart = order <= 0 && has(&l->marked, name), .status = s };
    }
}

static bool list(struct lister *l, struct guests *out, struct err *e)
{
    if (l->etc >= 0 && (!defs_list(l->etc, l->a, &l->defined, e) || !autostart_list(l->etc, l->a, &l->marked, e)))
        return false;
    add_entries(l, l->state, "");
    add_entries(l, l->run, ".pid");
    sort(&l->defined);
    sort(&l->marked);
    sort(&l->others);
    *out = (struct guests){ 0 };
    merge(l, out);
    if (l->others.v.n)
        qsort(out->v, out->n, sizeof *out->v, compare);
    return true;
}

bool guests_list(const struct root *r, struct arena *a, struct guests *out, struct err *e)
{
    struct lister l = { .a = a, .etc = -1, .state = -1, .run = -1 };
    struct err none;
    bool ok = ((l.etc = root_open(r, ROOT_ETC, false, e)) >= 0 || e->status == ST_NOENT) &&
              ((l.state = root_open(r, ROOT_STATE, false, e)) >= 0 || e->status == ST_NOENT);
    l.run = root_open(r, ROOT_RUN, false, &none);
    ok = ok && list(&l, out, e);
    cleanup_close(&l.etc);
    cleanup_close(&l.state);
    cleanup_close(&l.run);
    return ok;
}

void guests_read_head(const struct root *r, struct arena *a, struct listed *g)
{
    autostr struct str text = STR_INIT;
    struct err none;
    struct head h;
    autoclose int state = -1;
    if (g->persistent) {
        if (!def_read(r, g->name, &text, &none))
            return;
    } else if ((state = root_open(r, ROOT_STATE, false, &none)) < 0 ||
               file_read_at(state, arena_printf(a, "%s/live.xml", g->name), DEF_MAX, true, &text) < 0) {
        return;
    }
    if (!head_scan(&h, a, str_text(&text), text.len))
        return;
    g->uuid = h.uuid;
    g->title = h.title;
}

void guests_read_reason(const struct root *r, struct arena *a, struct listed *g)
{
    struct err none;
    if (!g->status || g->status->state != GUEST_OFF)
        return;
    struct guest_status *s = arena_alloc(a, sizeof *s);
    autoclose int state = root_open(r, ROOT_STATE, false, &none);
    *s = *g->status;
    guest_last_reason(state, g->name, s);
    g->status = s;
}
