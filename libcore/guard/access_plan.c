/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "domain/filesystem.h"
#include "domain/os.h"
#include "guard/access.h"
#include "guard/access_walk.h"

/* What is to be checked, made of a plan; and what was found, put into words. */

/* A name that setfacl and chown take for what it is. */
static const char *user_name(struct arena *a, const struct passwd *p, uid_t uid)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-$@";
    bool usable = p && p->pw_name[strspn(p->pw_name, plain)] == '\0' && p->pw_name[strspn(p->pw_name, "0123456789.-")] != '\0';
    return usable ? arena_strdup(a, p->pw_name) : arena_printf(a, "%u", (unsigned)uid);
}

void access_subject(struct access_subject *s, struct arena *a, uid_t uid, gid_t gid, bool overrides)
{
    const struct passwd *p = getpwuid(uid);
    *s = (struct access_subject){ .uid = uid, .gid = gid, .overrides = overrides, .name = user_name(a, p, uid) };
    if (uid == geteuid() && uid) { /* it stays what it is */
        int n = getgroups(0, NULL);
        gid_t *own = arena_array(a, n > 0 ? (size_t)n : 1, sizeof *own);
        n = n > 0 ? getgroups(n, own) : 0;
        s->n_groups = n > 0 ? (size_t)n : 0;
        s->groups = own;
        return;
    }
    int n = 0;
    if (!p)
        return;
    getgrouplist(p->pw_name, gid, NULL, &n);
    gid_t *groups = arena_array(a, (size_t)n + 1, sizeof *groups);
    if (getgrouplist(p->pw_name, gid, groups, &n) >= 0)
        s->n_groups = (size_t)n;
    s->groups = groups;
}

/* The owner change that is planned. Entries come in the order of the objects, so each search goes on where the last ended. */
static void planned_owner(struct access_wish *x, const struct object *o, const struct guard *g, size_t *from)
{
    for (size_t n = 0; n < g->entries.n; n++) {
        size_t i = (*from + n) % g->entries.n;
        const struct guard_entry *t = g->entries.v[i];
        unsigned uid, gid;
        if (!streq(t->layer, "dac") || !streq(t->path, x->path) || !streq(t->why, x->why))
            continue;
        *from = i + 1;
        x->kept = t->note;
        x->changes = t->change && t->wanted && sscanf(t->wanted, "%u:%u", &uid, &gid) == 2;
        if (x->changes) {
            x->uid = uid;
            x->gid = gid;
        }
        /* Once it can be written, it can be given away, too. */
        if (!streq(t->note, "on a read-only file system") || !(x->need & ACCESS_WRITE))
            return;
        break;
    }
    /* Else the plan broke off before it came here. */
    x->changes = g->root->privileged && o->owned;
    x->uid = g->uid;
    x->gid = g->gid;
}

/* Files behind virtiofs are opened by its own daemon. */
static bool another_opens(const struct guard *g, const struct object *o)
{
    for (size_t i = 0; i < g->domain->devices->filesystems.n; i++) {
        const struct filesystem *f = g->domain->devices->filesystems.v[i];
        if (o->at == &f->meta && o->kind == OBJECT_DIRECTORY)
            return f->driver == FS_DRIVER_VIRTIOFS;
    }
    return false;
}

static unsigned need_of(const struct object *o)
{
    if (o->made || o->kind == OBJECT_SOCKET)
        return ACCESS_WRITE;
    if (o->kind == OBJECT_DIRECTORY)
        return ACCESS_READ | ACCESS_SEARCH;
    return o->use == OBJECT_READONLY ? ACCESS_READ : ACCESS_READ | ACCESS_WRITE;
}

/* The NVRAM file is copied from the firmware's template. */
static bool copied(const struct guard *g, const struct object *o)
{
    const struct domain_os *os = g->domain->os;
    return streq(o->path, os->nvram) && (os->nvram_template || !os->loader);
}

static void objects(struct access_check *c, const struct guard *g)
{
    size_t from = 0;
    for (size_t i = 0; i < g->objects.all.n; i++) {
        const struct object *o = g->objects.all.v[i];
        struct access_wish x = { .path = o->path, .why = o->why, .need = need_of(o), .kind = o->kind };
        if (another_opens(g, o))
            continue;
        x.missing = o->made ? ACCESS_QEMU_MAKES : o->optional || copied(g, o) ? ACCESS_MAY_MISS : ACCESS_MUST_EXIST;
        planned_owner(&x, o, g, &from);
        access_add(c, &x);
    }
}

