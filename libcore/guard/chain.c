/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/chain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "domain/disk.h"
#include "guard/as_user.h"
#include "host/image.h"
#include "host/object.h"
#include "host/remember.h"

struct chain {
    struct guard *g;
    const struct disk *disk;
    const char *disk_name;
    enum object_use use;     /* of the disk */
    size_t at;               /* where in g->objects the next one goes */
    unsigned number;         /* of the image below the disk's own: 1, 2… */
    size_t n;
    struct identity seen[CHAIN_MAX];
};

/* One image on the way down. */
struct link {
    const char *path, *format;
    enum object_use use;
    struct seclabel *const *seclabels;
    size_t n_seclabels;
};

static const char *format_name(enum storage_format f)
{
    /* Where libvirt's name is not QEMU's; what is not said is raw. */
    static const char *const other[] = { [FORMAT_UNSET] = "raw", [FORMAT_AIO] = "raw",    [FORMAT_ISO] = "raw",
                                         [FORMAT_VHD] = "vpc",   [FORMAT_PLOOP] = "parallels" };
    return f < sizeof other / sizeof *other && other[f] ? other[f] : storage_format_names[f];
}

static void describe(struct chain *c, const char *name, const char *why, const char *note)
{
    guard_add(c->g, &(struct guard_entry){ .layer = "image", .path = name, .why = why, .use = object_use_names[OBJECT_READONLY],
                                           .note = note });
}

static void insert(struct chain *c, const struct link *from, const char *path, const char *why, enum object_use use, mode_t mode)
{
    struct object *x = arena_alloc(c->g->arena, sizeof *x);
    *x = (struct object){ .path = path, .why = why, .use = use, .owned = true, .at = &c->disk->meta,
                          .kind = S_ISBLK(mode) ? OBJECT_BLOCK : OBJECT_FILE,
                          .seclabels = from->seclabels, .n_seclabels = from->n_seclabels };
    for (size_t i = 0; i < c->g->objects.all.n; i++)
        if (streq(c->g->objects.all.v[i]->path, path) && c->g->objects.all.v[i]->use == use)
            return;
    list_insert(c->g->arena, &c->g->objects.all, c->at, x);
    c->at++;
}

/* While a guest has an image it belongs to QEMU's user; whose doing its header is, is asked of him before. */
static bool owner_of(int fd, uid_t *uid, struct err *e)
{
    struct remembered r;
    struct stat st;
    unsigned first;
    if (fstat(fd, &st) < 0)
        return err_errno(e, "its owner");
    *uid = remember_get(fd, "dac", &r) && r.valid && sscanf(r.first, "+%u:", &first) == 1 ? (uid_t)first : st.st_uid;
    return true;
}

static bool trusted(uid_t uid)
{
    return geteuid() || uid == 0;
}

static bool refuse(struct chain *c, const struct link *l, uid_t owner, const char *path, const char *what, const char *format,
                   struct err *e)
{
    autostr struct str xml = STR_INIT;
    str_add_xml(&xml, path, true);
    err_set(e, ST_PERM, "disk %s: %s names %s as its %s, which its owner (user id %u) may not open", c->disk_name, l->path, path, what,
            (unsigned)owner);
    if (streq(what, "backing file"))
        err_add(e, " (if it is to be: <backingStore type='file'><format type='%s'/><source file='%s'/></backingStore> in that <disk>)",
                format ? format : "raw", str_text(&xml));
    return false;
}

/* Opens what the header of l names; -1 with err, or with *missing: it is not there. */
static int open_named(struct chain *c, const struct link *l, uid_t owner, const char *path, const char *what, const char *format,
                      int access, bool *missing, struct err *e)
{
    char real[PATH_MAX];
    autoclose int fd = object_open(path, real, e);
    *missing = fd < 0 && e->status == ST_NOENT;
    if (fd < 0 || trusted(owner) || user_may_open(owner, path, fd, access))
        return steal_fd(&fd);
    refuse(c, l, owner, path, what, format, e);
    return -1;
}

/* Where root is nobody (NFS), QEMU's user may be let in. */
static int read_image(struct chain *c, int fd, const char *path, struct err *e)
{
    int opened = object_read(fd, path, e);
    if (opened >= 0 || e->status != ST_PERM || geteuid() != 0 || !c->g->uid)
        return opened;
    setfsgid(c->g->gid);
    setfsuid(c->g->uid);
    opened = object_read(fd, path, e);
    setfsuid(geteuid());
    setfsgid(getegid());
    return opened;
}

