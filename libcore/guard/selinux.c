/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "guard/memory.h"
#include "guard/selinux_row.h"
#include "host/object.h"
#include "store/claim.h"
#include "store/standing.h"

enum { DEED_MS = 5000 };

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

static bool change(const struct row *row, int fd, bool kept, struct err *e)
{
    struct selinux_state now, before, wanted;
    struct memory m = { 0 };
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

static bool apply_one(const struct row *row, const struct row_context *c, bool kept, struct err *e)
{
    autoclose int fd = object_open_real(row->object);
    if (fd < 0)
        return err_errno(e, "%s: %s", row->why, row->object);
    struct identity id = identity_of(fd);
    if (!is_new(row) && !identity_same(&id, &row->id, true))
        return err_set(e, ST_FAILED, "%s: %s was replaced while the guest was being started", row->why, row->object);
    autoclose int users = claim_objects(c->claims, e);
    if (users < 0 || !claim_object_begin(users, &id, now_ms() + DEED_MS, e))
        return err_wrap(e, "%s: %s", row->why, row->object);
    return change(row, fd, kept, e);
}

static bool apply_remembered(const struct row *row, const struct row_context *c, struct err *e)
{
    return apply_one(row, c, true, e);
}

static bool apply(const struct row *row, const struct row_context *c, struct err *e)
{
    return apply_one(row, c, false, e);
}

/* Only what stays on a disk is synced; opening a device node for it would have effects of its own. */
static void sync_object(int fd, int guest_dir)
{
    struct stat st, journal;
    char self[40];
    if (fstat(fd, &st) < 0 || fstat(guest_dir, &journal) < 0 || st.st_dev == journal.st_dev || !S_ISREG(st.st_mode))
        return;
    autoclose int again = open(by_name(fd, self), O_RDONLY | O_CLOEXEC);
    if (again >= 0)
        fsync(again);
}

/* The label first: who dies after it finds the object as it was before, and only has to forget. */
static enum undo give_back(int fd, const struct row *row, const struct row_context *c, struct err *e)
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
    if (!memory_leave(fd, "selinux")) {
        err_errno(e, "%s: %s: cannot forget that it was in use", row->why, row->object);
        return UNDO_FAILED;
    }
    sync_object(fd, c->dir);
    return r;
}

/* Guests that share an object are its users; the last of them gives the label back. */
static enum undo undo(const struct row *row, const struct row_context *c, struct err *e)
{
    bool busy = false;
    if (goes(row))
        return UNDO_DONE;
    autoclose int fd = object_open_real(row->object);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return UNDO_DONE;
    if (fd < 0) {
        bool swapped = errno == ELOOP;
        err_errno(e, "%s: %s", row->why, row->object);
        return swapped ? UNDO_LEFT : UNDO_FAILED;
    }
    struct identity id = identity_of(fd);
    if (!is_new(row) && !identity_same(&id, &row->id, c->same_boot)) {
        err_set(e, ST_FAILED, "%s: %s is another file now; left as it is", row->why, row->object);
        return UNDO_LEFT;
    }
    /* By what it is now: device numbers change with each boot. */
    autoclose int users = claim_objects(c->claims, e);
    if (users < 0 || !claim_object_alone(users, &id, now_ms() + DEED_MS, &busy, e)) {
        err_wrap(e, "%s: %s", row->why, row->object);
        return busy ? UNDO_DONE : UNDO_FAILED;
    }
    if (standing_uses(c->claims, &id))
        return UNDO_DONE;
    return give_back(fd, row, c, e);
}

const struct row_kind selinux_kinds[] = { { "selinux", apply_remembered, undo }, { "label", apply, undo },
                                          { "labels", selinux_apply_all, selinux_undo_all }, { 0 } };
