/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/near.h"
#include "store/beside.h"
#include "store/defs.h"
#include "store/guest.h"
#include "store/index.h"
#include "store/list.h"

struct finder {
    int etc, state, run; /* -1: there is no such directory */
    struct arena *a;
};

static bool exists(const struct finder *f, const char *name)
{
    struct guest_status s;
    struct err none;
    if (!guest_name_ok(name, &none))
        return false;
    if (def_exists(f->etc, name))
        return true;
    guest_status(f->state, f->run, name, &s);
    return s.state != GUEST_OFF;
}

static const char *by_id(const struct finder *f, const char *word)
{
    uint64_t id;
    if (f->state < 0 || !parse_u64(word, &id) || !id)
        return NULL;
    autodir DIR *d = fdopendir(dir_open_at(f->state, "."));
    for (struct dirent *entry; d && (entry = readdir(d));) {
        struct guest_status s;
        if (entry->d_name[0] == '.')
            continue;
        guest_status(f->state, -1, entry->d_name, &s);
        if (s.active && s.id == id)
            return arena_strdup(f->a, entry->d_name);
    }
    return NULL;
}

/* Where the index cannot be used (a read-only root, someone who holds it), whoever asks looks for himself. */
static const char *scan_for_uuid(const struct finder *f, const struct root *r, const char *uuid, struct err *e)
{
    struct guests all;
    if (!guests_list(r, f->a, &all, e))
        return NULL;
    for (size_t i = 0; i < all.n; i++) {
        guests_read_head(r, f->a, &all.v[i]);
        char found[37];
        if (all.v[i].uuid && uuid_normal(all.v[i].uuid, found) && streq(found, uuid))
            return all.v[i].name;
    }
    return NULL;
}

static const char *by_uuid(const struct finder *f, const struct root *r, const char *word, struct err *e)
{
    char uuid[37];
    struct err unused = { 0 };
    if (!uuid_normal(word, uuid))
        return NULL;
    if (f->etc >= 0 && f->state >= 0) {
        const char *name = uuid_find(f->etc, f->state, f->a, uuid, &unused);
        if (name || unused.status == ST_NOENT)
            return name;
    }
    return scan_for_uuid(f, r, uuid, e);
}

static const char *find(const struct finder *f, const struct root *r, const char *word, enum guest_by by, struct err *e)
{
    const char *name = NULL;
    if ((by == GUEST_BY_ANY || by == GUEST_BY_NAME) && exists(f, word))
        return arena_strdup(f->a, word);
    if (by == GUEST_BY_ANY || by == GUEST_BY_UUID)
        name = by_uuid(f, r, word, e);
    if (!name && (by == GUEST_BY_ANY || by == GUEST_BY_ID))
        name = by_id(f, word);
    return name;
}

/* ROOT_X, or -1 where there is none yet; anything else is an error. */
static bool open_or_none(const struct root *r, enum root_dir which, int *fd, struct err *e)
{
    *fd = root_open(r, which, false, e);
    return *fd >= 0 || e->status == ST_NOENT;
}

/* The guest that the word comes nearest to, if only one does. */
static const char *nearest(const struct finder *f, const struct root *r, const char *word)
{
    struct guests all;
    struct err none;
    const char *best = NULL;
    size_t limit = near_limit(word), least = limit + 1;
    if (!limit || !guests_list(r, f->a, &all, &none))
        return NULL;
    for (size_t i = 0; i < all.n; i++) {
        size_t distance = near_distance(word, all.v[i].name, limit);
        if (distance < least)
            best = all.v[i].name;
        else if (distance == least)
            best = NULL;
        if (distance < least)
            least = distance;
    }
    return best;
}

/* What whoever wrote that word may have meant. */
static void suggest(const struct finder *f, const struct root *r, const char *word, struct err *e)
{
    autostr struct str shown = STR_INIT;
    const char *guest = str_ends(word, ".xml") ? arena_strndup(f->a, word, strlen(word) - strlen(".xml")) : NULL;
    if (!guest || !exists(f, guest))
        guest = nearest(f, r, word);
    if (!guest && access(word, F_OK) == 0) {
        str_add_shown(&shown, word);
        err_add(e, " (it is a file; try: vm-define %.300s)", str_text(&shown));
        return;
    }
    if (!guest) {
        err_add(e, " (try: vm-list --all)");
        return;
    }
    str_add_shown(&shown, guest);
    err_add(e, " (did you mean %.300s? try: vm-list --all)", str_text(&shown));
}

const char *guest_find(const struct root *r, struct arena *a, const char *word, enum guest_by by, struct err *e)
{
    autoclose int etc = -1, state = -1, run = -1;
    struct err unasked;
    if (!open_or_none(r, ROOT_ETC, &etc, e) || !open_or_none(r, ROOT_STATE, &state, e))
        return NULL;
    run = root_open(r, ROOT_RUN, false, &unasked);
    struct finder f = { etc, state, run, a };
    e->status = ST_NOENT;
    const char *name = find(&f, r, word, by, e);
    if (name || e->status != ST_NOENT)
        return name;
    autostr struct str shown = STR_INIT;
    str_add_shown(&shown, *word ? word : "''");
    static const char *const what[] = { "guest", "guest of that name", "guest with that UUID", "running guest with that id" };
    err_set(e, ST_NOENT, "%.300s: no such %s in %s", str_text(&shown), what[by], r->uri);
    suggest(&f, r, word, e);
    return NULL;
}
