/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/shared_row.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/memory.h"
#include "host/object.h"
#include "store/claim.h"
#include "store/standing.h"

enum { DEED_MS = 5000 };

static bool is_new(const struct shared_row *s, const struct row *row)
{
    return s->may_be_new && !row->id.known;
}

static bool is_same(const struct shared_row *s, const struct row *row, const struct identity *id, bool same_boot)
{
    return is_new(s, row) || identity_same(id, &row->id, same_boot);
}

bool shared_row_apply(const struct shared_row *s, const struct row *row, const struct row_context *c, bool remember, struct err *e)
{
    autoclose int fd = object_open_real(row->object);
    if (fd < 0 && errno == ENOENT && is_new(s, row))
        return true; /* what could not be made QEMU makes, or reports */
    if (fd < 0)
        return err_errno(e, "%s: %s", row->why, row->object);
    struct identity id = identity_of(fd);
    if (!is_same(s, row, &id, true))
        return err_set(e, ST_FAILED, "%s: %s was replaced while the guest was being started", row->why, row->object);
    autoclose int users = claim_objects(c->claims, e);
    if (users < 0 || !claim_object_begin(users, &id, now_ms() + DEED_MS, e))
        return err_wrap(e, "%s: %s", row->why, row->object);
    return s->change(row, fd, remember, e);
}

/* Only what stays on a disk is synced; opening a device node for it would have effects of its own. */
static void sync_object(int fd, int guest_dir)
{
    struct stat st, journal;
    char self[40];
    if (fstat(fd, &st) < 0 || (fstat(guest_dir, &journal) == 0 && st.st_dev == journal.st_dev) || !S_ISREG(st.st_mode))
        return;
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    autoclose int again = open(self, O_RDONLY | O_CLOEXEC);
    if (again >= 0)
        fsync(again);
}

/* The state first: who dies after it finds the object as it was before, and only has to forget. */
static enum undo give_back(const struct shared_row *s, const struct row *row, const struct row_context *c, int fd, struct err *e)
{
    enum undo r = s->give_back(row, fd, e);
    if (r == UNDO_FAILED)
        return r;
    if (!memory_leave(fd, s->layer)) {
        err_errno(e, "%s: %s: cannot forget that it was in use", row->why, row->object);
        return UNDO_FAILED;
    }
    sync_object(fd, c->dir);
    return r;
}

enum undo shared_row_undo(const struct shared_row *s, const struct row *row, const struct row_context *c, struct err *e)
{
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
    if (!is_same(s, row, &id, c->same_boot)) {
        err_set(e, ST_FAILED, "%s: %s is another file now; left as it is", row->why, row->object);
        return UNDO_LEFT;
    }
    /* By what it is now: device numbers change with each boot. */
    autoclose int users = claim_objects(c->claims, e);
    if (users < 0 || !claim_object_alone(users, &id, now_ms() + DEED_MS, &busy, e)) {
        err_wrap(e, "%s: %s", row->why, row->object);
        return busy ? UNDO_DONE : UNDO_FAILED;
    }
    return standing_uses(c->claims, &id) ? UNDO_DONE : give_back(s, row, c, fd, e);
}
