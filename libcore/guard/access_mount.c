/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "guard/access_walk.h"

/* What a mount forbids, and what the attributes of a file do. Both bind root, too. */

struct mount {
    char *point, *type;
    char *options, *super; /* of this mount, of the file system; comma-separated */
};

/* Blanks and the like stand as octal numbers. */
static void unescape(char *s)
{
    char *to = s;
    unsigned v;
    for (; *s; to++) {
        if (*s == '\\' && sscanf(s + 1, "%3o", &v) == 1) {
            *to = (char)v;
            s += 4;
        } else {
            *to = *s++;
        }
    }
    *to = '\0';
}

/* "36 35 98:0 /root /point options tags… - type source super" (proc(5)). */
static bool parse_mount(char *line, unsigned long long id, struct mount *m)
{
    unsigned long long n;
    char *words[64], *save = NULL;
    size_t k = 0, dash = 0;
    if (sscanf(line, "%llu", &n) != 1 || n != id)
        return false;
    for (char *s = strtok_r(line, " ", &save); s && k < sizeof words / sizeof *words; s = strtok_r(NULL, " ", &save)) {
        if (k > 5 && !dash && streq(s, "-"))
            dash = k;
        words[k++] = s;
    }
    if (!dash || k < dash + 4)
        return false;
    *m = (struct mount){ words[4], words[dash + 1], words[5], words[dash + 3] };
    unescape(m->point);
    return true;
}

static bool find_mount(int fd, struct arena *a, struct mount *m)
{
    struct statx sx;
    autostr struct str text = STR_INIT;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) < 0 || !(sx.stx_mask & STATX_MNT_ID) ||
        file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 26, false, &text) < 0)
        return false;
    char *copy = arena_strdup(a, str_text(&text)), *save = NULL;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (parse_mount(line, sx.stx_mnt_id, m))
            return true;
    return false;
}

bool access_mounts_may_hang(void)
{
    static const char *const types[] = { "nfs", "cifs", "smb", "fuse", "9p", "ceph", "afs", "autofs", "lustre", "ocfs2", "gfs2" };
    static const char *const elsewhere[] = { "/proc/", "/sys/", "/run/user/" }; /* no place for disks */
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 26, false, &text) < 0)
        return true;
    for (const char *line = str_text(&text); line; line = strchr(line, '\n')) {
        const char *point = (line += *line == '\n'), *type = strstr(line, " - ");
        for (int i = 0; i < 4 && point; i++)
            point = (point = strchr(point, ' ')) ? point + 1 : NULL;
        bool disks = point != NULL;
        for (size_t i = 0; disks && i < sizeof elsewhere / sizeof *elsewhere; i++)
            disks = !str_starts(point, elsewhere[i]);
        for (size_t i = 0; disks && type && i < sizeof types / sizeof *types; i++)
            if (str_starts(type + 3, types[i]))
                return true;
    }
    return false;
}

static bool has_option(const char *options, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = options; (p = strstr(p, word)); p += n)
        if ((p == options || p[-1] == ',') && (p[n] == ',' || !p[n]))
            return true;
    return false;
}

bool access_fuse_shuts_out(struct access_walk *w, const struct access_place *p, uid_t uid)
{
    struct statfs fs;
    struct mount m;
    if (fstatfs(p->fd, &fs) < 0 || fs.f_type != FUSE_SUPER_MAGIC || !find_mount(p->fd, access_arena(w), &m))
        return false;
    return !has_option(m.super, "allow_other") && !has_option(m.super, arena_printf(access_arena(w), "user_id=%u", (unsigned)uid));
}

static bool never_written(const char *type)
{
    static const char *const types[] = { "iso9660", "squashfs", "erofs", "cramfs", "romfs" };
    return name_index(types, sizeof types / sizeof *types, type) >= 0;
}

/* One flag of mounts that stands in the way. */
struct flag {
    const char *off, *on; /* "ro", "rw" */
    const char *text;
};
static const struct flag flag_ro = { "ro", "rw", "is mounted read-only (ro)" };
static const struct flag flag_nodev = { "nodev", "dev", "is mounted with nodev: devices on it cannot be opened" };
static const struct flag flag_noexec = { "noexec", "exec", "is mounted with noexec: nothing on it can be run" };

