/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "domain/general.h"
#include "domain/os.h"
#include "guard/driver.h"
#include "guard/memory.h"
#include "guard/selinux.h"
#include "guard/selinux_context.h"
#include "guard/selinux_fs.h"
#include "guard/selinux_kernel.h"
#include "guard/selinux_level.h"
#include "guard/selinux_row.h"
#include "host/object.h"

struct labelling {
    struct guard *g;
    struct arena *arena;
    const struct seclabel *own; /* the domain's, or NULL */
    struct selinux_contexts policy;
    const char *caller;         /* NULL: this kernel has no SELinux */
    const char *process;
    const char *asked;          /* the same, at a level that exists in a dry run too: for questions to the policy */
    const char *wanted[3];      /* of an object, by its use */
    const char *kept;           /* why no object gets a label; NULL: they do */
    bool drawn;                 /* the level is of this run alone */
    const char *kind;           /* of rows */
    bool journals_read;
    LIST(const struct row) others; /* labels in other guests' journals */
};

static bool is_label(const struct row *row)
{
    return streq(row->kind, "selinux") || streq(row->kind, "label");
}

/* The policy's context, or with the caller's user (and role) where only these may be taken on: someone who has logged in keeps
 * the user of the login. */
static const char *may_become(struct labelling *l, const char *context)
{
    const char *candidates[] = { context, l->caller ? selinux_as(l->arena, context, l->caller, false) : NULL,
                                 l->caller ? selinux_as(l->arena, context, l->caller, true) : NULL };
    for (size_t i = 0; l->caller && i < 3; i++)
        if (candidates[i] && selinux_valid(candidates[i]) && selinux_allows(l->caller, candidates[i], "process", "transition"))
            return candidates[i];
    return context;
}

static const char *may_give(struct labelling *l, const char *context)
{
    const char *own = l->caller ? selinux_as(l->arena, context, l->caller, false) : NULL;
    if (own && !selinux_allows(l->caller, context, "file", "relabelto") && selinux_allows(l->caller, own, "file", "relabelto"))
        return own;
    return context;
}

static bool refuse(struct labelling *l, struct err *e, const char *text)
{
    if (!l->g->dry_run && selinux_enforcing())
        return err_set(e, ST_PERM, "%s", text);
    note_add(l->g->notes, "%s", text);
    return true;
}

static bool dynamic_label(struct labelling *l, struct err *e)
{
    struct arena *a = l->arena;
    const char *base = l->own && l->own->baselabel       ? l->own->baselabel
                       : l->g->domain->type == DOMAIN_KVM ? l->policy.kvm
                                                         : l->policy.tcg;
    const char *at = selinux_level(a, base), *level;
    if (!selinux_at_level(a, base, NULL))
        return err_set(e, ST_FAILED, "line %d: <baselabel> '%s' is no SELinux context", l->own->meta.line, base);
    const char *range = l->caller ? selinux_level(a, l->caller) : "s0-s0:c0.c1023";
    l->process = l->asked = base;
    if (!at)
        return true; /* a policy without levels: guests are kept from the host, not from each other */
    if (!range)
        return true; /* the caller has no level, and no guest gets one from him */
    if (!selinux_draw_level(l->g, at, range, &level, e))
        return false;
    if (!level)
        note_add(l->g->notes, "SELinux: this shell's range %s has no two categories to draw from: the guest is not kept from other guests",
                 range);
    l->drawn = level != NULL;
    l->asked = may_become(l, selinux_at_level(a, base, level && !str_ends(level, SELINUX_NOT_DRAWN) ? level : at));
    l->process = selinux_at_level(a, l->asked, level ? level : at);
    return true;
}

static bool static_label(struct labelling *l, struct err *e)
{
    const char *label = l->own->label;
    if (!label)
        return err_set(e, ST_FAILED, "line %d: <seclabel type='static'>: has no <label>", l->own->meta.line);
    if (!selinux_at_level(l->arena, label, NULL) || !selinux_valid(label))
        return err_set(e, ST_FAILED, "line %d: <label> '%s' is no SELinux context%s", l->own->meta.line, label,
                       selinux_at_work() ? " of this policy" : "");
    l->process = l->asked = label;
    return true;
}

