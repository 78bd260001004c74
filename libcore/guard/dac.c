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
#include "store/claim.h"

static int open_object(const char *path)
{
    return open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static bool owner_of(int fd, char out[32])
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return false;
    snprintf(out, 32, "%u:%u", st.st_uid, st.st_gid);
    return true;
}

void dac_claim_name(char *name, const struct identity *id)
{
    snprintf(name, CLAIM_NAME, "object-%llx-%llx", id->dev, id->ino);
}

static bool parse_owner(const char *text, uid_t *uid, gid_t *gid)
{
    unsigned u, g;
    char rest;
    if (sscanf(text, "%u:%u%c", &u, &g, &rest) != 2)
        return false;
    *uid = u;
    *gid = g;
    return true;
}

bool dac_look(const char *path, struct identity *id, char owner[32], struct err *e)
{
    autoclose int fd = open_object(path);
    if (fd < 0 || !owner_of(fd, owner))
        return err_errno(e, "%s", path);
    *id = identity_of(fd);
    return true;
}

static bool set_owner(int fd, const char *owner)
{
    uid_t uid;
    gid_t gid;
    errno = EINVAL;
    return parse_owner(owner, &uid, &gid) && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0;
}

static bool apply(const struct row *row, const struct row_context *c, struct err *e)
{
    (void)c;
    char now[32];
    autoclose int fd = open_object(row->object);
    if (fd < 0 || !owner_of(fd, now))
        return err_errno(e, "%s: %s", row->why, row->object);
    struct identity id = identity_of(fd);
    if (!identity_same(&id, &row->id, true))
        return err_set(e, ST_FAILED, "%s: %s was replaced while the guest was being started", row->why, row->object);
    return set_owner(fd, row->wanted) ||
           err_errno(e, "%s: %s: cannot change its owner from %s to %s", row->why, row->object, now, row->wanted);
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

static enum undo give_back(const struct row *row, bool same_boot, dev_t journal_dev, struct err *e)
{
    char now[32];
    autoclose int fd = open_object(row->object);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
        err_errno(e, "%s: %s", row->why, row->object);
        return UNDO_FAILED;
    }
    if (fd < 0)
        return UNDO_DONE;
    struct identity id = identity_of(fd);
    if (!identity_same(&id, &row->id, same_boot)) {
        err_set(e, ST_FAILED, "%s: %s is another file now; left as it is", row->why, row->object);
        return UNDO_LEFT;
    }
    if (!owner_of(fd, now)) {
        err_errno(e, "%s: %s", row->why, row->object);
        return UNDO_FAILED;
    }
    if (strcmp(now, row->before) == 0)
        return UNDO_DONE;
    if (strcmp(now, row->wanted)) {
        err_set(e, ST_FAILED, "%s: %s has owner %s now, neither %s nor %s; left as it is", row->why, row->object, now,
                row->before, row->wanted);
        return UNDO_LEFT;
    }
    if (!set_owner(fd, row->before)) {
        err_errno(e, "%s: %s: cannot give it back to %s", row->why, row->object, row->before);
        return UNDO_FAILED;
    }
    sync_object(fd, journal_dev);
    return UNDO_DONE;
}

/* Guests that share a disk hold a claim on it; the last of them gives the owner back. */
static enum undo undo(const struct row *row, const struct row_context *c, struct err *e)
{
    char name[CLAIM_NAME], owner[32];
    struct identity now;
    struct stat st;
    bool busy = false;
    int claim = -1;
    /* By what it is now: device numbers change with each boot. */
    if (dac_look(row->object, &now, owner, e)) {
        dac_claim_name(name, &now);
        claim = claim_take(c->claims, name, false, now_ms(), &busy, e);
    }
    if (busy)
        return UNDO_DONE;
    if (fstat(c->dir, &st) < 0)
        st.st_dev = 0;
    enum undo r = give_back(row, c->same_boot, st.st_dev, e);
    claim_drop(c->claims, name, claim);
    return r;
}

const struct row_kind dac_kinds[] = { { "owner", apply, undo }, { 0 } };
