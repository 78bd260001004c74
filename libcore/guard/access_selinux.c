/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "guard/access_walk.h"
#include "guard/selinux_context.h"
#include "guard/selinux_fs.h"
#include "guard/selinux_kernel.h"
#include "guard/selinux_level.h"
#include "guard/selinux_row.h"

/* What the running policy says to the guest's process, about labels as they are or as the plan will have them. What the
 * plan labels with the guest's own label needs no question. */

/* Without a level that is not drawn what counts is the policy. */
static const char *asked(struct arena *a, const char *context)
{
    size_t n = strlen(context) - (str_ends(context, SELINUX_NOT_DRAWN) ? strlen(SELINUX_NOT_DRAWN) : 0);
    return arena_strndup(a, context, n);
}

/* What is planned for the object of a wish; NULL: nothing. */
static const struct guard_entry *planned(const struct guard *g, const struct access_place *p)
{
    for (size_t i = 0; p->object && i < g->entries.n; i++) {
        const struct guard_entry *t = g->entries.v[i];
        if (streq(t->layer, "selinux") && t->change && streq(t->path, p->wish->path) && streq(t->why, p->wish->why))
            return t;
    }
    return NULL;
}

/* The place is the directory of a file that the start makes. */
static bool is_above_new(const struct guard *g, const struct access_place *p)
{
    const struct guard_entry *t = planned(g, p);
    return t && t->made && p->wish->kind == OBJECT_FILE && S_ISDIR(p->st->st_mode);
}

/* NULL: the object has none, or the guest's own. */
static const char *label_of(struct arena *a, const struct guard *g, const struct access_place *p)
{
    struct selinux_state now;
    const struct guard_entry *t = is_above_new(g, p) ? NULL : planned(g, p);
    if (t && (streq(t->wanted, g->enter.selinux.image) || streq(t->wanted, g->enter.selinux.shared)))
        return NULL;
    return t ? asked(a, t->wanted) : selinux_look(p->fd, &now) ? arena_strdup(a, now.label) : NULL;
}

static bool binds(const struct access_wish *x)
{
    return x->kind == OBJECT_SOCKET && x->missing == ACCESS_QEMU_MAKES;
}

