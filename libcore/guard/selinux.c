/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/selinux.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/str.h"
#include "guard/memory.h"
#include "guard/selinux_row.h"
#include "guard/shared_row.h"

#define ATTRIBUTE "security.selinux"
#define BARE "bare:"

void selinux_state_text(const struct selinux_state *s, char out[SELINUX_TEXT + 8])
{
    snprintf(out, SELINUX_TEXT + 8, "%s%s", s->bare ? BARE : "", s->label);
}

void selinux_state_read(const char *text, struct selinux_state *s)
{
    *s = (struct selinux_state){ .bare = str_starts(text, BARE) };
    snprintf(s->label, sizeof s->label, "%s", text + (s->bare ? strlen(BARE) : 0));
}

/* f*xattr() refuses an O_PATH descriptor; its name in /proc is the same object. */
static const char *by_name(int fd, char self[40])
{
    snprintf(self, 40, "/proc/self/fd/%d", fd);
    return self;
}

bool selinux_look(int fd, struct selinux_state *s)
{
    char self[40];
    *s = (struct selinux_state){ .label = SELINUX_NONE };
    ssize_t n = getxattr(by_name(fd, self), ATTRIBUTE, s->label, sizeof s->label - 1);
    if (n < 0 && errno == ENODATA)
        return true;
    if (n < 0)
        return false;
    s->bare = n == 0 || s->label[n - 1] != '\0';
    s->label[n] = '\0';
    return true;
}

bool selinux_set(int fd, const struct selinux_state *s)
{
    char self[40];
    if (streq(s->label, SELINUX_NONE))
        return removexattr(by_name(fd, self), ATTRIBUTE) == 0 || errno == ENODATA;
    return setxattr(by_name(fd, self), ATTRIBUTE, s->label, strlen(s->label) + !s->bare, 0) == 0;
}

/* Made by this very start: the journal could not know it. */
static bool is_new(const struct row *row)
{
    return !row->id.known;
}

/* And gone with it. */
static bool goes(const struct row *row)
{
    return streq(row->before, SELINUX_NEW);
}

/* Where a file was to be made, one of someone else's may have got the name meanwhile. */
static bool may_be_anothers(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 || S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink > 1);
}

static bool change(const struct row *row, int fd, bool kept, struct err *e)
{
    struct selinux_state now, before, wanted;
    struct memory m = { 0 };
    if (is_new(row) && may_be_anothers(fd))
        return err_set(e, ST_FAILED, "%s: %s was made by another while the guest was being started", row->why, row->object);
    selinux_state_read(row->before, &before);
    selinux_state_read(row->wanted, &wanted);
    if (!selinux_look(fd, &now))
        return err_errno(e, "%s: %s", row->why, row->object);
    bool right = streq(now.label, wanted.label);
    if (!is_new(row))
        memory_look(fd, "selinux", &m);
    if (!right && m.others)
        return err_set(e, ST_BUSY, "%s: %s is used by a guest of libvirt, with the SELinux label %s", row->why, row->object, now.label);
    if (!right && !is_new(row) && !streq(now.label, before.label))
        return err_set(e, ST_FAILED, "%s: %s was given the SELinux label %s while the guest was being started", row->why, row->object,
                       now.label);
    /* Where the file system keeps no such attributes, the journal alone remembers. */
    if (kept && !is_new(row))
        memory_join(fd, "selinux", before.label);
    return right || selinux_set(fd, &wanted) ||
           err_errno(e, "%s: %s: cannot change its SELinux label from %s to %s", row->why, row->object, now.label, wanted.label);
}

static enum undo give_back(const struct row *row, int fd, struct err *e)
{
    struct selinux_state now, before, wanted;
    struct memory m;
    enum undo r = UNDO_DONE;
    selinux_state_read(row->before, &before);
    selinux_state_read(row->wanted, &wanted);
    if (!selinux_look(fd, &now)) {
        err_errno(e, "%s: %s", row->why, row->object);
        return UNDO_FAILED;
    }
    memory_look(fd, "selinux", &m);
    bool changed = !streq(now.label, before.label);
    if (changed && !m.others && !streq(now.label, wanted.label)) {
        err_set(e, ST_FAILED, "%s: %s has the SELinux label %s now, neither %s nor %s; left as it is", row->why, row->object, now.label,
                before.label, wanted.label);
        r = UNDO_LEFT;
    } else if (changed && !m.others && !selinux_set(fd, &before)) {
        err_errno(e, "%s: %s: cannot give it back its SELinux label %s", row->why, row->object, before.label);
        return UNDO_FAILED;
    }
    return r;
}

static const struct shared_row shared = { "selinux", true, change, give_back };

static bool apply_remembered(const struct row *row, const struct row_context *c, struct err *e)
{
    return shared_row_apply(&shared, row, c, true, e);
}

static bool apply(const struct row *row, const struct row_context *c, struct err *e)
{
    return shared_row_apply(&shared, row, c, false, e);
}

static enum undo undo(const struct row *row, const struct row_context *c, struct err *e)
{
    return goes(row) ? UNDO_DONE : shared_row_undo(&shared, row, c, e);
}

const struct row_kind selinux_kinds[] = { { "selinux", apply_remembered, undo }, { "label", apply, undo },
                                          { "labels", selinux_apply_all, selinux_undo_all }, { 0 } };
