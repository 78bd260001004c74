/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/dac.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/dac_row.h"
#include "guard/memory.h"
#include "guard/shared_row.h"

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

static enum undo give_back(const struct row *row, int fd, struct err *e)
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
    return r;
}

static const struct shared_row shared = { "dac", false, change, give_back };

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
    return shared_row_undo(&shared, row, c, e);
}

const struct row_kind dac_kinds[] = { { "owner", apply_remembered, undo }, { "chown", apply, undo }, { 0 } };
