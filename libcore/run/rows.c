/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/apparmor.h"
#include "guard/cgroup.h"
#include "guard/dac.h"
#include "guard/selinux.h"
#include "host/root.h"
#include "run/tpm_state.h"

enum { TREE_DEPTH = 16 };

/* The directory that holds path; *base is what path is called in it. make: missing ones are made, which are
 * everyone's and stay. */
static int open_parent(const char *path, bool make, char copy[PATH_MAX], char **base, struct err *e)
{
    snprintf(copy, PATH_MAX, "%s", path);
    char *slash = strrchr(copy, '/');
    *slash = '\0';
    *base = slash + 1;
    return dir_walk(*copy ? copy : "/", make ? 0711 : 0, e);
}

static bool owner_of(const struct row *row, unsigned *uid, unsigned *gid, struct err *e)
{
    return sscanf(row->wanted, "%u:%u", uid, gid) == 2 ||
           err_set(e, ST_FAILED, "%s: owner '%s' is not UID:GID", row->object, row->wanted);
}

static bool make_dir(const struct row *row, const struct row_context *c, struct err *e)
{
    char copy[PATH_MAX], *base;
    unsigned uid, gid;
    (void)c;
    if (!owner_of(row, &uid, &gid, e))
        return false;
    autoclose int parent = open_parent(row->object, true, copy, &base, e);
    if (parent < 0)
        return err_wrap(e, "%s", row->why);
    if (mkdirat(parent, base, 0700) < 0 && errno != EEXIST)
        return err_errno(e, "%s: %s", row->why, row->object);
    autoclose int fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(e, "%s: %s", row->why, row->object);
    if ((st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0)
        return err_errno(e, "%s: %s: cannot give it to %s", row->why, row->object, row->wanted);
    return true;
}

static enum undo undo_path(const struct row *row, int depth, struct err *e)
{
    char copy[PATH_MAX], *base;
    autoclose int parent = open_parent(row->object, false, copy, &base, e);
    if (parent < 0 && (errno == ENOENT || errno == ENOTDIR))
        return UNDO_DONE;
    if (parent < 0)
        return UNDO_FAILED;
    if (file_remove_tree(parent, base, depth))
        return UNDO_DONE;
    err_errno(e, "%s: cannot remove %s", row->why, row->object);
    return UNDO_FAILED;
}

static enum undo undo_dir(const struct row *row, const struct row_context *c, struct err *e)
{
    (void)c;
    return undo_path(row, TREE_DEPTH, e);
}

static enum undo undo_socket(const struct row *row, const struct row_context *c, struct err *e)
{
    struct stat st;
    (void)c;
    if (lstat(row->object, &st) == 0 && !S_ISSOCK(st.st_mode)) {
        err_set(e, ST_FAILED, "%s: %s is no socket now; left as it is", row->why, row->object);
        return UNDO_LEFT;
    }
    return undo_path(row, 0, e);
}

/* No name appears before the copy is whole: a death on the way leaves nothing. */
static bool copy_nvram(const struct row *row, const struct row_context *c, struct err *e)
{
    char copy[PATH_MAX], *base, self[40];
    unsigned uid, gid;
    int skip = 0;
    (void)c;
    if (sscanf(row->wanted, "%u:%u %n", &uid, &gid, &skip) != 2 || !skip)
        return err_set(e, ST_FAILED, "%s: '%s' names no owner and template", row->object, row->wanted);
    const char *template = row->wanted + skip;
    autoclose int from = open(template, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (from < 0 || fstat(from, &st) < 0)
        return err_errno(e, "nvram template %s", template);
    autoclose int parent = open_parent(row->object, true, copy, &base, e);
    if (parent < 0)
        return err_wrap(e, "%s", row->why);
    autoclose int to = openat(parent, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (to < 0)
        return err_errno(e, "%s: %s", row->why, row->object);
    for (off_t left = st.st_size; left > 0;) {
        ssize_t n = sendfile(to, from, NULL, (size_t)left);
        if (n <= 0)
            return err_errno(e, "%s: cannot copy %s to %s", row->why, template, row->object);
        left -= n;
    }
    snprintf(self, sizeof self, "/proc/self/fd/%d", to);
    if (((uid != geteuid() || gid != getegid()) && fchown(to, uid, gid) < 0) || fsync(to) < 0 ||
        (linkat(AT_FDCWD, self, parent, base, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST))
        return err_errno(e, "%s: %s", row->why, row->object);
    return true;
}

/* With no more right than QEMU's own, which tries again and reports what fails. */
static bool make_file(const struct row *row, const struct row_context *c, struct err *e)
{
    char copy[PATH_MAX], *base;
    unsigned uid, gid;
    (void)c;
    if (!owner_of(row, &uid, &gid, e))
        return false;
    autoclose int parent = open_parent(row->object, false, copy, &base, e);
    bool another = geteuid() == 0;
    if (another) {
        setfsgid(gid);
        setfsuid(uid);
    }
    int fd = parent < 0 ? -1 : openat(parent, base, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (another) {
        setfsuid(geteuid());
        setfsgid(getegid());
    }
    cleanup_close(&fd);
    *e = (struct err){ 0 };
    return true;
}

static bool nothing_to_do(const struct row *row, const struct row_context *c, struct err *e)
{
    (void)row, (void)c, (void)e;
    return true;
}

static enum undo nothing_to_undo(const struct row *row, const struct row_context *c, struct err *e)
{
    (void)row, (void)c, (void)e;
    return UNDO_DONE;
}

static const struct row_kind run_kinds[] = {
    { "dir", make_dir, undo_dir },
    { "socket", nothing_to_do, undo_socket },
    { "file", make_file, nothing_to_undo },
    { "nvram", copy_nvram, nothing_to_undo },
    { 0 },
};

static const struct row_kind *const kinds[] = { run_kinds, tpm_kinds, cgroup_kinds, dac_kinds, selinux_kinds, apparmor_kinds };

static const struct row_kind *kind_of(const struct row *row)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (const struct row_kind *k = kinds[i]; k->name; k++)
            if (strcmp(k->name, row->kind) == 0)
                return k;
    return NULL;
}

bool rows_apply(const struct journal *j, const struct row_context *c, struct err *e)
{
    for (size_t i = 0; i < j->rows.n; i++)
        if (!kind_of(j->rows.v[i])->apply(j->rows.v[i], c, e))
            return false;
    return true;
}

bool rows_undo(const struct journal *j, const struct row_context *c, struct notes *notes, struct err *e)
{
    bool ok = true;
    for (size_t i = j->rows.n; i-- > 0;) {
        const struct row_kind *k = kind_of(j->rows.v[i]);
        struct err one = { 0 };
        enum undo r = UNDO_FAILED;
        if (k)
            r = k->undo(j->rows.v[i], c, &one);
        else
            err_set(&one, ST_FAILED, "%s: this version cannot undo a row of kind '%s'", j->rows.v[i]->object,
                    j->rows.v[i]->kind);
        if (r == UNDO_LEFT)
            note_add(notes, "%s", one.text);
        if (r != UNDO_FAILED)
            continue;
        if (!ok)
            note_add(notes, "%s", e->text);
        *e = one;
        e->status = ST_FAILED;
        ok = false;
    }
    return ok;
}
