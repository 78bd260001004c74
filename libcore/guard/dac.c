/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/dac.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/dac_row.h"
#include "guard/memory.h"
#include "host/object.h"
#include "store/claim.h"
#include "store/standing.h"

enum { DEED_MS = 5000 };

bool dac_owner(int fd, char out[32])
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return false;
    snprintf(out, 32, "%u:%u", st.st_uid, st.st_gid);
    return true;
}

static bool set_owner(int fd, const char *owner)
{
    unsigned uid, gid;
    char rest;
    errno = EINVAL;
    return sscanf(owner, "%u:%u%c", &uid, &gid, &rest) == 2 && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0;
}

/* "+UID:+GID" as libvirt writes it; NULL-safe the other way. */
static void to_memory(const char *owner, char out[40])
{
    unsigned uid = 0, gid = 0;
    sscanf(owner, "%u:%u", &uid, &gid);
    snprintf(out, 40, "+%u:+%u", uid, gid);
}

bool dac_from_memory(const char *first, char out[32])
{
    unsigned uid, gid;
    char rest;
    if (sscanf(first, "+%u:+%u%c", &uid, &gid, &rest) != 2)
        return false;
    snprintf(out, 32, "%u:%u", uid, gid);
    return true;
}

static bool change(const struct row *row, int fd, bool remember, struct err *e)
{
    char now[32], first[40];
    struct memory m;
    if (!dac_owner(fd, now))
        return err_errno(e, "%s: %s", row->why, row->object);
    memory_look(fd, "dac", &m);
    bool right = strcmp(now, row->wanted) == 0;
    if (!right && m.others)
        return err_set(e, ST_BUSY, "%s: %s is used by a guest of libvirt, for which it belongs to %s", row->why, row->object, now);
    if (!right && strcmp(now, row->before))
        return err_set(e, ST_FAILED, "%s: %s was given to %s while the guest was being started", row->why, row->object, now);
    to_memory(row->before, first);
    /* Where the file system keeps no such attributes, the journal alone remembers. */
    if (remember)
        memory_join(fd, "dac", first);
    return right || set_owner(fd, row->wanted) ||
           err_errno(e, "%s: %s: cannot change its owner from %s to %s", row->why, row->object, now, row->wanted);
}

static bool apply_one(const struct row *row, const struct row_context *c, bool remember, struct err *e)
{
    autoclose int fd = object_open_real(row->object);
    if (fd < 0)
        return err_errno(e, "%s: %s", row->why, row->object);
    struct identity id = identity_of(fd);
    if (!identity_same(&id, &row->id, true))
        return err_set(e, ST_FAILED, "%s: %s was replaced while the guest was being started", row->why, row->object);
    autoclose int users = claim_objects(c->claims, e);
    if (users < 0 || !claim_object_begin(users, &id, now_ms() + DEED_MS, e))
        return err_wrap(e, "%s: %s", row->why, row->object);
    return change(row, fd, remember, e);
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
static void sync_object(int fd, dev_t journal_dev)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_dev == journal_dev || !S_ISREG(st.st_mode))
        return;
    char self[40];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    autoclose int again = open(self, O_RDONLY | O_CLOEXEC);
    if (again >= 0)
        fsync(again);
}

/* The owner first: who dies after it finds the object as it was before, and only has to forget. */
static enum undo give_back(const struct row *row, int fd, dev_t journal_dev, struct err *e)
{
    char now[32];
    struct memory m;
    enum undo r = UNDO_DONE;
    if (!dac_owner(fd, now)) {
        err_errno(e, "%s: %s", row->why, row->object);
        return UNDO_FAILED;
    }
    memory_look(fd, "dac", &m);
    bool changed = strcmp(now, row->before) != 0;
    if (changed && !m.others && strcmp(now, row->wanted)) {
        err_set(e, ST_FAILED, "%s: %s has owner %s now, neither %s nor %s; left as it is", row->why, row->object, now,
                row->before, row->wanted);
        r = UNDO_LEFT;
    } else if (changed && !m.others && !set_owner(fd, row->before)) {
        err_errno(e, "%s: %s: cannot give it back to %s", row->why, row->object, row->before);
        return UNDO_FAILED;
    }
    if (!memory_leave(fd, "dac")) {
        err_errno(e, "%s: %s: cannot forget that it was in use", row->why, row->object);
        return UNDO_FAILED;
    }
    sync_object(fd, journal_dev);
    return r;
}

/* Guests that share an object are its users; the last of them gives the owner back. */
static enum undo undo(const struct row *row, const struct row_context *c, struct err *e)
{
    struct stat st;
    bool busy = false;
    autoclose int fd = object_open_real(row->object);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return UNDO_DONE;
    if (fd < 0) {
        bool swapped = errno == ELOOP;
        err_errno(e, "%s: %s", row->why, row->object);
        return swapped ? UNDO_LEFT : UNDO_FAILED;
    }
    struct identity id = identity_of(fd);
    if (!identity_same(&id, &row->id, c->same_boot)) {
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
    if (fstat(c->dir, &st) < 0)
        st.st_dev = 0;
    return give_back(row, fd, st.st_dev, e);
}

const struct row_kind dac_kinds[] = { { "owner", apply_remembered, undo }, { "chown", apply, undo }, { 0 } };
