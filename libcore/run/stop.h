/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_STOP_H
#define RUN_STOP_H

#include <stdbool.h>

#include "base/err.h"
#include "run/life.h"

enum stop_mode { STOP_ACPI, STOP_AGENT, STOP_QUIT };
extern const char *const stop_mode_names[3];

struct stop_options {
    enum stop_mode mode;
    long long timeout_ms; /* how long to ask; with force and 0: not at all */
    bool force;           /* then end it: QMP quit, SIGTERM, SIGKILL */
    long long wait_ms;    /* for the guest's lock */
    /* STOP_AGENT: the socket of the guest agent, from live.xml; NULL: the guest has none. Called under no lock. */
    const char *(*agent_socket)(struct life *l);
};

/* Stops a guest and returns when everything of its start is undone. *how (static text): "acpi", "agent", "quit",
 * "terminated", "killed", or "off" where it had ended by itself and was only cleaned up.
 * ST_STATE: it does not run; ST_TIMEOUT: it still runs; ST_BUSY: it is off, but who has its lock keeps it from being
 * cleaned up. */
bool stop_guest(const struct root *root, const char *name, const struct stop_options *o, const char **how,
                struct notes *notes, struct err *e);

#endif
