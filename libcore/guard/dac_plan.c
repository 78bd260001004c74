/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "domain/seclabel.h"
#include "guard/dac.h"
#include "guard/dac_row.h"
#include "guard/memory.h"
#include "host/object.h"

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

/* "USER:GROUP", each a name, a number or "+NUMBER"; both are needed, as for libvirt. */
static bool parse_label(const struct seclabel *l, uid_t *uid, gid_t *gid, struct err *e)
{
    char user[128];
    const char *colon = strchr(l->label, ':');
    size_t n = colon ? (size_t)(colon - l->label) : 0;
    if (!colon || !n || n >= sizeof user)
        return err_set(e, ST_FAILED, "line %d: <seclabel model='dac'> label '%.200s' is not of the form USER:GROUP", l->meta.line,
                       l->label);
    memcpy(user, l->label, n);
    user[n] = '\0';
    if (!user_id(user, uid))
        return err_set(e, ST_NOENT, "line %d: <seclabel model='dac'> label '%s': there is no user '%s' on this host",
                       l->meta.line, l->label, user);
    if (!group_id(colon + 1, gid))
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
    /* Only a static label says whom; a dynamic one is what qemu.conf says, and none is for the files alone. */
    return !l || l->type != SECLABEL_STATIC || !l->label || parse_label(l, uid, gid, e);
}

static bool domain_relabels(const struct seclabel *l)
{
    return !l || (l->type == SECLABEL_STATIC ? l->relabel == TRI_YES : l->type != SECLABEL_NONE && l->relabel != TRI_NO);
}

/* Why an object keeps its owner; NULL: it gets *uid:*gid. */
static bool want(const struct guard *g, const struct object *x, const struct seclabel *domain, uid_t *uid, gid_t *gid,
                 const char **kept, struct err *e)
{
    const struct seclabel *own = dac_of_object(x);
    *uid = g->uid;
    *gid = g->gid;
    *kept = NULL;
    if (own && (own->label || own->relabel == TRI_YES) && !domain_relabels(domain))
        return err_set(e, ST_FAILED, "line %d: a label of its own needs relabel='yes' in the domain's <seclabel model='dac'>",
                       own->meta.line);
    if (!g->root->privileged)
        *kept = "only root changes owners";
    else if (!x->owned)
        *kept = "belongs to all guests";
    else if (own && own->relabel == TRI_NO)
        *kept = "relabel='no'";
    else if (own && own->labelskip == TRI_YES)
        *kept = "labelskip='yes'";
    else if (!domain_relabels(domain))
        *kept = "relabel='no' of the domain";
    else if (!conf_number(g->conf, "dynamic_ownership"))
        *kept = "dynamic_ownership = 0";
    else if (own && own->label)
        return parse_label(own, uid, gid, e);
    return true;
}

/* What the running guests' journals know of owners; read once, and only where a file cannot remember by itself. */
struct others {
    bool read;
    LIST(const struct row) rows;
};

static void read_journals(struct guard *g, struct others *o)
{
    struct err e;
    autoclose int state = root_open(g->root, ROOT_STATE, false, &e);
    autodir DIR *d = state < 0 ? NULL : fdopendir(steal_fd(&state));
    o->read = true;
    for (struct dirent *f; d && (f = readdir(d));) {
        autoclose int dir = *f->d_name == '.' ? -1 : openat(dirfd(d), f->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        autoclose int fd = dir < 0 ? -1 : journal_open(dir);
        struct journal j = { .arena = g->arena };
        if (fd < 0 || !journal_read(fd, &j, &e) || !j.complete || j.undone)
            continue;
        for (size_t i = 0; i < j.rows.n; i++)
            if (streq(j.rows.v[i]->kind, "owner") || streq(j.rows.v[i]->kind, "chown"))
                list_add(g->arena, &o->rows, j.rows.v[i]);
    }
}

static const char *owner_before(struct guard *g, struct others *o, const struct identity *id, const char *wanted)
{
    if (!o->read)
        read_journals(g, o);
    for (size_t i = 0; i < o->rows.n; i++)
        if (identity_same(&o->rows.v[i]->id, id, true) && streq(o->rows.v[i]->wanted, wanted))
            return o->rows.v[i]->before;
    return NULL;
}

/* The owner that the object had before guests had it: NULL if none of them has it, and it is as it was. */
static bool find_before(struct guard *g, struct others *o, int fd, const struct identity *id, const char *wanted,
                        const char **before, struct err *e)
{
    char now[32], first[32];
    struct memory m;
    bool used;
    /* Asked before the claim is taken, too: once it is, whoever has the object leaves it to us, and then forgets. */
    if (dac_owner(fd, now) && streq(now, wanted) && !o->read && guard_used(g, id))
        read_journals(g, o);
    if (!guard_use(g, id, &used, e))
        return false;
    if (!dac_owner(fd, now))
        return err_errno(e, "its owner");
    memory_look(fd, "dac", &m);
    bool right = streq(now, wanted), remembered = (m.others || m.ours) && dac_from_memory(m.first, first);
    if (!right && (m.others || used))
        return err_set(e, ST_BUSY, "is used by another guest, for which it belongs to %s", now);
    *before = remembered ? arena_strdup(g->arena, first) : right ? used ? owner_before(g, o, id, wanted) : NULL : arena_strdup(g->arena, now);
    if (!*before)
        guard_use_not(g, id);
    return true;
}

static bool fits(const struct object *x, const struct stat *st, struct err *e)
{
    if (x->kind == OBJECT_FILE && S_ISDIR(st->st_mode))
        return err_set(e, ST_FAILED, "%s: %s: is a directory", x->why, x->path);
    return true;
}

/* Root that may not write is nobody there; what anyone may write says nothing, and needs no owner. */
static bool squashed(int fd, const struct statfs *fs)
{
    char file[40];
    snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
    return fs->f_type == NFS_SUPER_MAGIC && geteuid() == 0 && faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) < 0 && errno == EACCES;
}

