/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <errno.h>
#include <grp.h>
#include <linux/magic.h>
#include <linux/posix_acl_xattr.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "guard/access_walk.h"
#include "guard/dac_row.h"

/* Mode bits and POSIX ACLs (acl(5)). What the kernel itself says decides, as long as the file stays as it is; the bits are read
 * for the reason, and for what the file will be once its owner has changed. The attribute is read as the kernel's
 * header describes it: libacl opens files, and more programs than need it would load it. */

/* Tags of entries; the kernel's header leaves them to libacl's, which has the same numbers. */
enum { ACL_USER_OBJ = 1, ACL_USER = 2, ACL_GROUP_OBJ = 4, ACL_GROUP = 8, ACL_MASK = 0x10, ACL_OTHER = 0x20 };

enum { ENTRIES_MAX = 512, ALL = 7 };

/* Which entry decided. */
enum by { BY_OWNER, BY_NAMED_USER, BY_GROUP, BY_OTHER, BY_OVERRIDE };

struct verdict {
    enum by by;
    unsigned grants;     /* bits that the subject has */
    unsigned named;      /* bits of a named user's entry, before the mask */
    bool acl;            /* the file has an ACL beyond its mode */
    bool no_acls;        /* its file system has none */
    const char *has;     /* for people */
};

struct acl {
    size_t n;
    struct posix_acl_xattr_entry v[ENTRIES_MAX];
};

/* False: there is none beyond the mode bits; errno is ENODATA where there could be one. */
static bool read_acl(int fd, struct acl *acl)
{
    char self[40];
    struct {
        struct posix_acl_xattr_header head;
        struct posix_acl_xattr_entry v[ENTRIES_MAX];
    } raw;
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    ssize_t n = getxattr(self, "system.posix_acl_access", &raw, sizeof raw);
    if (n < (ssize_t)sizeof raw.head || le32toh(raw.head.a_version) != POSIX_ACL_XATTR_VERSION)
        return false;
    acl->n = ((size_t)n - sizeof raw.head) / sizeof *raw.v;
    for (size_t i = 0; i < acl->n; i++)
        acl->v[i] = (struct posix_acl_xattr_entry){ le16toh(raw.v[i].e_tag), le16toh(raw.v[i].e_perm), le32toh(raw.v[i].e_id) };
    return true;
}

static const char *bits(char out[4], unsigned perm)
{
    snprintf(out, 4, "%c%c%c", perm & 4 ? 'r' : '-', perm & 2 ? 'w' : '-', perm & 1 ? 'x' : '-');
    return out;
}

static bool in_group(const struct access_subject *s, gid_t gid)
{
    for (size_t i = 0; i < s->n_groups; i++)
        if (s->groups[i] == gid)
            return true;
    return s->gid == gid;
}

const char *access_owner(struct arena *a, uid_t uid, gid_t gid)
{
    const struct passwd *p = getpwuid(uid);
    char *user = p ? arena_strdup(a, p->pw_name) : arena_printf(a, "%u", (unsigned)uid);
    const struct group *g = getgrgid(gid);
    return g ? arena_printf(a, "%s:%s", user, g->gr_name) : arena_printf(a, "%s:%u", user, (unsigned)gid);
}

static void judge_mode(struct verdict *v, const struct access_subject *s, const struct stat *st)
{
    if (s->uid == st->st_uid) {
        v->by = BY_OWNER;
        v->grants = st->st_mode >> 6 & ALL;
    } else if (in_group(s, st->st_gid)) {
        v->by = BY_GROUP;
        v->grants = st->st_mode >> 3 & ALL;
    } else {
        v->by = BY_OTHER;
        v->grants = st->st_mode & ALL;
    }
}