static bool parts(struct chain *c, const struct link *l, const struct image *im, uid_t owner, struct err *e)
{
    for (size_t i = 0; i < im->parts.n; i++) {
        const struct image_part *p = im->parts.v[i];
        const char *path, *whole = c->number ? arena_printf(c->g->arena, "backing file %u of %s", c->number, c->disk_name) : c->disk_name;
        const char *why = im->parts.n == 1 ? arena_printf(c->g->arena, "%s of %s", p->what, whole)
                                           : arena_printf(c->g->arena, "%s %zu of %s", p->what, i + 1, whole);
        enum image_place place = image_locate(c->g->arena, l->path, p->name, &path);
        struct stat st;
        bool missing;
        if (place != IMAGE_FILE && !trusted(owner))
            return refuse(c, l, owner, p->name, p->what, p->format, e);
        if (place != IMAGE_FILE) {
            describe(c, p->name, why, "not a file; not followed");
            continue;
        }
        autoclose int fd = open_named(c, l, owner, path, p->what, p->format, l->use == OBJECT_READONLY ? R_OK : R_OK | W_OK, &missing, e);
        if (fd < 0 && !missing)
            return false;
        autoclose int open = fd < 0 ? -1 : read_image(c, fd, path, e);
        if (fd >= 0 && (open < 0 || fstat(fd, &st) < 0))
            return err_wrap(e, "%s", why);
        insert(c, l, path, why, l->use, fd < 0 ? S_IFREG : st.st_mode);
    }
    return true;
}

static bool unrecorded(struct chain *c, const struct link *l, const struct image *im, const char *path, int fd, struct err *e)
{
    autostr struct str line = STR_INIT;
    autostr struct str xml = STR_INIT;
    const char *looks = fd < 0 ? "raw" : image_looks_like(fd);
    bool rebase = im->can_record || (streq(l->format, "qed") && streq(looks, "raw"));
    str_add_xml(&xml, path, true);
    err_set(e, ST_FAILED, "disk %s: %s does not record the format of its backing file %s, which looks like %s", c->disk_name, l->path,
            im->backing, looks);
    if (!rebase)
        return err_add(e, " (try, in that <disk>: <backingStore type='file'><format type='%s'/><source file='%s'/></backingStore>)", looks,
                       str_text(&xml));
    str_add(&line, "qemu-img rebase -u -b ");
    str_add_shell(&line, im->backing);
    str_addf(&line, " -F %s ", looks);
    str_add_shell(&line, l->path);
    return err_add(e, " (try: %s)", str_text(&line));
}

static bool again(struct chain *c, int fd, const char *path, struct err *e)
{
    struct identity id = identity_of(fd);
    for (size_t i = 0; i < c->n; i++)
        if (identity_same(&c->seen[i], &id, true))
            return err_set(e, ST_FAILED, "disk %s: its chain of backing files is a loop: %s comes twice", c->disk_name, path);
    if (c->n == CHAIN_MAX)
        return err_set(e, ST_FAILED, "disk %s: more than %d images deep at %s", c->disk_name, CHAIN_MAX, path);
    c->seen[c->n++] = id;
    return true;
}