static bool choose_labels(struct labelling *l, struct err *e)
{
    struct arena *a = l->arena;
    bool fixed = l->own && l->own->type == SECLABEL_STATIC;
    if (!(fixed ? static_label(l, e) : dynamic_label(l, e)))
        return false;
    const char *level = selinux_level(a, l->process);
    l->wanted[OBJECT_EXCLUSIVE] = selinux_at_level(a, may_give(l, l->policy.image), level);
    l->wanted[OBJECT_SHARED] = may_give(l, l->policy.image);
    l->wanted[OBJECT_READONLY] = may_give(l, l->policy.content);
    if (l->own ? l->own->relabel == TRI_NO || (fixed && l->own->relabel != TRI_YES) : false)
        l->kept = fixed ? "static label: relabel is off" : "relabel='no' of the domain";
    return true;
}

/* What exec would fail at, said before anything is changed. */
static bool check_entry(struct labelling *l, struct err *e)
{
    struct selinux_state exec;
    if (!l->caller)
        return true;
    if (!selinux_allows(l->caller, l->asked, "process", "transition"))
        return refuse(l, e, arena_printf(l->arena, "SELinux does not let %s start a guest as %s (try: make install-selinux, which brings "
                                                  "the programs into the domain that may)", l->caller, l->process));
    if (!selinux_allows(l->asked, l->wanted[OBJECT_SHARED], "file", "write"))
        return refuse(l, e, arena_printf(l->arena, "SELinux does not let %s use files that are labelled %s", l->process, l->wanted[OBJECT_SHARED]));
    autoclose int fd = l->g->emulator ? open(l->g->emulator, O_PATH | O_CLOEXEC) : -1;
    if (fd < 0 || !selinux_look(fd, &exec) || selinux_allows(l->asked, exec.label, "file", "entrypoint"))
        return true;
    return refuse(l, e, arena_printf(l->arena, "emulator %s: has the SELinux label %s, by which %s cannot be entered (try: restorecon -v %s)",
                                     l->g->emulator, exec.label, l->process, l->g->emulator));
}

/* The command that lets processes of a context have such memory; NULL: no boolean of this policy does. */
static const char *memory_remedy(bool confined)
{
    static const struct {
        const char *name;
        int refuses;
        bool guests;
        const char *command;
    } booleans[] = {
        { "virt_use_execmem", 0, true, "setsebool -P virt_use_execmem on" },
        { "allow_execmem", 0, false, "setsebool -P allow_execmem on" },
        { "deny_execmem", 1, false, "setsebool -P deny_execmem off" },
    };
    for (size_t i = 0; i < sizeof booleans / sizeof *booleans; i++)
        if (booleans[i].guests == confined && selinux_boolean(booleans[i].name) == booleans[i].refuses)
            return booleans[i].command;
    return NULL;
}

/* TCG writes the code that it runs. */
static bool check_memory(struct labelling *l, const char *process, bool confined, struct err *e)
{
    if (l->g->domain->type == DOMAIN_KVM || !l->caller || selinux_allows(process, process, "process", "execmem"))
        return true;
    const char *remedy = memory_remedy(confined);
    return refuse(l, e, arena_printf(l->arena, "SELinux: QEMU without KVM makes memory executable, which the policy does not allow to %s%s%s%s",
                                     process, remedy ? " (try: " : "", remedy ? remedy : "", remedy ? ")" : ""));
}

