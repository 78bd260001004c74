/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/wait.h"

#include <poll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "run/follow.h"
#include "run/monitor.h"
#include "run/steer.h"

const char *const wait_state_names[WAIT_STATES] = { "running", "paused", "shutoff", "crashed", "pmsuspended" };

/* How long QEMU may take to tell its state before it is asked anew; how long a guest whose end nobody cleans up is
 * not yet taken for off; how often a guest is looked for that has no directory to watch. */
enum { ASK_MS = 2000, CLEANUP_MS = 5000, LOOK_MS = 50 };

static bool asked_state(const struct look *l, enum wait_state wanted, long long deadline)
{
    struct err ignored;
    autojson json_t *status = NULL;
    long long until = now_ms() + ASK_MS;
    const char *reason;
    if (l->s.libvirt)
        return wanted == WAIT_RUNNING;
    if (!monitor_command(l, "query-status", NULL, deadline >= 0 && deadline < until ? deadline : until, &status, &ignored))
        return false;
    const char *word = json_string_value(json_object_get(status, "status"));
    return word && streq(steer_state(word, &reason), wait_state_names[wanted]);
}

static bool is_in(const struct look *l, enum wait_state wanted, long long *cleanup_since, long long deadline)
{
    if (l->s.state != GUEST_CLEANUP)
        *cleanup_since = -1;
    if (l->s.active)
        return wanted != WAIT_SHUTOFF && l->s.state != GUEST_STARTING && asked_state(l, wanted, deadline);
    if (l->s.state == GUEST_CLEANUP && *cleanup_since < 0)
        *cleanup_since = now_ms();
    bool off = l->s.state == GUEST_OFF || (*cleanup_since >= 0 && now_ms() - *cleanup_since >= CLEANUP_MS);
    return wanted == WAIT_SHUTOFF && off;
}

/* Until something changes; without a directory of the guest's there is only its process, if any, to watch. */
static bool pause_for_change(const struct look *l, struct follow *f, long long deadline, struct err *e)
{
    if (f)
        return follow_wait(f, true, deadline, NULL, NULL, e) != FOLLOW_FAILED;
    int left = ms_left(deadline);
    struct pollfd p = { .fd = l->pidfd, .events = POLLIN };
    poll(&p, 1, left < 0 || left > LOOK_MS ? LOOK_MS : left);
    return true;
}

static bool too_late(const struct look *l, const char *what, struct err *e)
{
    return err_set(e, ST_TIMEOUT, "%s: is %s; no '%s' in time", l->name, l->s.text, what);
}

bool wait_for_state(struct look *l, enum wait_state state, long long deadline, struct err *e)
{
    for (long long cleanup_since = -1;;) {
        struct err ignored;
        /* Watched before it is looked at: no change falls between. */
        if (!look_again(l, e))
            return false;
        struct follow *f = l->dir < 0 ? NULL : follow_open(l, false, &ignored);
        bool ok = look_again(l, e), there = ok && is_in(l, state, &cleanup_since, deadline);
        if (ok && !there && deadline >= 0 && now_ms() >= deadline)
            ok = too_late(l, wait_state_names[state], e);
        if (ok && !there)
            ok = pause_for_change(l, f, deadline, e);
        follow_close(f);
        if (!ok || there)
            return ok;
    }
}

struct wanted {
    const char *name;
    json_t *found;
};

static bool is_wanted(void *arg, const json_t *event)
{
    struct wanted *w = arg;
    if (!streq(json_string_value(json_object_get(event, "event")), w->name))
        return false;
    w->found = json_incref((json_t *)(uintptr_t)event);
    return true;
}

bool wait_for_event(struct look *l, const char *name, long long deadline, json_t **event, struct err *e)
{
    struct wanted w = { .name = name };
    bool from_start = false;
    *event = NULL;
    while (l->dir < 0) {
        if (deadline >= 0 && now_ms() >= deadline)
            return too_late(l, name, e);
        from_start = true;
        if (!pause_for_change(l, NULL, deadline, e) || !look_again(l, e))
            return false;
    }
    struct follow *f = follow_open(l, from_start, e);
    if (!f)
        return false;
    enum followed how = follow_wait(f, false, deadline, is_wanted, &w, e);
    follow_close(f);
    *event = w.found;
    if (how == FOLLOW_TIMEOUT)
        return too_late(l, name, e);
    if (how == FOLLOW_ENDED)
        return err_set(e, ST_STATE, "%s: has ended without '%s'", l->name, name);
    return how == FOLLOW_ENOUGH;
}
