/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/owners.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "domain/seclabel.h"

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

bool owners_process(const struct domain *d, const struct conf *conf, bool privileged, uid_t *uid, gid_t *gid, struct err *e)
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

static bool want(struct owner *w, const struct owners *o, const struct seclabel *domain, const struct conf *conf,
                 bool privileged, struct err *e)
{
    const struct seclabel *own = dac_of_object(w->object);
    w->want_uid = o->uid;
    w->want_gid = o->gid;
    if (!privileged)
        w->kept = "only root changes owners";
    else if (!w->object->owned)
        w->kept = "belongs to all guests";
    else if (own && own->relabel == TRI_NO)
        w->kept = "relabel='no'";
    else if (own && own->label)
        return parse_label(own, &w->want_uid, &w->want_gid, e);
    else if (own && own->relabel == TRI_YES)
        return true;
    else if (domain && (domain->relabel == TRI_NO || domain->type == SECLABEL_NONE))
        w->kept = "relabel='no' of the domain";
    else if (!conf_number(conf, "dynamic_ownership", 1))
        w->kept = "dynamic_ownership = 0";
    return true;
}

bool owners_plan(const struct domain *d, const struct conf *conf, bool privileged, struct arena *a, struct owners *o,
                 struct err *e)
{
    struct objects objects = { 0 };
    const struct seclabel *domain = dac_of(d->seclabels.v, d->seclabels.n);
    *o = (struct owners){ 0 };
    if (!owners_process(d, conf, privileged, &o->uid, &o->gid, e))
        return false;
    domain_objects(d, a, &objects);
    for (size_t i = 0; i < objects.all.n; i++) {
        struct owner *w = arena_alloc(a, sizeof *w);
        struct stat st;
        w->object = objects.all.v[i];
        if (!want(w, o, domain, conf, privileged, e))
            return err_wrap(e, "%s", w->object->why);
        w->exists = stat(w->object->path, &st) == 0;
        if (w->exists) {
            w->uid = st.st_uid;
            w->gid = st.st_gid;
            w->mode = st.st_mode & 07777;
        }
        if (!w->kept && w->exists && w->uid == w->want_uid && w->gid == w->want_gid)
            w->kept = "is right";
        if (!w->kept && !w->exists)
            w->kept = "is not there";
        w->change = !w->kept;
        list_add(a, &o->all, w);
    }
    return true;
}
