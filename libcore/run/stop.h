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
    const struct undoer *by; /* of what its start did */
};

/* Stops a guest and returns when everything of its start is undone. *how (static text): "acpi", "agent", "quit",
 * "terminated", "killed", or "off" where it had ended by itself and was only cleaned up.
 * ST_STATE: it does not run, or under libvirt; ST_TIMEOUT: it still runs; ST_BUSY: it is off, but who has its lock keeps it from being
 * cleaned up. */
bool stop_guest(const struct root *root, const char *name, const struct stop_options *o, const char **how,
                struct notes *notes, struct err *e);

/* For who is about to wait for stop_guest: what keeps the guest from hearing, if anything does. notes->arena is set. */
void stop_foresee(const struct root *root, const char *name, const struct stop_options *o, struct notes *notes);

/* The socket of the guest's agent, from live.xml; NULL: the guest has none. */
const char *stop_agent_socket(struct life *l);

#endif