static const char *class_of(mode_t mode)
{
    static const struct {
        mode_t type;
        const char *class;
    } classes[] = {
        { S_IFREG, "file" },     { S_IFDIR, "dir" },       { S_IFBLK, "blk_file" },
        { S_IFCHR, "chr_file" }, { S_IFIFO, "fifo_file" }, { S_IFSOCK, "sock_file" },
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (classes[i].type == (mode & S_IFMT))
            return classes[i].class;
    return "file";
}

/* The first permission that is lacking; NULL: none is. What is made in a directory gets its type. */
static const char *lacks(const char *subject, const char *label, const struct access_place *p)
{
    const char *class = class_of(p->st->st_mode);
    bool dir = S_ISDIR(p->st->st_mode), made = dir && p->need & ACCESS_WRITE;
    const struct {
        bool needed;
        const char *class, *perm;
    } perms[] = {
        { p->need & ACCESS_READ, class, "read" },   { p->need & ACCESS_WRITE && !dir, class, "write" },
        { dir && p->need & ACCESS_SEARCH, class, "search" }, { made, class, "add_name" },
        { made, binds(p->wish) ? "sock_file" : "file", "create" },
    };
    for (size_t i = 0; i < sizeof perms / sizeof *perms; i++)
        if (perms[i].needed && !selinux_allows(subject, label, perms[i].class, perms[i].perm))
            return perms[i].perm;
    return NULL;
}

/* The same of the directory of a file that the start makes and labels. Where the start may not, QEMU does. */
static const char *lacks_above_new(const char **subject, const char *own, const char *label, const struct access_place *p)
{
    if (!own || lacks(own, label, p))
        return lacks(*subject, label, p);
    if (!selinux_allows(*subject, label, "dir", "search"))
        return "search";
    if (selinux_allows(own, label, "file", "relabelfrom"))
        return NULL;
    *subject = own;
    return "relabelfrom";
}

/* path as a regular expression that means it alone, as semanage wants it. */
static const char *pattern(struct arena *a, const char *path)
{
    autostr struct str s = STR_INIT;
    for (; *path; path++) {
        if (strchr(".^$?*+|[({})]\\", *path))
            str_addc(&s, '\\');
        str_addc(&s, *path);
    }
    return arena_strdup(a, str_text(&s));
}

static const char *semanage(struct arena *a, const char *type, const char *path)
{
    autostr struct str s = STR_INIT;
    str_addf(&s, "semanage fcontext -a -t %s ", type);
    access_add_word(&s, pattern(a, path));
    str_add(&s, " && restorecon -v ");
    access_add_word(&s, path);
    return arena_strdup(a, str_text(&s));
}

static const char *type_of(struct arena *a, const char *context)
{
    const char *type = context ? strchr(context, ':') : NULL;
    type = type ? strchr(type + 1, ':') : NULL;
    return type ? arena_strndup(a, type + 1, strcspn(type + 1, ":")) : NULL;
}

/* This process must be able to look, to label and to give back. */
static bool within_reach(struct arena *a, const char *label, mode_t mode)
{
    const char *own = selinux_own(a);
    return !own || selinux_allows(own, label, class_of(mode), "getattr");
}

bool access_selinux_binds_us(struct access_walk *w, const struct access_place *p)
{
    struct arena *a = access_arena(w);
    const char *own = selinux_enforcing() ? selinux_own(a) : NULL;
    struct selinux_state now;
    return own && selinux_look(p->fd, &now) && lacks(own, now.label, p);
}

/* The type that would do: of the directory for images, of what guests only read, of their own images. NULL: none. */
static const char *right_type(struct arena *a, const struct access_place *p, const char *subject)
{
    struct selinux_contexts c = { 0 };
    struct err e;
    selinux_contexts(a, &c, &e);
    const char *const candidates[] = { selinux_default(a, "/var/lib/libvirt/images", S_IFDIR), c.content, c.image };
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (candidates[i] && !lacks(subject, candidates[i], p) && within_reach(a, candidates[i], p->st->st_mode))
            return type_of(a, candidates[i]);
    return NULL;
}

/* What the policy has a name of its own for (home directories, system files) is not given another. */
static bool may_be_given(struct arena *a, const struct access_place *p, const char *given)
{
    const char *type = type_of(a, given);
    return !type || streq(type, "default_t") || (p->object && !S_ISDIR(p->st->st_mode));
}

static void add_remedy(struct arena *a, const struct guard *g, const struct access_place *p, const char *subject, struct access_refusal *r)
{
    autostr struct str s = STR_INIT;
    struct selinux_fs fs = { .carries = true };
    if (p->fd >= 0)
        selinux_fs(p->fd, &fs);
    const char *given = selinux_default(a, p->path, p->st->st_mode), *type = right_type(a, p, subject);
    if (!fs.carries) {
        if (fs.boolean && selinux_boolean(fs.boolean) == 0)
            str_addf(&s, "setsebool -P %s on", fs.boolean);
        struct selinux_contexts c = { 0 };
        struct err e;
        selinux_contexts(a, &c, &e);
        r->hint = arena_printf(a, "mount it with context=\"%s\"", g->enter.selinux.shared ? g->enter.selinux.shared : c.image);
    } else if (given && (!r->has || strcmp(given, r->has)) && !lacks(subject, given, p) && within_reach(a, given, p->st->st_mode)) {
        str_add(&s, "restorecon -v ");
        access_add_word(&s, p->path);
    } else if (type && may_be_given(a, p, given)) {
        str_add(&s, semanage(a, type, p->path));
    } else {
        r->hint = "keep the guest's files in /var/lib/libvirt/images";
    }
    r->remedy = s.len ? arena_strdup(a, str_text(&s)) : NULL;
}

/* Labels that are planned must be this program's to give, and the one that is there to give back. False: it was refused. */
static bool may_change(struct access_walk *w, const struct guard *g, const struct access_place *p)
{
    static const char *const perms[] = { "relabelfrom", "relabelto" };
    struct arena *a = access_arena(w);
    const char *own = selinux_own(a), *class = class_of(p->st->st_mode);
    struct selinux_state now;
    const struct guard_entry *t = planned(g, p);
    bool changes = t && !t->made;
    for (size_t i = 0; changes && own && selinux_look(p->fd, &now) && i < 2; i++) {
        if (selinux_allows(own, now.label, class, perms[i]))
            continue;
        const char *images = selinux_default(a, "/var/lib/libvirt/images/any", S_IFREG), *type = type_of(a, images);
        access_refuse(w, p, &(struct access_refusal){
            .status = ST_PERM, .layer = "selinux", .has = arena_strdup(a, now.label), .needs = arena_printf(a, "%s for %s", perms[i], own),
            .text = arena_printf(a, "the SELinux policy does not let %s change its label %s", own, now.label),
            .remedy = type ? semanage(a, type, p->path) : NULL });
        return false;
    }
    return true;
}

static void look_selinux(struct access_walk *w, const struct access_check *c, const struct access_place *p)
{
    const struct guard *g = c->guard;
    struct arena *a = access_arena(w);
    bool run = p->object && S_ISREG(p->st->st_mode) && p->need & ACCESS_EXECUTE; /* the way in is the plan's affair */
    if (!g || !g->enter.selinux.label || run || !selinux_enforcing())
        return;
    if (!may_change(w, g, p))
        return;
    const char *subject = asked(a, g->enter.selinux.label), *refused = subject, *label = label_of(a, g, p);
    const char *perm = !label               ? NULL
                       : is_above_new(g, p) ? lacks_above_new(&refused, selinux_own(a), label, p)
                                            : lacks(subject, label, p);
    if (!perm)
        return;
    struct access_refusal r = {
        .status = ST_PERM, .layer = "selinux", .has = label, .needs = arena_printf(a, "%s for %s", perm, refused),
        .text = arena_printf(a, "Permission denied: the SELinux policy does not let %s %s %s", refused, perm, p->path) };
    add_remedy(a, g, p, subject, &r);
    access_refuse(w, p, &r);
}

const struct access_layer access_selinux = { "selinux", look_selinux };

bool access_selinux_hides(struct access_walk *w, const struct access_check *c, const struct access_wish *x, const char *path, bool last)
{
    static const mode_t modes[] = {
        [OBJECT_FILE] = S_IFREG, [OBJECT_BLOCK] = S_IFBLK, [OBJECT_CHARACTER] = S_IFCHR, [OBJECT_DIRECTORY] = S_IFDIR,
        [OBJECT_SOCKET] = S_IFSOCK, [OBJECT_FIFO] = S_IFIFO,
    };
    const struct guard *g = c->guard;
    struct arena *a = access_arena(w);
    struct selinux_contexts contexts;
    struct err e;
    if (!g || !selinux_enforcing() || !selinux_contexts(a, &contexts, &e))
        return false;
    const struct stat st = { .st_mode = last ? modes[x->kind] : S_IFDIR };
    /* Whoever may not look at it may still learn what file system it is on. */
    autoclose int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    const struct access_place p = { fd, path, &st, last ? x->need : ACCESS_SEARCH, x, last };
    const char *own = selinux_own(a);
    /* The plan may have broken off by this very thing, before it had a label. */
    const char *subject = g->enter.selinux.label ? asked(a, g->enter.selinux.label) : contexts.tcg;
    struct access_refusal r = {
        .status = ST_PERM, .layer = "selinux", .needs = arena_printf(a, "getattr for %s", own ? own : "this process"),
        .text = arena_printf(a, "Permission denied: the SELinux policy does not let %s look at %s", own ? own : "this process", path) };
    add_remedy(a, g, &p, subject, &r);
    access_refuse(w, &p, &r);
    return true;
}