/* Of the groups that match, one must have all that is needed: they do not add up. */
static void judge_acl(struct verdict *v, const struct access_subject *s, const struct stat *st, const struct acl *acl, unsigned need)
{
    unsigned mask = ALL, other = 0;
    bool group = false;
    for (size_t i = 0; i < acl->n; i++)
        if (acl->v[i].e_tag == ACL_MASK)
            mask = acl->v[i].e_perm;
        else if (acl->v[i].e_tag == ACL_OTHER)
            other = acl->v[i].e_perm;
    *v = (struct verdict){ .by = BY_OTHER, .grants = other, .acl = true };
    for (size_t i = 0; i < acl->n; i++) {
        const struct posix_acl_xattr_entry *x = &acl->v[i];
        if (x->e_tag == ACL_USER_OBJ && s->uid == st->st_uid) {
            v->by = BY_OWNER;
            v->grants = x->e_perm;
            return;
        }
        if (x->e_tag == ACL_USER && x->e_id == s->uid) {
            v->by = BY_NAMED_USER;
            v->named = x->e_perm;
            v->grants = x->e_perm & mask;
            return;
        }
        bool match = (x->e_tag == ACL_GROUP_OBJ && in_group(s, st->st_gid)) || (x->e_tag == ACL_GROUP && in_group(s, x->e_id));
        if (match && (!group || (x->e_perm & mask & need) == need)) {
            v->by = BY_GROUP;
            v->grants = x->e_perm & mask;
            group = true;
        }
    }
}

static const char *describe(struct arena *a, const struct stat *st, const struct acl *acl)
{
    char u[4], g[4], o[4];
    autostr struct str s = STR_INIT;
    str_addf(&s, "%s%s%s %s", bits(u, st->st_mode >> 6 & ALL), bits(g, st->st_mode >> 3 & ALL), bits(o, st->st_mode & ALL),
             access_owner(a, st->st_uid, st->st_gid));
    for (size_t i = 0; acl && i < acl->n; i++) {
        const struct posix_acl_xattr_entry *x = &acl->v[i];
        const struct passwd *p = x->e_tag == ACL_USER ? getpwuid(x->e_id) : NULL;
        const struct group *q = x->e_tag == ACL_GROUP ? getgrgid(x->e_id) : NULL;
        if (x->e_tag == ACL_USER || x->e_tag == ACL_GROUP)
            str_addf(&s, " %s:%s:%s", x->e_tag == ACL_USER ? "user" : "group",
                     p ? p->pw_name : q ? q->gr_name : arena_printf(a, "%u", x->e_id), bits(u, x->e_perm));
        else if (x->e_tag == ACL_GROUP_OBJ || x->e_tag == ACL_MASK)
            str_addf(&s, " %s::%s", x->e_tag == ACL_MASK ? "mask" : "group", bits(u, x->e_perm));
    }
    return arena_strdup(a, str_text(&s));
}

/* st: as it will be. */
static void judge(struct access_walk *w, const struct access_check *c, const struct access_place *p, const struct stat *st, struct verdict *v)
{
    struct acl acl;
    struct statfs fs;
    bool found = read_acl(p->fd, &acl), none = !found && errno != ENODATA;
    *v = (struct verdict){ .acl = found };
    /* The kernel asks no ACL whose mask grants nothing, and lets the other bits speak. */
    if (found && st->st_mode & S_IRWXG)
        judge_acl(v, &c->subject, st, &acl, p->need);
    else
        judge_mode(v, &c->subject, st);
    if (c->subject.overrides && !access_unmapped(w, st->st_uid, st->st_gid)) {
        bool any_x = S_ISDIR(st->st_mode) || st->st_mode & 0111;
        v->by = BY_OVERRIDE;
        v->grants = ACCESS_READ | ACCESS_WRITE | (any_x ? ACCESS_EXECUTE : 0U);
    }
    if ((v->grants & p->need) == p->need)
        return;
    v->has = describe(access_arena(w), st, found ? &acl : NULL);
    /* FUSE says that there is none where there can be none. */
    v->no_acls = none || (!found && fstatfs(p->fd, &fs) == 0 && fs.f_type == FUSE_SUPER_MAGIC);
}

/* ---- What would help ---- */

static void add_setfacl(struct str *s, const struct access_check *c, unsigned perm)
{
    char b[4];
    autostr struct str word = STR_INIT;
    bits(b, perm);
    str_addf(&word, "u:%s:", c->subject.name);
    for (const char *x = b; *x; x++)
        if (*x != '-')
            str_addc(&word, *x);
    str_add(s, "setfacl -m ");
    str_add_shell(s, str_text(&word));
    str_addc(s, ' ');
}

static void add_chmod(struct str *s, char who, unsigned perm)
{
    char b[4];
    bits(b, perm);
    str_addf(s, "chmod %c+", who);
    for (const char *x = b; *x; x++)
        if (*x != '-')
            str_addc(s, *x);
    str_addc(s, ' ');
}

