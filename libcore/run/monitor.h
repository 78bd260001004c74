/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_MONITOR_H
#define RUN_MONITOR_H

#include "qemu/qmp.h"
#include "run/look.h"

/* A guest's command monitor, under monitor.lock: QEMU serves one client at a time, so it is open for an
 * exchange and never while anything else is waited for. Start at MONITOR_INIT. */
struct monitor {
    int lock;
    struct qmp *qmp; /* NULL while closed */
};
#define MONITOR_INIT ((struct monitor){ -1, NULL })

/* Takes the lock and connects. what: this command, for whoever finds the lock taken. ST_TIMEOUT: another command
 * or QEMU did not make room until deadline; ST_STATE: not running. */
bool monitor_open(struct monitor *m, const struct look *l, const char *what, long long deadline, struct err *e);
void monitor_close(struct monitor *m); /* harmless when closed */

/* One command in an exchange of its own; args are taken over, reply as for qmp_command. */
bool monitor_command(const struct look *l, const char *name, json_t *args, long long deadline, json_t **reply,
                     struct err *e);

static inline void cleanup_monitor(struct monitor *m)
{
    monitor_close(m);
}
#define automonitor __attribute__((cleanup(cleanup_monitor)))

#endif