/* What the running guests' journals know of labels; read once, and only where a file cannot remember by itself. */
static void read_journals(struct labelling *l)
{
    struct err e;
    autoclose int state = root_open(l->g->root, ROOT_STATE, false, &e);
    autodir DIR *d = state < 0 ? NULL : fdopendir(steal_fd(&state));
    l->journals_read = true;
    for (struct dirent *f; d && (f = readdir(d));) {
        autoclose int dir = *f->d_name == '.' ? -1 : openat(dirfd(d), f->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        autoclose int fd = dir < 0 ? -1 : journal_open(dir);
        struct journal j = { .arena = l->arena };
        if (fd < 0 || !journal_read(fd, &j, &e) || !j.complete || j.undone)
            continue;
        for (size_t i = 0; i < j.rows.n; i++)
            if (is_label(j.rows.v[i]))
                list_add(l->arena, &l->others, j.rows.v[i]);
    }
}

static const char *before_of_others(struct labelling *l, const struct identity *id, const char *label)
{
    struct selinux_state wanted;
    if (!l->journals_read)
        read_journals(l);
    for (size_t i = 0; i < l->others.n; i++) {
        selinux_state_read(l->others.v[i]->wanted, &wanted);
        if (identity_same(&l->others.v[i]->id, id, true) && streq(wanted.label, label))
            return l->others.v[i]->before;
    }
    return NULL;
}

static const struct row *row_of_ours(struct labelling *l, const struct identity *id)
{
    for (size_t i = 0; i < l->g->journal->rows.n; i++) {
        const struct row *row = l->g->journal->rows.v[i];
        if (is_label(row) && row->id.known && identity_same(&row->id, id, true))
            return row;
    }
    return NULL;
}

/* The label that the object had before guests had it, as a row's state: NULL if none of them has it, and it is as it is to be. */
static bool find_before(struct labelling *l, int fd, const struct identity *id, const char *label, const char **before, struct err *e)
{
    struct selinux_state now;
    struct memory m;
    bool used;
    /* Asked before the claim is taken, too: once it is, whoever has the object leaves it to us, and then forgets. */
    if (selinux_look(fd, &now) && streq(now.label, label) && !l->journals_read && guard_used(l->g, id))
        read_journals(l);
    if (!guard_use(l->g, id, &used, e))
        return false;
    if (!selinux_look(fd, &now))
        return err_errno(e, "its SELinux label");
    memory_look(fd, "selinux", &m);
    bool right = streq(now.label, label), known = m.others || m.ours;
    if (!right && (m.others || (used && m.ours)))
        return err_set(e, ST_BUSY, "is used by another guest, with the SELinux label %s", now.label);
    if (known && *m.first) {
        *before = arena_strdup(l->arena, m.first);
    } else if (right) {
        *before = used ? before_of_others(l, id, label) : NULL;
    } else {
        char text[SELINUX_TEXT + 8];
        selinux_state_text(&now, text);
        *before = arena_strdup(l->arena, text);
    }
    return true;
}

static bool plan_row(struct labelling *l, const struct object *x, int fd, const char *real, const struct identity *id,
                     const char *label, struct guard_entry *entry, struct err *e)
{
    const char *before = NULL;
    if (!find_before(l, fd, id, label, &before, e))
        return err_wrap(e, "%s: %s", x->why, real);
    if (before)
        journal_add(l->g->journal, &(struct row){ .kind = l->kind, .object = real, .id = *id, .before = before, .wanted = label, .why = x->why });
    if (streq(entry->now, label))
        entry->note = before ? arena_printf(l->arena, "in use; goes back to %s", before) : "is right";
    entry->change = !entry->note;
    entry->wanted = label;
    return true;
}

/* A file system whose files have no labels of their own: what is there must let the guest in. */
static const char *unlabelled(struct labelling *l, const struct object *x, const char *real, const struct selinux_fs *fs, const char *now)
{
    struct arena *a = l->arena;
    if (l->caller && selinux_allows(l->asked, now, "file", "read") &&
        (x->use == OBJECT_READONLY || selinux_allows(l->asked, now, "file", "write")))
        return arena_printf(a, "%s carries no labels; %s lets the guest in", fs->name, now);
    const char *context = l->wanted[OBJECT_SHARED];
    if (fs->boolean && selinux_boolean(fs->boolean) == 0)
        note_add(l->g->notes, "%s: %s: %s carries no SELinux labels, and guests may not use it (try: setsebool -P %s on; or mount it with "
                              "context=\"%s\")", x->why, real, fs->name, fs->boolean, context);
    else if (l->caller)
        note_add(l->g->notes, "%s: %s: %s carries no SELinux labels, and %s keeps the guest out (try: mount it with context=\"%s\")", x->why,
                 real, fs->name, now, context);
    return arena_printf(a, "%s carries no labels (mount option context=\"%s\")", fs->name, context);
}

static void warn_of_shared(struct labelling *l, const struct object *x, const char *real, const struct selinux_fs *fs)
{
    if (l->drawn && fs->shared && x->use == OBJECT_EXCLUSIVE)
        note_add(l->g->notes, "%s: %s: %s carries labels to other hosts: one that is drawn anew at each start can keep the guest from migrating "
                              "(try: <seclabel type='static' model='selinux' relabel='yes'><label>%s</label></seclabel>)",
                 x->why, real, fs->name, l->process);
}

/* The label that the document wants for an object; NULL: it stays, and *note says why. */
static const char *label_of(struct labelling *l, const struct mac_driver *m, const struct object *x, const char **note, struct err *e)
{
    const struct seclabel *own = mac_object_label(m, x);
    *note = NULL;
    if (!x->owned)
        *note = "belongs to all guests";
    else if (own && own->labelskip == TRI_YES)
        *note = "labelskip='yes'";
    else if (own && own->relabel == TRI_NO)
        *note = "relabel='no'";
    else if (own && own->label && (!selinux_at_level(l->arena, own->label, NULL) || !selinux_valid(own->label)))
        err_set(e, ST_FAILED, "%s: line %d: <label> '%s' is no SELinux context", x->why, own->meta.line, own->label);
    else if (own && own->label)
        return own->label;
    else if (l->kept && !(own && own->relabel == TRI_YES))
        *note = l->kept;
    else
        return l->wanted[x->use];
    return NULL;
}

/* One that is made by this start's own rows, before this one. */
static void plan_new(struct labelling *l, const char *path, const char *label, const char *before, const char *why)
{
    struct guard_entry entry = { .layer = "selinux", .path = path, .why = why, .use = object_use_names[OBJECT_EXCLUSIVE],
                                 .wanted = label, .change = true, .made = true, .note = "is made" };
    guard_add(l->g, &entry);
    journal_add(l->g->journal, &(struct row){ .kind = l->kind, .object = path, .before = before, .wanted = label, .why = why });
}

static bool is_new_nvram(const struct labelling *l, const struct object *x)
{
    const struct domain_os *os = l->g->domain->os;
    return streq(os->nvram, x->path) && os->nvram_template && access(x->path, F_OK) < 0 && errno == ENOENT;
}

static bool plan_present(struct labelling *l, const struct object *x, int fd, const char *real, const char *label,
                         struct guard_entry *entry, struct err *e)
{
    struct selinux_state now;
    struct selinux_fs fs;
    struct identity id = identity_of(fd);
    bool seen = selinux_look(fd, &now);
    entry->now = seen ? arena_strdup(l->arena, now.label) : NULL;
    entry->wanted = entry->now;
    if (!label)
        return true;
    selinux_fs(fd, &fs);
    if (!fs.carries || !seen) {
        entry->note = unlabelled(l, x, real, &fs, seen ? now.label : SELINUX_NONE);
        return true;
    }
    warn_of_shared(l, x, real, &fs);
    const struct row *first = row_of_ours(l, &id);
    if (first) {
        entry->note = arena_printf(l->arena, "is labelled as %s", first->why);
        return true;
    }
    return plan_row(l, x, fd, real, &id, label, entry, e);
}

/* Of a file that is made in dir and stays, in the end: the policy's, or what it would have had from its directory; one that
 * may be given. */
static const char *lasting_label(struct labelling *l, const char *path, const char *dir)
{
    struct selinux_state above = { 0 };
    autoclose int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *candidates[] = { selinux_default(l->arena, path, S_IFREG),
                                 fd >= 0 && selinux_look(fd, &above) ? arena_strdup(l->arena, above.label) : NULL };
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (candidates[i] && (!l->caller || selinux_allows(l->caller, candidates[i], "file", "relabelto")))
            return candidates[i];
    return SELINUX_NEW;
}

/* A log, which QEMU would make with the label of its directory: it is made for QEMU, with the guest's. As it stays, it gets the
 * policy's in the end. False: its directory is not there either. */
static bool plan_file(struct labelling *l, const struct object *x, const char *label)
{
    char real[PATH_MAX];
    const char *slash = *x->path == '/' ? strrchr(x->path, '/') : NULL;
    if (!slash || !realpath(slash == x->path ? "/" : arena_strndup(l->arena, x->path, (size_t)(slash - x->path)), real))
        return false;
    const char *path = arena_printf(l->arena, "%s%s", real[1] ? real : "", slash);
    journal_add(l->g->journal, &(struct row){ .kind = "file", .object = path, .before = "absent", .why = x->why,
                                              .wanted = arena_printf(l->arena, "%u:%u", (unsigned)l->g->uid, (unsigned)l->g->gid) });
    plan_new(l, path, label, lasting_label(l, path, real), x->why);
    return true;
}

static bool plan_object(struct labelling *l, const struct mac_driver *m, const struct object *x, struct err *e)
{
    char real[PATH_MAX];
    struct err open_error = { 0 };
    struct guard_entry entry = { .layer = "selinux", .path = x->path, .why = x->why, .use = object_use_names[x->use] };
    e->text[0] = '\0';
    const char *label = label_of(l, m, x, &entry.note, e);
    if (e->text[0])
        return false;
    if (label && is_new_nvram(l, x)) {
        const char *before = selinux_default(l->arena, x->path, S_IFREG);
        plan_new(l, x->path, l->wanted[OBJECT_EXCLUSIVE], before ? before : SELINUX_NEW, x->why);
        return true;
    }
    autoclose int fd = object_open(x->path, real, &open_error);
    if (fd < 0 && open_error.status == ST_NOENT && label && x->made && x->kind == OBJECT_FILE && plan_file(l, x, label))
        return true;
    if (fd < 0) {
        entry.note = open_error.status == ST_NOENT ? "is not there" : arena_strdup(l->arena, open_error.text);
        guard_add(l->g, &entry);
        return true;
    }
    if (!plan_present(l, x, fd, real, label, &entry, e))
        return false;
    guard_add(l->g, &entry);
    return true;
}

/* The guest's label, where the policy has a way in for the program; else it stays whose start it is, and reaches what the guest
 * has by that. */
static void label_helper(struct labelling *l, struct guard_helper *h)
{
    struct selinux_state exec;
    autoclose int fd = open(h->path, O_PATH | O_CLOEXEC);
    const char *why = h->outside;
    if (!why && l->caller && fd >= 0 && selinux_look(fd, &exec) && !selinux_allows(l->asked, exec.label, "file", "entrypoint"))
        why = arena_printf(l->arena, "the policy has no way into %s for programs that are labelled %s (try: make install-selinux)",
                           l->asked, exec.label);
    if (!why && !selinux_allows(l->asked, l->asked, "unix_stream_socket", "connectto"))
        why = arena_printf(l->arena, "the policy does not let %s serve itself (try: make install-selinux)", l->asked);
    /* QEMU connects to it: as what serves there, and at no level that is beyond the guest's. */
    const char *level = selinux_level(l->arena, l->process);
    h->socket_label = !l->caller ? NULL : !why ? l->process : level ? selinux_at_level(l->arena, l->caller, level) : l->caller;
    if (!why && l->caller)
        h->enter.selinux = (struct enter_selinux){ l->process, l->wanted[OBJECT_EXCLUSIVE], l->wanted[OBJECT_SHARED] };
    guard_add_helper_process(l->g, h, "selinux", why ? l->caller : l->process,
                             why || l->caller ? why : "this kernel has no SELinux: files are labelled, the process is not");
}

/* What the program keeps in its directory it replaces as it likes: all of it has one label, which goes back to all of it. */
static void plan_state(struct labelling *l, const struct guard_helper *h)
{
    struct selinux_state now;
    const char *usual = selinux_default(l->arena, h->state, S_IFDIR), *wanted = l->wanted[OBJECT_EXCLUSIVE];
    autoclose int fd = open(h->state, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool there = fd >= 0 && selinux_look(fd, &now), right = there && streq(now.label, wanted);
    const char *before = there && !right ? arena_strdup(l->arena, now.label) : usual ? usual : SELINUX_NONE;
    guard_add(l->g, &(struct guard_entry){ .layer = "selinux", .path = h->state, .why = h->state_why, .wanted = wanted,
                                           .use = object_use_names[OBJECT_EXCLUSIVE], .now = there ? before : NULL, .change = true,
                                           .note = h->state_new ? "is made, and stays" : "with the files in it" });
    journal_add(l->g->journal, &(struct row){ .kind = "labels", .object = h->state, .before = before, .wanted = wanted, .why = h->state_why });
}

static bool plan_objects(struct labelling *l, const struct mac_driver *m, struct err *e)
{
    struct guard *g = l->g;
    for (size_t i = 0; i < g->objects.all.n; i++)
        if (!plan_object(l, m, g->objects.all.v[i], e))
            return false;
    /* Before there are rows of labels: those that other rows make for this guest, of memory in files and huge pages, too. */
    for (size_t i = 0, n = g->journal->rows.n; i < n && !l->kept; i++)
        if (streq(g->journal->rows.v[i]->kind, "dir"))
            plan_new(l, g->journal->rows.v[i]->object, l->wanted[OBJECT_EXCLUSIVE], SELINUX_NEW, g->journal->rows.v[i]->why);
    for (size_t i = 0; i < g->helpers.n && !l->kept; i++)
        if (g->helpers.v[i]->state && !g->helpers.v[i]->enter.selinux.label == !l->caller)
            plan_state(l, g->helpers.v[i]);
    return true;
}

/* A user whose policy has no way into the guests' domain runs them as other programs, unless the document asks for more. */
static bool stays_outside(const struct labelling *l, const struct mac_driver *m)
{
    return !l->g->root->privileged && !l->own && !m->require_confined && l->caller &&
           !selinux_allows(l->caller, may_become((struct labelling *)l, l->policy.kvm), "process", "transition");
}

bool selinux_layer(struct guard *g, struct err *e)
{
    struct labelling l = { .g = g, .arena = g->arena };
    bool remember = g->root->privileged && conf_number(g->conf, "remember_owner");
    l.kind = remember ? "selinux" : "label";
    struct mac_driver m;
    bool confined;
    const char *why;
    if (!mac_driver(&m, g->conf, g->root, g->arena, e) || !mac_confined(&m, g->domain, &confined, &why, e))
        return false;
    if (m.which != MAC_SELINUX)
        return true;
    l.own = mac_label(&m, g->domain);
    l.caller = m.sysroot ? NULL : selinux_own(g->arena);
    if (confined && (!selinux_use_policy(m.sysroot, e) || !selinux_contexts(g->arena, &l.policy, e)))
        return false;
    if (confined && stays_outside(&l, &m)) {
        confined = false;
        why = "the policy does not let this user start confined guests";
    }
    if (!confined) {
        guard_add_process(g, "selinux", l.caller, why);
        return check_memory(&l, l.caller, false, e);
    }
    if (!choose_labels(&l, e) || !check_entry(&l, e) || !check_memory(&l, l.asked, true, e))
        return false;
    for (size_t i = 0; i < g->helpers.n; i++)
        label_helper(&l, g->helpers.v[i]);
    if (!plan_objects(&l, &m, e))
        return false;
    guard_add_process(g, "selinux", l.process, l.caller ? NULL : "this kernel has no SELinux: files are labelled, the process is not");
    ((struct guard_process *)g->processes.v[g->processes.n - 1])->image = l.wanted[OBJECT_EXCLUSIVE];
    g->enter.selinux = (struct enter_selinux){ l.caller ? l.process : NULL, l.wanted[OBJECT_EXCLUSIVE], l.wanted[OBJECT_SHARED] };
    return true;
}