/* A directory on the way is opened for passing through, by the least class of its mode that does it; an object for
 * QEMU's user alone. */
static void add_remedy(struct str *s, const struct access_check *c, const struct access_place *p, const struct verdict *v)
{
    bool way = p->need == ACCESS_SEARCH && !p->object, gives = false;
    unsigned lacks = p->need & ~v->grants;
    if (v->by == BY_OVERRIDE)
        add_chmod(s, 'u', lacks);
    else if (v->by == BY_OWNER)
        add_chmod(s, 'u', lacks);
    else if (way && v->by == BY_OTHER)
        add_chmod(s, 'o', lacks);
    else if (way && v->by == BY_GROUP && !v->acl)
        add_chmod(s, 'g', lacks);
    else if (!v->no_acls)
        add_setfacl(s, c, p->need | v->named);
    else
        str_addf(s, "chown %s ", c->subject.name), gives = true;
    access_add_word(s, p->path);
    unsigned owner = p->st->st_mode >> 6 & ALL;
    if (gives && p->need & ~owner) {
        str_add(s, " && ");
        add_chmod(s, 'u', p->need & ~owner);
        access_add_word(s, p->path);
    }
}

/* The user whose home directory this is; NULL. */
static const char *home_of(const struct access_place *p)
{
    const struct passwd *u = p->object ? NULL : getpwuid(p->st->st_uid);
    return u && streq(u->pw_dir, p->path) && p->path[1] ? u->pw_name : NULL;
}

static const char *needs_text(struct arena *a, unsigned need, const char *user)
{
    char b[4];
    return arena_printf(a, "%s for user '%s'", bits(b, need), user);
}

static const char *denied_text(struct arena *a, const struct access_check *c, const struct access_place *p, const char *home)
{
    static const char *const verbs[8] = { "", "pass through", "write", "make files in", "read", "read and run", "read and write",
                                          "read, write and run" };
    const char *user = c->subject.name;
    if (!p->object)
        return arena_printf(a, "Permission denied: directory %s%s%s%s lacks search permission for user '%s'", p->path,
                            home ? ", the home directory of '" : "", home ? home : "", home ? "'," : "", user);
    return arena_printf(a, "Permission denied: user '%s' may not %s %s", user, verbs[p->need & ALL],
                        streq(p->wish->path, p->path) ? "it" : p->path);
}

/* On a read-only file system nothing is mended before that is writable; on one without owners nothing at all. */
static const char *remedy_text(struct access_walk *w, const struct access_check *c, const struct access_place *p, const struct verdict *v)
{
    autostr struct str s = STR_INIT;
    const char *on, *off;
    if (streq(p->wish->kept, "its file system has no owners"))
        return NULL;
    bool between = access_read_only(w, p, &on, &off);
    if (between && !on)
        return NULL;
    if (between)
        str_addf(&s, "%s && ", on);
    add_remedy(&s, c, p, v);
    if (between)
        str_addf(&s, " && %s", off);
    return arena_strdup(access_arena(w), str_text(&s));
}

static const char *hint_text(struct arena *a, const struct access_check *c, const struct access_place *p, const char *home)
{
    if (home)
        return arena_printf(a, "run the guest as '%s': -c qemu:///session", home);
    if (p->object && streq(p->wish->kept, "its file system has no owners"))
        return arena_printf(a, "mount it with uid=%u,gid=%u", (unsigned)c->subject.uid, (unsigned)c->subject.gid);
    if (p->object && streq(p->wish->kept, "dynamic_ownership = 0"))
        return arena_printf(a, "dynamic_ownership = 1 in %s", c->conf ? c->conf->path : "qemu.conf");
    return NULL;
}

static void refuse_dac(struct access_walk *w, const struct access_check *c, const struct access_place *p, const struct verdict *v)
{
    struct arena *a = access_arena(w);
    const char *home = home_of(p);
    if (home)
        home = arena_strdup(a, home);
    access_refuse(w, p, &(struct access_refusal){
        .status = ST_PERM, .layer = v->acl ? "acl" : "dac", .text = denied_text(a, c, p, home), .has = v->has,
        .needs = needs_text(a, p->need, c->subject.name), .remedy = remedy_text(w, c, p, v),
        .hint = hint_text(a, c, p, home) });
}