/* What the header of an image names as the one below; *l becomes that. *end: there is none, or none that we follow. */
static bool below(struct chain *c, struct link *l, const struct image *im, uid_t owner, int *fd, bool *end, struct err *e)
{
    struct arena *a = c->g->arena;
    const char *path = NULL, *why = arena_printf(a, "backing file %u of %s", ++c->number, c->disk_name);
    enum image_place place = image_locate(a, l->path, im->backing, &path);
    bool missing = false;
    *end = true;
    if (place == IMAGE_PSEUDO && !trusted(owner))
        return err_set(e, ST_PERM, "disk %s: %s names %s as its backing file, which could be anything, and belongs to user id %u "
                       "(if it is to be: <backingStore> in that <disk>)", c->disk_name, l->path, im->backing, (unsigned)owner);
    if (place != IMAGE_FILE)
        return describe(c, im->backing, why, place == IMAGE_NETWORK ? "on a network; not followed" : "not a file; not followed"), true;
    autoclose int next = open_named(c, l, owner, path, "backing file", im->backing_format, R_OK, &missing, e);
    if (next < 0 && !missing)
        return str_starts(e->text, "disk ") ? false : err_wrap(e, "%s", why);
    autoclose int opened = next < 0 ? -1 : read_image(c, next, path, e);
    if (next >= 0 && opened < 0)
        return err_wrap(e, "%s", why);
    if (!im->backing_format)
        return unrecorded(c, l, im, path, opened, e);
    if (!image_format_known(im->backing_format))
        return err_set(e, ST_FAILED, "disk %s: %s says that its backing file is of format '%s', which is none", c->disk_name, l->path,
                       im->backing_format);
    struct stat st = { .st_mode = S_IFREG };
    if (opened >= 0 && (!again(c, opened, path, e) || fstat(opened, &st) < 0))
        return false;
    insert(c, l, path, why, OBJECT_READONLY, st.st_mode);
    l->path = path;
    l->format = im->backing_format;
    l->use = OBJECT_READONLY;
    *fd = steal_fd(&opened);
    *end = *fd < 0;
    return true;
}

/* From the image open as fd downwards. explicit: the document says what lies below, but not which files hold the data. */
static bool follow(struct chain *c, struct link l, int first, bool explicit, struct err *e)
{
    autoclose int fd = first;
    for (bool end = false; !end && image_names_files(l.format);) {
        struct image im;
        uid_t owner;
        int next = -1;
        if (!image_read(fd, l.path, l.format, c->g->arena, &im, e) || !owner_of(fd, &owner, e) || !parts(c, &l, &im, owner, e))
            return str_starts(e->text, "disk ") ? false : err_wrap(e, "disk %s", c->disk_name);
        if (explicit || !im.backing || !*im.backing)
            return true;
        if (!below(c, &l, &im, owner, &next, &end, e))
            return false;
        close(fd);
        fd = next;
    }
    return true;
}

/* An image that the document names. False with e; true, too, where it is not there. */
static bool named_image(struct chain *c, struct link *l, enum storage_type type, const struct storage_source *s, bool explicit,
                        struct err *e)
{
    l->path = !s ? NULL : type == STORAGE_FILE ? s->file : type == STORAGE_BLOCK ? s->dev : NULL;
    if (s && s->seclabels.n) {
        l->seclabels = s->seclabels.v;
        l->n_seclabels = s->seclabels.n;
    }
    if (!l->path || *l->path != '/')
        return true;
    autoclose int fd = object_open(l->path, NULL, e);
    if (fd < 0)
        return e->status == ST_NOENT || err_wrap(e, "disk %s", c->disk_name);
    bool names = image_names_files(l->format);
    autoclose int opened = read_image(c, fd, l->path, e);
    /* Nothing is read of an image without a header: who lacks what is told by the check of paths. */
    if (opened < 0 && (names || e->status != ST_PERM))
        return err_wrap(e, "disk %s", c->disk_name);
    return again(c, fd, l->path, e) && (!names || follow(c, *l, steal_fd(&opened), explicit, e));
}

static size_t after(const struct objects *o, const struct disk *d)
{
    size_t at = o->all.n;
    while (at > 0 && o->all.v[at - 1]->at != &d->meta)
        at--;
    return at ? at : o->all.n;
}

static bool one_disk(struct guard *g, const struct disk *d, struct err *e)
{
    struct chain c = { .g = g, .disk = d, .disk_name = d->target ? d->target : "?", .at = after(&g->objects, d) };
    struct link l = { .format = format_name(d->format) };
    l.use = d->readonly == TRI_YES || d->device == DISK_CDROM ? OBJECT_READONLY : d->shareable == TRI_YES ? OBJECT_SHARED : OBJECT_EXCLUSIVE;
    if (!named_image(&c, &l, d->type, d->source, d->backing != NULL, e))
        return false;
    for (const struct backing_store *b = d->backing; b && b->type; b = b->backing) {
        c.number++;
        l.use = OBJECT_READONLY;
        l.format = format_name(b->format);
        if (!named_image(&c, &l, b->type, b->source, b->backing != NULL, e))
            return false;
    }
    return true;
}

bool chain_add(struct guard *g, struct err *e)
{
    for (size_t i = 0; i < g->domain->devices->disks.n; i++)
        if (!one_disk(g, g->domain->devices->disks.v[i], e))
            return false;
    return true;
}