static const char *remount(struct arena *a, const struct mount *m, bool below, const char *option)
{
    autostr struct str s = STR_INIT;
    str_addf(&s, "mount -o remount,%s%s ", below ? "" : "bind,", option);
    access_add_word(&s, m->point);
    return arena_strdup(a, str_text(&s));
}

bool access_read_only(struct access_walk *w, const struct access_place *p, const char **on, const char **off)
{
    struct statvfs fs;
    struct mount m;
    struct arena *a = access_arena(w);
    *on = *off = NULL;
    if (fstatvfs(p->fd, &fs) < 0 || !(fs.f_flag & ST_RDONLY))
        return false;
    if (find_mount(p->fd, a, &m) && !never_written(m.type)) {
        bool below = has_option(m.super, "ro");
        *on = remount(a, &m, below, "rw");
        *off = remount(a, &m, below, "ro");
    }
    return true;
}

static void refuse_flag(struct access_walk *w, const struct access_place *p, const struct flag *f)
{
    struct arena *a = access_arena(w);
    struct mount m = { 0 };
    const char *remedy = NULL;
    bool known = find_mount(p->fd, a, &m);
    bool here = known && has_option(m.options, f->off), below = known && has_option(m.super, f->off);
    /* A flag of the file system goes only from there; what is neither came with the user namespace that mounted it. */
    if ((here || below) && !(f == &flag_ro && never_written(m.type)))
        remedy = remount(a, &m, below, f->on);
    access_refuse(w, p, &(struct access_refusal){
        .status = ST_PERM, .layer = "mount", .component = known ? m.point : p->path, .has = f->off, .needs = f->on,
        .text = arena_printf(a, "%s %s", known ? m.point : "the file system", f->text),
        .remedy = remedy,
        .hint = f == &flag_ro ? "<readonly/> in the domain, if the guest need not write" : NULL });
}

static void look_mount(struct access_walk *w, const struct access_check *c, const struct access_place *p)
{
    struct statvfs fs;
    mode_t type = p->st->st_mode & S_IFMT;
    bool stored = type == S_IFREG || type == S_IFDIR; /* writing to devices and sockets writes nothing there */
    (void)c;
    if (!p->object || fstatvfs(p->fd, &fs) < 0)
        return;
    if (fs.f_flag & ST_RDONLY && stored && p->need & ACCESS_WRITE)
        refuse_flag(w, p, &flag_ro);
    if (fs.f_flag & ST_NODEV && (type == S_IFBLK || type == S_IFCHR))
        refuse_flag(w, p, &flag_nodev);
    if (fs.f_flag & ST_NOEXEC && type == S_IFREG && p->need & ACCESS_EXECUTE)
        refuse_flag(w, p, &flag_noexec);
}

const struct access_layer access_mount = { "mount", look_mount };

static void look_attribute(struct access_walk *w, const struct access_check *c, const struct access_place *p)
{
    static const struct {
        unsigned long long bit;
        char letter;
        const char *name;
    } attributes[] = { { STATX_ATTR_IMMUTABLE, 'i', "immutable" }, { STATX_ATTR_APPEND, 'a', "append-only" } };
    struct arena *a = access_arena(w);
    struct statx sx;
    (void)c;
    bool written = p->need & ACCESS_WRITE && p->st->st_mode & (S_IFREG | S_IFDIR);
    if (!p->object || !(written || p->wish->changes) || statx(p->fd, "", AT_EMPTY_PATH, 0, &sx) < 0)
        return;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (!(sx.stx_attributes & attributes[i].bit))
            continue;
        autostr struct str remedy = STR_INIT;
        str_addf(&remedy, "chattr -%c ", attributes[i].letter);
        access_add_word(&remedy, p->path);
        access_refuse(w, p, &(struct access_refusal){
            .status = ST_PERM, .layer = "attribute", .has = attributes[i].name, .needs = arena_printf(a, "not %s", attributes[i].name),
            .text = arena_printf(a, "it is %s, so nobody can %s it", attributes[i].name,
                                 attributes[i].letter == 'a' && written && !p->wish->changes ? "write into" : "change"),
            .remedy = str_text(&remedy) });
    }
}

const struct access_layer access_attribute = { "attribute", look_attribute };
