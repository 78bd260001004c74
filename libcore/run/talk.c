/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/talk.h"

#include <fcntl.h>

#include "base/file.h"
#include "run/follow.h"

static bool reach(struct talk *t, long long deadline, struct err *e)
{
    if (t->m.qmp)
        return true;
    if (t->guest)
        return monitor_open(&t->m, t->guest, "qmp-send", deadline, e);
    t->m.lock = -1;
    t->m.qmp = qmp_connect(AT_FDCWD, t->socket, deadline, e);
    return t->m.qmp != NULL;
}

static const char *label(const struct talk *t)
{
    return t->guest ? t->guest->name : t->socket;
}

bool talk_exchange(struct talk *t, const json_t *command, json_t **answer, struct err *e)
{
    long long deadline = now_ms() + t->timeout_ms;
    const char *name = json_string_value(json_object_get(command, "execute"));
    int fd = -1;
    *answer = NULL;
    if (!reach(t, deadline, e))
        return false;
    if ((streq(name, "getfd") || streq(name, "add-fd")) && t->fds_used < t->n_fds)
        fd = t->fds[t->fds_used++];
    return qmp_exchange(t->m.qmp, command, fd, deadline, answer, e) ||
           err_wrap(e, "%s: %s", label(t), name ? name : "command");
}

bool talk_hmp(struct talk *t, const char *line, struct str *out, struct err *e)
{
    long long deadline = now_ms() + t->timeout_ms;
    return reach(t, deadline, e) && (qmp_hmp(t->m.qmp, line, deadline, out, e) || err_wrap(e, "%s", label(t)));
}

void talk_pause(struct talk *t)
{
    if (t->guest && t->m.qmp)
        monitor_close(&t->m);
}

void talk_close(struct talk *t)
{
    if (t->m.qmp)
        monitor_close(&t->m);
}

static bool socket_events(struct talk *t, long long deadline, bool (*fn)(void *arg, const json_t *event), void *arg,
                          struct err *e)
{
    long long start = now_ms() + t->timeout_ms;
    if (!reach(t, deadline >= 0 && deadline < start ? deadline : start, e))
        return false;
    qmp_on_event(t->m.qmp, fn, arg);
    if (qmp_listen(t->m.qmp, deadline, e) || e->status == ST_QEMU)
        return true;
    return err_wrap(e, "%s", t->socket);
}

bool talk_events(struct talk *t, long long deadline, bool (*fn)(void *arg, const json_t *event), void *arg,
                 struct err *e)
{
    if (!t->guest)
        return socket_events(t, deadline, fn, arg, e);
    if (!look_need_on(t->guest, true, e))
        return false;
    struct follow *f = follow_open(t->guest, false, e);
    enum followed how = f ? follow_wait(f, false, deadline, fn, arg, e) : FOLLOW_FAILED;
    follow_close(f);
    if (how == FOLLOW_TIMEOUT)
        err_set(e, ST_TIMEOUT, "%s: time is over", t->guest->name);
    return how == FOLLOW_ENOUGH || how == FOLLOW_ENDED;
}