/* ---- Refusals that no mode bit explains ---- */

static const struct {
    unsigned magic;
    const char *name, *why, *hint;
} file_systems[] = {
    { NFS_SUPER_MAGIC, "NFS", "the server refuses it",
      "on the server, let QEMU's user in or export with no_root_squash; dynamic_ownership = 0 in qemu.conf keeps root from changing owners" },
    { FUSE_SUPER_MAGIC, "FUSE", "only the user who mounted it may enter it", "mount it with -o allow_other" },
    { CIFS_SUPER_MAGIC, "CIFS", "the server refuses it", "mount it with uid= and gid= of QEMU's user" },
    { SMB2_SUPER_MAGIC, "SMB", "the server refuses it", "mount it with uid= and gid= of QEMU's user" },
    { V9FS_MAGIC, "9p", "the server refuses it", NULL },
    { CEPH_SUPER_MAGIC, "ceph", "the server refuses it", NULL },
};

static void refuse_other(struct access_walk *w, const struct access_check *c, const struct access_place *p, int error)
{
    struct arena *a = access_arena(w);
    struct statfs fs = { 0 };
    const char *why = strerror(error), *hint = NULL, *name = "file system";
    fstatfs(p->fd, &fs);
    for (size_t i = 0; i < sizeof file_systems / sizeof *file_systems; i++)
        if ((unsigned)fs.f_type == file_systems[i].magic) {
            why = file_systems[i].why;
            hint = file_systems[i].hint;
            name = file_systems[i].name;
        }
    if (streq(p->wish->kept, DAC_SQUASHED))
        why = DAC_SQUASHED;
    access_refuse(w, p, &(struct access_refusal){
        .status = ST_PERM, .layer = "file system", .has = name, .needs = needs_text(a, p->need, c->subject.name), .hint = hint,
        .text = arena_printf(a, "Permission denied: user '%s' has no access to %s: %s: %s", c->subject.name, p->path, name, why) });
}

/* Root of a user namespace has no power over files of users that the namespace does not know. */
static void refuse_unmapped(struct access_walk *w, const struct access_check *c, const struct access_place *p)
{
    struct arena *a = access_arena(w);
    access_refuse(w, p, &(struct access_refusal){
        .status = ST_PERM, .layer = "user namespace", .has = access_owner(a, p->st->st_uid, p->st->st_gid),
        .needs = arena_printf(a, "owner '%s'", c->subject.name),
        .text = "its owner does not exist in this user namespace, so that nobody in it can change it",
        .hint = arena_printf(a, "outside of the namespace, chown it to the number that user %u has there", (unsigned)p->wish->uid) });
}

/* By the layer of mounts; or it is no news of the guest. */
static bool told(struct access_walk *w, const struct access_place *p)
{
    struct statvfs fs;
    return (p->need & ACCESS_EXECUTE && fstatvfs(p->fd, &fs) == 0 && fs.f_flag & ST_NOEXEC) || access_selinux_binds_us(w, p);
}

static void look_dac(struct access_walk *w, const struct access_check *c, const struct access_place *p)
{
    struct stat st = *p->st;
    struct verdict v;
    bool changes = p->object && p->wish->changes && (st.st_uid != p->wish->uid || st.st_gid != p->wish->gid);
    int error = changes ? ENOSYS : access_ask(w, p->fd, p->need);
    if (error == 0)
        return;
    if (changes && access_unmapped(w, st.st_uid, st.st_gid)) {
        refuse_unmapped(w, c, p);
        return;
    }
    if (changes) {
        st.st_uid = p->wish->uid;
        st.st_gid = p->wish->gid;
    }
    if ((changes || error == EACCES) && access_fuse_shuts_out(w, p, c->subject.uid)) {
        refuse_other(w, c, p, error);
        return;
    }
    /* What would help locally, only the server can do. */
    if (p->object && streq(p->wish->kept, DAC_SQUASHED)) {
        refuse_other(w, c, p, error);
        return;
    }
    judge(w, c, p, &st, &v);
    if ((v.grants & p->need) != p->need)
        refuse_dac(w, c, p, &v);
    else if (error == EACCES && !told(w, p))
        refuse_other(w, c, p, error);
}

const struct access_layer access_dac = { "dac", look_dac };