/* Where no file can get another owner; as in libvirt, the guest uses it as it is. */
static const char *fixed_owner(int fd)
{
    static const unsigned ownerless[] = { 0x4d44 /* FAT */, 0x2011bab0 /* exFAT */, 0x5346544e, 0x7366746e /* NTFS */ };
    struct statfs fs;
    if (fstatfs(fd, &fs) < 0)
        return NULL;
    for (size_t i = 0; i < sizeof ownerless / sizeof *ownerless; i++)
        if ((unsigned)fs.f_type == ownerless[i])
            return "its file system has no owners";
    return fs.f_flags & ST_RDONLY ? "on a read-only file system" : squashed(fd, &fs) ? DAC_SQUASHED : NULL;
}

static bool one_object(struct guard *g, struct others *o, const struct object *x, const struct seclabel *domain, struct err *e)
{
    uid_t uid;
    gid_t gid;
    struct stat st;
    char real[PATH_MAX];
    const char *before = NULL;
    struct guard_entry entry = { .layer = "dac", .path = x->path, .why = x->why, .use = object_use_names[x->use] };
    if (!want(g, x, domain, &uid, &gid, &entry.note, e))
        return err_wrap(e, "%s", x->why);
    const char *wanted = arena_printf(g->arena, "%u:%u", (unsigned)uid, (unsigned)gid);
    bool ours = !entry.note;
    autoclose int fd = ours ? object_open(x->path, real, e) : g->root->privileged ? open(x->path, O_PATH | O_CLOEXEC) : -1;
    if (ours && fd < 0 && e->status != ST_NOENT)
        return err_wrap(e, "%s", x->why);
    bool exists = g->root->privileged ? fd >= 0 && fstat(fd, &st) == 0 : stat(x->path, &st) == 0;
    if (exists && !fits(x, &st, e))
        return false;
    if (exists) {
        entry.mode = arena_printf(g->arena, "%04o", (unsigned)st.st_mode & 07777);
        entry.now = arena_printf(g->arena, "%u:%u", (unsigned)st.st_uid, (unsigned)st.st_gid);
        entry.id = fd < 0 ? (struct identity){ 0 } : identity_of(fd);
    }
    bool made = !exists && x->made && (ours || !g->root->privileged);
    if (made)
        entry.note = "QEMU makes it";
    else if (ours && !exists)
        entry.note = "is not there";
    else if (ours && S_ISREG(st.st_mode) && st.st_mode & (S_ISUID | S_ISGID))
        entry.note = "is a set-user-id program"; /* which a new owner would no longer make it */
    else if (ours && strcmp(entry.now, wanted))
        entry.note = fixed_owner(fd);
    if (!entry.note) {
        struct identity id = identity_of(fd);
        if (!find_before(g, o, fd, &id, wanted, &before, e))
            return err_wrap(e, "%s: %s", x->why, x->path);
        if (before)
            journal_add(g->journal, &(struct row){ .kind = conf_number(g->conf, "remember_owner") ? "owner" : "chown", .object = real,
                                                   .id = id, .before = before, .wanted = wanted, .why = x->why });
        if (streq(entry.now, wanted))
            entry.note = before ? arena_printf(g->arena, "in use; goes back to %s", before) : "is right";
    }
    entry.change = !entry.note;
    entry.wanted = entry.change || made ? wanted : entry.now;
    guard_add(g, &entry);
    return true;
}

/* As libvirt shows it: of who runs as another user than the one who starts him, unless the document says that nothing is done. */
static void add_process(struct guard *g, const struct seclabel *domain)
{
    guard_add_process(g, "dac", arena_printf(g->arena, "%u:%u", (unsigned)g->uid, (unsigned)g->gid), NULL);
    struct guard_process *p = g->processes.v[g->processes.n - 1];
    bool fixed = domain && domain->type == SECLABEL_STATIC && domain->label;
    p->live = fixed ? domain->label : arena_printf(g->arena, "+%u:+%u", (unsigned)g->uid, (unsigned)g->gid);
    if (g->root->privileged && domain_relabels(domain))
        p->image = p->live;
}

bool dac_layer(struct guard *g, struct err *e)
{
    const struct seclabel *domain = dac_of(g->domain->seclabels.v, g->domain->seclabels.n);
    struct others others = { 0 };
    add_process(g, domain);
    for (size_t i = 0; i < g->objects.all.n; i++)
        if (!one_object(g, &others, g->objects.all.v[i], domain, e))
            return false;
    for (size_t i = 0; i < g->sysfs.all.n; i++)
        if (!one_object(g, &others, g->sysfs.all.v[i], domain, e))
            return false;
    return true;
}