void access_of_plan(struct access_check *c, const struct guard *g)
{
    const struct enter_user *u = &g->enter.user;
    c->guard = g;
    c->conf = g->conf;
    access_subject(&c->subject, c->arena, g->uid, g->gid, g->uid == 0 && (u->change ? u->keep : !conf_number(g->conf, "clear_emulator_capabilities")));
    if (u->change) {
        c->subject.n_groups = u->n_groups;
        c->subject.groups = u->groups;
    }
    const char *emulator = g->emulator ? g->emulator : g->domain->devices->emulator;
    if (emulator)
        access_add(c, &(struct access_wish){ .path = emulator, .why = "emulator", .need = ACCESS_READ | ACCESS_EXECUTE,
                                             .kind = OBJECT_FILE });
    objects(c, g);
    for (size_t i = 0; i < g->journal->rows.n; i++) {
        const struct row *row = g->journal->rows.v[i];
        if (streq(row->kind, "socket"))
            access_add(c, &(struct access_wish){ .path = row->object, .why = row->why, .need = ACCESS_WRITE, .kind = OBJECT_SOCKET,
                                                 .missing = ACCESS_QEMU_MAKES });
        else if (streq(row->kind, "dir"))
            access_add(c, &(struct access_wish){ .path = row->object, .why = row->why, .need = ACCESS_SEARCH,
                                                 .kind = OBJECT_DIRECTORY, .missing = ACCESS_MAY_MISS });
    }
}

bool access_run_as(struct access_check *c, const char *text, struct err *e)
{
    const char *colon = strchr(text, ':');
    const char *user = colon ? arena_strndup(c->arena, text, (size_t)(colon - text)) : text;
    const struct access_subject was = c->subject;
    uid_t uid;
    gid_t gid;
    if (!user_id(user, &uid))
        return err_set(e, ST_NOENT, "--as: there is no user '%s' on this host", user);
    const struct passwd *p = getpwuid(uid);
    gid = p ? p->pw_gid : (gid_t)uid;
    if (colon && !group_id(colon + 1, &gid))
        return err_set(e, ST_NOENT, "--as: there is no group '%s' on this host", colon + 1);
    access_subject(&c->subject, c->arena, uid, gid, uid == 0);
    for (size_t i = 0; i < c->wishes.n; i++) {
        struct access_wish *x = c->wishes.v[i];
        bool given = x->changes || streq(x->kept, "is right") || (x->kept && str_starts(x->kept, "in use"));
        if (given && (!x->changes || (x->uid == was.uid && x->gid == was.gid))) {
            x->changes = true;
            x->uid = uid;
            x->gid = gid;
        }
    }
    return true;
}

bool access_root_dirs(struct access_check *c, const struct root *r, uid_t uid, gid_t gid)
{
    static const enum root_dir dirs[] = { ROOT_LIB, ROOT_CACHE, ROOT_RUN };
    const char *owner = access_owner(c->arena, uid, gid);
    bool right = true;
    for (size_t i = 0; r->privileged && i < sizeof dirs / sizeof *dirs; i++) {
        struct stat st;
        autostr struct str remedy = STR_INIT;
        const char *path = r->dir[dirs[i]];
        if (stat(path, &st) < 0 || (st.st_uid == uid && st.st_gid == gid))
            continue;
        right = false;
        str_add(&remedy, "chown ");
        access_add_word(&remedy, owner);
        str_addc(&remedy, ' ');
        access_add_word(&remedy, path);
        struct access_refusal *x = arena_alloc(c->arena, sizeof *x);
        *x = (struct access_refusal){
            .status = ST_PERM, .layer = "dac", .component = path, .wish = (unsigned)c->wishes.n,
            .has = access_owner(c->arena, st.st_uid, st.st_gid), .needs = owner, .remedy = arena_strdup(c->arena, str_text(&remedy)),
            .text = arena_printf(c->arena, "it belongs to %s, not to QEMU's user and group %s", access_owner(c->arena, st.st_uid, st.st_gid), owner) };
        list_add(c->arena, &c->refusals, x);
        access_add(c, &(struct access_wish){ .path = path, .why = "directory of QEMU", .kind = OBJECT_DIRECTORY, .looked = true });
        struct access_wish *w = c->wishes.v[c->wishes.n - 1];
        w->n_refused = 1;
        w->refused = arena_alloc(c->arena, sizeof *w->refused);
        *w->refused = (unsigned)c->refusals.n - 1;
    }
    return right;
}

void access_add_word(struct str *s, const char *path)
{
    autostr struct str shown = STR_INIT;
    str_add_shown(&shown, path);
    if (streq(str_text(&shown), path)) {
        str_add_shell(s, path);
        return;
    }
    str_add(s, "$'");
    for (const unsigned char *p = (const unsigned char *)path; *p; p++)
        if (*p == '\'' || *p == '\\')
            str_addf(s, "\\%c", *p);
        else if (*p < 0x20 || *p >= 0x7f)
            str_addf(s, "\\%03o", *p);
        else
            str_addc(s, (char)*p);
    str_addc(s, '\'');
}

