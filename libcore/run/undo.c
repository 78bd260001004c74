/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/undo.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "run/eventlog.h"
#include "run/helper.h"
#include "run/rows.h"
#include "store/claim.h"
#include "store/standing.h"

enum { DEATH_MS = 30000, EXITING_MS = 10000 };

static const char *const leftovers[] = { "monitor.sock", "live.xml", ".live.xml.new" };

/* Every process of a start has the guest's own claim, not least one that was forked and never written down: once this is
 * ours, none of them begins anything. Those that die just then may still have others of its claims, and count as users of
 * its disks until these have gone, too. */
static int claim_alone(const struct life *l, char name[CLAIM_NAME], struct err *e)
{
    bool busy;
    long long deadline = now_ms() + EXITING_MS;
    struct identity itself = claim_object_guest(l->root->dir[ROOT_STATE], l->name);
    claim_guest_name(name, l->root->dir[ROOT_STATE], l->name);
    int fd = claim_take(l->claims, name, false, deadline, &busy, e);
    if (fd >= 0 && !claim_objects_left(l->claims, &itself, deadline, &busy, e)) {
        claim_drop(l->claims, name, fd);
        fd = -1;
    }
    if (busy)
        err_set(e, ST_BUSY, "%s: a process of its last start is still there; nothing is undone yet", l->name);
    return fd;
}

struct row_context life_row_context(const struct life *l)
{
    return (struct row_context){ .root = l->root, .guest = l->name, .claims = l->claims, .dir = l->dir,
                                 .same_boot = strcmp(l->j.boot, l->boot) == 0 };
}

static bool undo(const struct life *l, const char *why, struct notes *notes, struct err *e)
{
    struct row_context c = life_row_context(l);
    if (l->j.applied && !journal_append_restoring(l->journal, e))
        return err_wrap(e, "%s", l->name);
    if (l->j.complete && !l->j.undone && !rows_undo(&l->j, &c, notes, e))
        return err_wrap(e, "%s", l->name);
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++)
        unlinkat(l->dir, leftovers[i], 0);
    if (l->j.complete) {
        char data[128];
        snprintf(data, sizeof data, "\"start\": \"%s\", \"reason\": \"%s\"", l->j.start, why);
        eventlog_add(l->dir, "VM_ENDED", data);
    }
    if (l->journal >= 0 && !journal_remove(l->dir, l->journal, e))
        return err_wrap(e, "%s", l->name);
    if (l->j.applied)
        standing_remove(l->claims, l->root->dir[ROOT_STATE], l->name);
    return true;
}

static bool end_and_undo(const struct undoer *by, const struct life *l, int pidfd, const char *why, struct notes *notes, struct err *e)
{
    (void)by;
    char name[CLAIM_NAME];
    if (pidfd >= 0 && !proc_kill(pidfd, now_ms() + DEATH_MS))
        return err_set(e, ST_FAILED, "%s: process %d does not die", l->name, (int)l->j.qemu.pid);
    if (strcmp(l->j.boot, l->boot) == 0 && !helpers_end(&l->j, e))
        return err_wrap(e, "%s", l->name);
    int claim = claim_alone(l, name, e);
    bool ok = claim >= 0 && undo(l, why, notes, e);
    claim_drop(l->claims, name, claim);
    return ok;
}

const struct undoer undo_here = { end_and_undo };
