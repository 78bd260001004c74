/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/life.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/machine.h"
#include "store/claim.h"
#include "store/alive.h"
#include "store/defs.h"
#include "store/guest.h"
#include "store/head.h"
#include "store/lock.h"

enum { EXITING_MS = 10000, ORPHAN_MS = 5000, LIVE_MAX = 16 << 20 };

bool life_open(struct life *l, const struct root *root, struct arena *a, const char *name, bool make, struct err *e)
{
    *l = (struct life){ .arena = a, .root = root, .name = name, .dir = -1, .claims = -1, .lock = -1, .journal = -1 };
    autoclose int state = root_open(root, ROOT_STATE, make, e);
    if (state < 0)
        return false;
    autoclose int dir = guest_dir(state, name, make, e);
    if (dir < 0)
        return false;
    l->claims = root_open(root, ROOT_CLAIMS, true, e);
    if (l->claims < 0 || !machine_ids(root, l->machine, l->boot, e)) {
        life_close(l);
        return false;
    }
    l->dir = steal_fd(&dir);
    return true;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void life_close(struct life *l)
{
    close_fd(&l->lock);
    close_fd(&l->dir);
    close_fd(&l->claims);
    close_fd(&l->journal);
}

bool life_lock(struct life *l, long long wait_ms, const char *what, struct err *e)
{
    int dir;
    autoclose int state = root_open(l->root, ROOT_STATE, true, e);
    if (state < 0)
        return false;
    l->lock = guest_lock(state, l->name, now_ms() + wait_ms, what, &dir, e);
    if (l->lock < 0)
        return false;
    close_fd(&l->dir); /* it may have been removed and made again while we waited */
    l->dir = dir;
    return true;
}

void life_unlock(struct life *l)
{
    close_fd(&l->lock);
}

pid_t life_holder(int dir)
{
    pid_t pid = 0;
    enum alive alive = alive_ask(dir, "alive", &pid);
    return alive == ALIVE_YES ? pid : alive == ALIVE_NO ? 0 : -1;
}

static void read_state(struct life *l, char start[START_ID_LEN + 1])
{
    autostr struct str text = STR_INIT;
    struct head h = { 0 };
    if (file_read_at(l->dir, "live.xml", LIVE_MAX, true, &text) == 0)
        head_scan(&h, l->arena, str_text(&text), text.len);
    snprintf(l->state, sizeof l->state, "%s", h.state ? h.state : "");
    snprintf(start, START_ID_LEN + 1, "%s", h.start ? h.start : "");
    if (h.uuid)
        l->uuid = h.uuid;
}

static bool unknown_holder(const struct life *l, pid_t holder, struct err *e)
{
    if (holder > 0)
        return err_set(e, ST_BUSY, "%s: process %d, which is not of its last start, holds %s/%s/alive (try: end that process)",
                       l->name, (int)holder, l->root->dir[ROOT_STATE], l->name);
    return err_set(e, ST_BUSY, "%s: a process that cannot be seen from here (another host or pid namespace) holds %s/%s/alive",
                   l->name, l->root->dir[ROOT_STATE], l->name);
}

static bool wait_free(const struct life *l, int ms)
{
    for (long long deadline = now_ms() + ms; ms_left(deadline) > 0; poll(NULL, 0, 5))
        if (life_holder(l->dir) == 0)
            return true;
    return life_holder(l->dir) == 0;
}

/* The start ended before it wrote down the pid: such a process waits for a "go" that does not come and ends by
 * itself. Should it not, its parent tells whether it is ours. */
static bool orphan(struct life *l, pid_t holder, int *pidfd, struct err *e)
{
    struct proc_stat st, again;
    if (wait_free(l, ORPHAN_MS))
        return true;
    if (!proc_stat(holder, &st) || !proc_has_argument(st.parent, l->j.start))
        return unknown_holder(l, holder, e);
    autoclose int fd = proc_open((struct proc_id){ holder, st.start });
    if (fd < 0 || life_holder(l->dir) != holder || !proc_stat(holder, &again) || again.start != st.start)
        return wait_free(l, ORPHAN_MS) || unknown_holder(l, holder, e);
    *pidfd = steal_fd(&fd);
    return true;
}

/* Same machine, same boot, whole journal: is its process there? */
static bool look_for_process(struct life *l, enum life_is *is, int *pidfd, struct notes *notes, struct err *e)
{
    pid_t holder = life_holder(l->dir);
    *is = LIFE_LEFT;
    if (l->j.qemu.pid <= 0)
        return !holder || (orphan(l, holder, pidfd, e) && (*is = *pidfd >= 0 ? LIFE_STARTED : LIFE_LEFT, true));
    autoclose int fd = proc_open(l->j.qemu);
    if (holder && holder != l->j.qemu.pid)
        return unknown_holder(l, holder, e);
    if (fd < 0)
        return !holder || wait_free(l, EXITING_MS) || unknown_holder(l, holder, e);
    if (holder) {
        *is = l->running ? LIFE_RUNNING : LIFE_STARTED;
        *pidfd = steal_fd(&fd);
        return true;
    }
    struct proc_stat st;
    if (proc_stat(l->j.qemu.pid, &st) && st.exiting && proc_wait(fd, now_ms() + EXITING_MS))
        return true;
    if (proc_wait(fd, now_ms()))
        return true;
    if (l->running)
        note_add(notes, "%s: process %d has lost its lock", l->name, (int)l->j.qemu.pid);
    *is = LIFE_STARTED;
    *pidfd = steal_fd(&fd);
    return true;
}

bool life_look(struct life *l, enum life_is *is, int *pidfd, struct notes *notes, struct err *e)
{
    char start[START_ID_LEN + 1];
    *pidfd = -1;
    close_fd(&l->journal);
    l->j = (struct journal){ .arena = l->arena };
    read_state(l, start);
    l->journal = journal_open(l->dir);
    if (l->journal < 0 && errno != ENOENT)
        return err_errno(e, "%s: cannot open its journal", l->name);
    if (l->journal >= 0 && !journal_read(l->journal, &l->j, e))
        return err_wrap(e, "%s", l->name);
    l->running = l->j.complete && streq(start, l->j.start) && !streq(l->state, "starting") && *l->state;
    if (l->j.complete && strcmp(l->j.machine, l->machine))
        return err_set(e, ST_BUSY, "%s: was started on another machine (%s), where it may still run; left alone",
                       l->name, l->j.machine);
    if (l->journal < 0 || !l->j.complete || strcmp(l->j.boot, l->boot)) {
        pid_t holder = life_holder(l->dir);
        *is = l->journal < 0 && !*start ? LIFE_OFF : LIFE_LEFT;
        return !holder || wait_free(l, ORPHAN_MS) || unknown_holder(l, holder, e);
    }
    return look_for_process(l, is, pidfd, notes, e);
}

/* A guest without a definition is gone when it ends, and its directory with it. With a journal it has not ended: someone
 * has started it again, or it could not be undone. */
static void forget_transient(struct life *l)
{
    static const char *const files[] = { "events", "events.old", "stopping", "alive", "monitor.lock", "console.lock" };
    struct err e = { 0 };
    autoclose int etc = root_open(l->root, ROOT_ETC, false, &e);
    if (faccessat(l->dir, "journal", F_OK, AT_SYMLINK_NOFOLLOW) == 0 || (etc < 0 ? e.status != ST_NOENT : def_exists(etc, l->name)))
        return;
    autoclose int state = root_open(l->root, ROOT_STATE, false, &e);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlinkat(l->dir, files[i], 0);
    if (state >= 0)
        guest_dir_tidy(state, l->name, l->dir);
    if (state >= 0 && l->uuid)
        uuid_release(state, l->name, l->uuid);
}

bool life_undo(struct life *l, const struct undoer *by, int pidfd, const char *why, struct notes *notes, struct err *e)
{
    if (!by->undo(by, l, pidfd, why, notes, e))
        return false;
    close_fd(&l->journal);
    l->running = false;
    *l->state = '\0';
    return true;
}

bool life_repair(struct life *l, const struct undoer *by, enum life_is *is, int *pidfd, struct notes *notes, struct err *e)
{
    if (!life_look(l, is, pidfd, notes, e))
        return false;
    if (*is == LIFE_OFF || *is == LIFE_RUNNING)
        return true;
    bool ok = life_undo(l, by, *pidfd, "unknown", notes, e);
    close_fd(pidfd);
    *is = LIFE_OFF;
    return ok;
}

void life_end(struct life *l)
{
    if (l->lock >= 0)
        forget_transient(l);
    life_close(l);
}

int life_monitor_lock(const struct life *l, long long deadline, struct err *e)
{
    bool busy;
    int fd = claim_take(l->dir, "monitor.lock", false, deadline, &busy, e);
    if (busy)
        err_set(e, ST_TIMEOUT, "%s: another command is talking to its monitor", l->name);
    return fd;
}

bool life_stopping(const struct life *l, pid_t *by)
{
    unsigned long long start;
    if (by && !lock_holder(l->dir, "stopping", by, &start))
        *by = 0;
    return lock_held(l->dir, "stopping", LOCK_EXCLUSIVE) > 0;
}

int life_stop_mark(const struct life *l, struct err *e)
{
    int fd = lock_take(l->dir, "stopping", LOCK_SHARED, now_ms(), l->name, "vm-stop", e);
    if (fd < 0 && e->status == ST_NOENT) /* the directory went with a guest without a definition */
        err_set(e, ST_STATE, "%s: is not running", l->name);
    return fd;
}
