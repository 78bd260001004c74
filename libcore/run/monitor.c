/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/monitor.h"

#include <unistd.h>

#include "store/lock.h"

bool monitor_open(struct monitor *m, const struct look *l, const char *what, long long deadline, struct err *e)
{
    if (!look_need_on(l, true, e))
        return false;
    m->lock = lock_take(l->dir, "monitor.lock", LOCK_EXCLUSIVE, deadline, l->name, what, e);
    if (m->lock < 0) {
        if (e->status == ST_BUSY) {
            e->status = ST_TIMEOUT;
            err_add(e, ", and the monitor serves one at a time");
        }
        return false;
    }
    m->qmp = qmp_connect(l->dir, "monitor.sock", deadline, e);
    if (m->qmp)
        return true;
    monitor_close(m);
    return err_wrap(e, "%s", l->name);
}

void monitor_close(struct monitor *m)
{
    qmp_free(m->qmp);
    if (m->lock >= 0)
        close(m->lock);
    *m = MONITOR_INIT;
}

bool monitor_command(const struct look *l, const char *name, json_t *args, long long deadline, json_t **reply,
                     struct err *e)
{
    automonitor struct monitor m = MONITOR_INIT;
    if (reply)
        *reply = NULL;
    if (!monitor_open(&m, l, name, deadline, e)) {
        json_decref(args);
        return false;
    }
    return qmp_command(m.qmp, name, args, deadline, reply, e) || err_wrap(e, "%s", l->name);
}
