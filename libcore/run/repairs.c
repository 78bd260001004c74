/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "run/repairer.h"
#include "run/undo.h"
#include "store/guest.h"
#include "store/lock.h"

/* A file of its own: who asks for repairs does not link what does them. */

static const char *reason(const char *why)
{
    static const char *const reasons[] = { "shutdown", "destroyed" };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (streq(reasons[i], why))
            return reasons[i];
    return "unknown";
}

static bool repair(struct life *l, const struct repair_order *o, int lock, struct notes *notes, struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    if (!lock_handed_over(l->dir, "lock", lock))
        return err_set(e, ST_BUSY, "%s: who asks for its repair does not hold its lock", l->name);
    if (!life_look(l, &is, &pidfd, notes, e))
        return false;
    if (is == LIFE_RUNNING)
        return err_set(e, ST_STATE, "%s: is running", l->name);
    return is == LIFE_OFF || life_undo(l, &undo_here, pidfd, reason(o->why), notes, e);
}

/* lock: taken over. */
static bool carry_out(const struct root *root, struct repair_order *o, int lock, struct notes *notes, struct err *e)
{
    struct life l;
    autoclose int held = lock;
    o->name[sizeof o->name - 1] = o->why[sizeof o->why - 1] = '\0';
    if (!guest_name_ok(o->name, e) || !life_open(&l, root, notes->arena, o->name, false, e))
        return false;
    bool ok = repair(&l, o, held, notes, e);
    life_close(&l);
    return ok;
}

void repairer_serve(const struct root *root, int fd)
{
    for (;;) {
        autoarena struct arena *a = arena_new();
        struct notes notes = { .arena = a };
        struct repair_said said = { 0 };
        struct repair_order o;
        int lock;
        ssize_t n = recv_with_fd(fd, &o, sizeof o, &lock);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != sizeof o)
            return;
        struct repair_said last = { .last = true };
        last.ok = carry_out(root, &o, lock, &notes, &last.err);
        for (size_t i = 0; i < notes.n; i++) {
            snprintf(said.err.text, sizeof said.err.text, "%s", notes.text[i]);
            send(fd, &said, sizeof said, MSG_NOSIGNAL);
        }
        send(fd, &last, sizeof last, MSG_NOSIGNAL);
    }
}
