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
#include "guard/selinux_row.h"
#include "host/object.h"
#include "host/remember.h"
#include "store/users.h"

#define ATTRIBUTE "security.selinux"
#define BARE "bare:"

void selinux_state_text(const struct selinux_state *s, char out[SELINUX_TEXT + 32])
{
    int n = snprintf(out, SELINUX_TEXT + 16, "%s%s", s->bare ? BARE : "", s->label);
    if (s->remembered)
        snprintf(out + n, 16, "#%u", s->remembered);
}

bool selinux_state_read(const char *text, struct selinux_state *s)
{
    *s = (struct selinux_state){ .bare = str_starts(text, BARE) };
    text += s->bare ? strlen(BARE) : 0;
    size_t n = strcspn(text, "#");
    if (n >= sizeof s->label || (text[n] && sscanf(text + n, "#%u", &s->remembered) != 1))
        return false;
    memcpy(s->label, text, n);
    s->label[n] = '\0';
    return true;
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

static bool set_label(int fd, const struct selinux_state *s)
{
    char self[40];
    if (streq(s->label, SELINUX_NONE))
        return removexattr(by_name(fd, self), ATTRIBUTE) == 0 || errno == ENODATA;
    return setxattr(by_name(fd, self), ATTRIBUTE, s->label, strlen(s->label) + !s->bare, 0) == 0;
}

static bool remember(int fd, const struct selinux_state *before, const struct selinux_state *wanted)
{
    struct remembered r;
    if (wanted->remembered == before->remembered)
        return true;
    if (!remember_get(fd, "selinux", &r) || !r.valid) {
        r = (struct remembered){ 0 };
        snprintf(r.first, sizeof r.first, "%.*s", (int)sizeof r.first - 1, before->label);
    }
    r.count = wanted->remembered;
    return remember_set(fd, "selinux", &r);
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

static bool apply(const struct row *row, const struct row_context *c, struct err *e)
{
    struct selinux_state now, before, wanted;
    (void)c;
    autoclose int fd = object_open_real(row->object);
    if (fd < 0 || !selinux_look(fd, &now))
        return err_errno(e, "%s: %s", row->why, row->object);
    struct identity id = identity_of(fd);
    if (!is_new(row) && !identity_same(&id, &row->id, true))
        return err_set(e, ST_FAILED, "%s: %s was replaced while the guest was being started", row->why, row->object);
    if (!selinux_state_read(row->wanted, &wanted) || !selinux_state_read(row->before, &before))
        return err_set(e, ST_FAILED, "%s: %s: '%s' is no SELinux label", row->why, row->object, row->wanted);
    if (!is_new(row) && !remember(fd, &before, &wanted))
        return err_errno(e, "%s: %s: cannot remember its label %s", row->why, row->object, before.label);
    return streq(now.label, wanted.label) || set_label(fd, &wanted) ||
           err_errno(e, "%s: %s: cannot change its SELinux label from %s to %s", row->why, row->object, now.label, wanted.label);
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

/* The users that libvirt counts: the last one brings the label back. */
static enum undo forget(int fd, const struct row *row, const struct selinux_state *before, const struct selinux_state *wanted,
                        struct err *e)
{
    struct remembered r;
    if (wanted->remembered == before->remembered || !remember_get(fd, "selinux", &r))
        return UNDO_DONE;
    if (r.valid && r.count <= before->remembered)
        return UNDO_DONE;
    r.count = r.valid && r.count > 1 ? r.count - 1 : 0;
    if (remember_set(fd, "selinux", &r))
        return UNDO_DONE;
    err_errno(e, "%s: %s: cannot forget its label", row->why, row->object);
    return UNDO_FAILED;
}

static bool libvirt_has_it(int fd, const struct selinux_state *wanted)
{
    struct remembered r;
    return wanted->remembered && remember_get(fd, "selinux", &r) && r.valid && r.count > 1;
}

static enum undo give_back(int fd, const struct row *row, const struct row_context *c, struct err *e)
{
    struct selinux_state now, before, wanted;
    enum undo left = UNDO_DONE;
    if (!selinux_state_read(row->before, &before) || !selinux_state_read(row->wanted, &wanted) || !selinux_look(fd, &now)) {
        err_errno(e, "%s: %s", row->why, row->object);
        return UNDO_FAILED;
    }
    if (!streq(now.label, before.label) && !streq(now.label, wanted.label)) {
        err_set(e, ST_FAILED, "%s: %s has the SELinux label %s now, neither %s nor %s; left as it is", row->why, row->object, now.label,
                before.label, wanted.label);
        left = UNDO_LEFT;
    } else if (!streq(now.label, before.label) && !libvirt_has_it(fd, &wanted) && !set_label(fd, &before)) {
        err_errno(e, "%s: %s: cannot give it back its SELinux label %s", row->why, row->object, before.label);
        return UNDO_FAILED;
    }
    enum undo r = forget(fd, row, &before, &wanted, e);
    sync_object(fd, c->dir);
    return r == UNDO_DONE ? left : r;
}

/* Guests that share an object are its users; the last of them gives the label back. */
static enum undo undo(const struct row *row, const struct row_context *c, struct err *e)
{
    if (goes(row))
        return UNDO_DONE;
    autoclose int fd = object_open_real(row->object);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
        err_errno(e, "%s: %s", row->why, row->object);
        return UNDO_FAILED;
    }
    if (fd < 0)
        return UNDO_DONE;
    struct identity id = identity_of(fd);
    if (!is_new(row) && !identity_same(&id, &row->id, c->same_boot)) {
        err_set(e, ST_FAILED, "%s: %s is another file now; left as it is", row->why, row->object);
        return UNDO_LEFT;
    }
    autoclose int users = users_open(c->claims, SELINUX_USERS, e);
    if (users < 0)
        return UNDO_FAILED;
    return users_none(users, &id) ? give_back(fd, row, c, e) : UNDO_DONE;
}

const struct row_kind selinux_kinds[] = { { "selinux", apply, undo }, { 0 } };