const char *access_line(const struct access_check *c, size_t i)
{
    const struct access_refusal *r = c->refusals.v[i];
    const struct access_wish *x = r->wish < c->wishes.n ? c->wishes.v[r->wish] : NULL;
    autostr struct str s = STR_INIT;
    if (!r->component)
        str_add(&s, "process: ");
    else if (x)
        str_addf(&s, "%s: %s: ", x->why, x->path);
    if (r->component && x && strcmp(r->component, x->path) && !strstr(r->text, r->component))
        str_addf(&s, "%s: ", r->component);
    str_add(&s, r->text);
    if (r->has && !strstr(r->text, r->has))
        str_addf(&s, ": it has %s", r->has);
    if (r->more)
        str_addf(&s, " (and %u more path%s)", r->more, r->more > 1 ? "s" : "");
    if (r->remedy || r->hint)
        str_addf(&s, " (try: %s%s%s)", r->remedy ? r->remedy : "", r->remedy && r->hint ? "; or " : "", r->hint ? r->hint : "");
    return arena_strdup(c->arena, str_text(&s));
}

/* What broke the plan off is often what was found here, too, with more to say. Whose links are followed is the plan's
 * affair alone. */
static bool told(const struct access_check *c, const struct err *plan)
{
    bool bare = plan->status != ST_PERM || str_ends(plan->text, strerror(EACCES));
    for (size_t i = 0; i < c->refusals.n; i++) {
        unsigned wish = c->refusals.v[i]->wish;
        if (wish < c->wishes.n && bare && strstr(plan->text, c->wishes.v[wish]->path))
            return true;
    }
    return false;
}

/* Of several kinds of refusal, the one that a status tells; NULL: there is none. */
static const struct access_refusal *worst(const struct access_check *c)
{
    static const enum status order[] = { ST_PERM, ST_TIMEOUT, ST_FAILED, ST_NOENT };
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < c->refusals.n; i++)
            if (c->refusals.v[i]->status == order[k])
                return c->refusals.v[i];
    return NULL;
}

bool access_say(const struct access_check *c, const char *guest, const struct err *plan, struct notes *notes, struct err *e)
{
    bool have = plan && !told(c, plan);
    if (have)
        err_set(e, plan->status, "%s: %s", guest, plan->text);
    for (size_t i = 0; i < c->refusals.n; i++) {
        const char *line = access_line(c, i);
        bool first = i == 0 && !have;
        /* A command must not be cut off in the middle: the message has its limit, notes have none. */
        bool fits = strlen(guest) + strlen(line) + 2 < sizeof e->text;
        if (first && fits)
            err_set(e, worst(c)->status, "%s: %s", guest, line);
        else if (first)
            err_set(e, worst(c)->status, "%s: %.500s... (try: seclabel --check)", guest, line);
        if (!first || !fits)
            note_add(notes, "%s: %s", guest, line);
    }
    return !have && c->refusals.n == 0;
}

static const struct column columns[] = {
    { "WHY", "why", COLUMN_TEXT },     { "STATE", "state", COLUMN_TEXT }, { "LAYER", "layer", COLUMN_TEXT },
    { "HAS", "has", COLUMN_TEXT },     { "NEEDS", "needs", COLUMN_TEXT }, { NULL, "component", COLUMN_TEXT },
    { "TRY", "remedy", COLUMN_TEXT },  { NULL, "hint", COLUMN_TEXT },     { "PROBLEM", "problem", COLUMN_TEXT },
    { "PATH", "path", COLUMN_TEXT },
};

static const char *state_of(enum status s)
{
    return s == ST_NOENT ? "missing" : s == ST_TIMEOUT ? "dead" : s == ST_PERM ? "denied" : "unfit";
}

void access_table(const struct access_check *c, struct table *t)
{
    table_init(t, c->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < c->wishes.n; i++) {
        const struct access_wish *x = c->wishes.v[i];
        if (!x->n_refused)
            table_row(t, (const char *[]){ x->why, x->looked ? "ok" : "unknown", NULL, NULL, NULL, NULL, NULL, NULL, NULL, x->path });
        for (size_t k = 0; k < x->n_refused; k++) {
            const struct access_refusal *r = c->refusals.v[x->refused[k]];
            table_row(t, (const char *[]){ r->component ? x->why : "process", state_of(r->status), r->layer, r->has, r->needs,
                                           r->component, r->remedy, r->hint, r->text, x->path });
        }
    }
}

bool access_result(const struct access_check *c, const char *guest, const struct err *plan, struct err *e)
{
    const struct access_refusal *r = worst(c);
    size_t refused = 0;
    if (plan && !told(c, plan)) {
        *e = *plan;
        return err_wrap_once(e, guest);
    }
    for (size_t i = 0; i < c->wishes.n; i++)
        refused += c->wishes.v[i]->n_refused > 0;
    if (r)
        return err_set(e, r->status, "%s: user '%s' cannot use %zu of %zu paths", guest, c->subject.name, refused, c->wishes.n);
    return true;
}
