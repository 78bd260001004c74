/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "domain/seclabel.h"
#include "guard/dac.h"
#include "guard/dac_row.h"
#include "store/claim.h"

static const struct seclabel *dac_of(struct seclabel *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (streq(v[i]->model, "dac"))
            return v[i];
    return NULL;
}

/* On a source a label without a model is for every layer. */
static const struct seclabel *dac_of_object(const struct object *o)
{
    const struct seclabel *l = dac_of(o->seclabels, o->n_seclabels);
    for (size_t i = 0; !l && i < o->n_seclabels; i++)
        if (!o->seclabels[i]->model)
            l = o->seclabels[i];
    return l;
}

static bool parse_label(const struct seclabel *l, uid_t *uid, gid_t *gid, struct err *e)
{
    char user[128];
    const char *colon = strchr(l->label, ':');
    size_t n = colon ? (size_t)(colon - l->label) : strlen(l->label);
    if (n >= sizeof user)
        return err_set(e, ST_FAILED, "line %d: <seclabel model='dac'> label is too long", l->meta.line);
    memcpy(user, l->label, n);
    user[n] = '\0';
    if (!user_id(user, uid))
        return err_set(e, ST_NOENT, "line %d: <seclabel model='dac'> label '%s': there is no user '%s' on this host",
                       l->meta.line, l->label, user);
    if (colon && !group_id(colon + 1, gid))
        return err_set(e, ST_NOENT, "line %d: <seclabel model='dac'> label '%s': there is no group '%s' on this host",
                       l->meta.line, l->label, colon + 1);
    return true;
}

bool dac_process(const struct domain *d, const struct conf *conf, bool privileged, uid_t *uid, gid_t *gid, struct err *e)
{
    const struct seclabel *l = dac_of(d->seclabels.v, d->seclabels.n);
    if (!privileged) {
        *uid = geteuid();
        *gid = getegid();
        return true;
    }
    if (!conf_qemu_ids(conf, uid, gid, e))
        return false;
    if (l && l->type == SECLABEL_NONE) {
        *uid = 0;
        *gid = 0;
        return true;
    }
    const char *label = l ? l->label ? l->label : l->baselabel : NULL;
    return label ? parse_label(&(struct seclabel){ .meta = l->meta, .label = label }, uid, gid, e) : true;
}

/* Why an object keeps its owner; NULL: it gets *uid:*gid. */
static bool want(const struct guard *g, const struct object *x, const struct seclabel *domain, uid_t *uid, gid_t *gid,
                 const char **kept, struct err *e)
{
    const struct seclabel *own = dac_of_object(x);
    *uid = g->uid;
    *gid = g->gid;
    *kept = NULL;
    if (!g->root->privileged)
        *kept = "only root changes owners";
    else if (!x->owned)
        *kept = "belongs to all guests";
    else if (own && own->relabel == TRI_NO)
        *kept = "relabel='no'";
    else if (own && own->label)
        return parse_label(own, uid, gid, e);
    else if (own && own->relabel == TRI_YES)
        return true;
    else if (domain && (domain->relabel == TRI_NO || domain->type == SECLABEL_NONE))
        *kept = "relabel='no' of the domain";
    else if (!conf_number(g->conf, "dynamic_ownership"))
        *kept = "dynamic_ownership = 0";
    return true;
}

/* Another guest that has the object at its wanted owner knows the owner it had before: in its journal. */
static const char *owner_before(struct guard *g, const struct identity *id, const char *wanted)
{
    struct err e;
    autoclose int state = root_open(g->root, ROOT_STATE, false, &e);
    autodir DIR *d = state < 0 ? NULL : fdopendir(steal_fd(&state));
    for (struct dirent *f; d && (f = readdir(d));) {
        autoclose int dir = *f->d_name == '.' ? -1 : openat(dirfd(d), f->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        autoclose int fd = dir < 0 ? -1 : journal_open(dir);
        struct journal j = { .arena = g->arena };
        if (fd < 0 || !journal_read(fd, &j, &e) || !j.complete || j.undone)
            continue;
        for (size_t i = 0; i < j.rows.n; i++) {
            const struct row *row = j.rows.v[i];
            if (streq(row->kind, "owner") && identity_same(&row->id, id, true) && streq(row->wanted, wanted))
                return row->before;
        }
    }
    return NULL;
}

static bool add_row(struct guard *g, const struct object *x, const char *wanted, struct err *e)
{
    char real[PATH_MAX], now[32], claim[CLAIM_NAME];
    struct identity id;
    bool busy;
    if (!realpath(x->path, real))
        return err_errno(e, "%s: %s", x->why, x->path);
    if (!dac_look(real, &id, now, e))
        return err_wrap(e, "%s", x->why);
    if (!g->dry_run) {
        /* Taken before the owner is looked at: nobody gives it back between the look and the deed. */
        dac_claim_name(claim, &id);
        int fd = claim_take(g->claims, claim, true, now_ms() + 2000, &busy, e);
        if (fd < 0 || !guard_hold(g, fd, e) || !dac_look(real, &id, now, e))
            return err_wrap(e, "%s", x->why);
    }
    const char *before = streq(now, wanted) ? owner_before(g, &id, wanted) : now;
    if (before)
        journal_add(g->journal, &(struct row){ .kind = "owner", .object = real, .id = id, .before = before,
                                               .wanted = wanted, .why = x->why });
    return true;
}

static bool one_object(struct guard *g, const struct object *x, const struct seclabel *domain, struct err *e)
{
    uid_t uid;
    gid_t gid;
    struct stat st;
    struct guard_entry entry = { .layer = "dac", .path = x->path, .why = x->why, .use = object_use_names[x->use] };
    if (!want(g, x, domain, &uid, &gid, &entry.note, e))
        return err_wrap(e, "%s", x->why);
    const char *wanted = arena_printf(g->arena, "%u:%u", (unsigned)uid, (unsigned)gid);
    bool exists = stat(x->path, &st) == 0, ours = !entry.note;
    if (exists) {
        entry.mode = arena_printf(g->arena, "%04o", (unsigned)st.st_mode & 07777);
        entry.now = arena_printf(g->arena, "%u:%u", (unsigned)st.st_uid, (unsigned)st.st_gid);
    }
    if (ours && !exists)
        entry.note = "is not there";
    else if (ours && streq(entry.now, wanted))
        entry.note = "is right";
    entry.change = !entry.note;
    entry.wanted = entry.change ? wanted : entry.now;
    guard_add(g, &entry);
    return !ours || !exists || add_row(g, x, wanted, e);
}

bool dac_layer(struct guard *g, struct err *e)
{
    const struct seclabel *domain = dac_of(g->domain->seclabels.v, g->domain->seclabels.n);
    g->enter.user = (struct enter_user){ g->root->privileged, g->uid, g->gid };
    guard_add_process(g, "dac", arena_printf(g->arena, "%u:%u", (unsigned)g->uid, (unsigned)g->gid), NULL);
    for (size_t i = 0; i < g->objects.all.n; i++)
        if (!one_object(g, g->objects.all.v[i], domain, e))
            return false;
    return true;
}
