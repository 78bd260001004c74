/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "guard/selinux_row.h"
#include "host/object.h"

/* One file or the directory itself. from: only what has that label, NULL: all. A file with a second name may be someone
 * else's, too. */
static bool relabel(int dir, const char *name, const struct selinux_state *from, const struct selinux_state *to)
{
    struct stat st;
    struct selinux_state now;
    autoclose int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return errno == ENOENT;
    if (!S_ISDIR(st.st_mode) && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
        return true;
    if (!selinux_look(fd, &now))
        return false;
    return streq(now.label, to->label) || (from && !streq(now.label, from->label)) || selinux_set(fd, to);
}

static bool relabel_all(int dir, const struct selinux_state *from, const struct selinux_state *to)
{
    int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autodir DIR *d = again < 0 ? NULL : fdopendir(again);
    bool ok = d != NULL;
    for (struct dirent *f; ok && (f = readdir(d));)
        ok = streq(f->d_name, ".") || streq(f->d_name, "..") || relabel(dir, f->d_name, from, to);
    return ok && relabel(dir, ".", from, to);
}

bool selinux_apply_all(const struct row *row, const struct row_context *c, struct err *e)
{
    struct selinux_state wanted;
    (void)c;
    selinux_state_read(row->wanted, &wanted);
    autoclose int dir = object_open_real(row->object);
    return (dir >= 0 && relabel_all(dir, NULL, &wanted)) ||
           err_errno(e, "%s: %s: cannot change its SELinux label to %s", row->why, row->object, wanted.label);
}

enum undo selinux_undo_all(const struct row *row, const struct row_context *c, struct err *e)
{
    struct selinux_state before, wanted;
    (void)c;
    selinux_state_read(row->before, &before);
    selinux_state_read(row->wanted, &wanted);
    autoclose int dir = object_open_real(row->object);
    if (dir < 0 && (errno == ENOENT || errno == ENOTDIR))
        return UNDO_DONE;
    if (dir >= 0 && relabel_all(dir, &wanted, &before))
        return UNDO_DONE;
    err_errno(e, "%s: %s: cannot give it back its SELinux label %s", row->why, row->object, before.label);
    return UNDO_FAILED;
}
