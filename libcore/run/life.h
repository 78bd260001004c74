/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_LIFE_H
#define RUN_LIFE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "host/root.h"
#include "store/journal.h"

/* One guest as a changing command sees it: its directory, its lock, its journal, its process. */
struct life {
    struct arena *arena;
    const struct root *root;
    const char *name;
    int dir, claims; /* lib/vmutils/NAME and run/vmutils/claims */
    int lock;        /* NAME/lock while held, else -1 */
    int journal;     /* -1: there is none */
    struct journal j;
    bool running;    /* live.xml says so, with the journal's start-id */
    const char *uuid; /* of live.xml, NULL: none was seen */
    const char *confined; /* attributes of <domstatus> that tell how QEMU is confined, each after a blank; NULL: none */
    char state[24];  /* of live.xml: "starting", "running", "paused"… */
    char machine[64], boot[64]; /* this host */
};

enum life_is {
    LIFE_OFF,     /* nothing there, nothing to clean */
    LIFE_LEFT,    /* no process, but an old plan that is not undone */
    LIFE_STARTED, /* the process is there, the start was not finished (or its S is still at it) */
    LIFE_RUNNING,
};

/* How what is left of a start is undone: by this process (run/undo.h), or by one that may do more (run/repairer.h). */
struct undoer {
    bool (*undo)(const struct undoer *by, const struct life *l, int pidfd, const char *why, struct notes *notes, struct err *e);
};

/* Opens the guest's directory. make: it is created; else ST_NOENT where there is none. */
bool life_open(struct life *l, const struct root *root, struct arena *a, const char *name, bool make, struct err *e);
void life_close(struct life *l); /* lets go of the lock too */

/* Takes NAME/lock and writes down who holds it and what for. ST_BUSY after wait_ms names the holder. */
bool life_lock(struct life *l, long long wait_ms, const char *what, struct err *e);
void life_unlock(struct life *l);

/* Reads journal, live.xml and who holds "alive". *pidfd: of QEMU where it lives, else -1 (the caller closes).
 * ST_BUSY: another host's journal, or an unknown process holds "alive"; neither is touched. */
bool life_look(struct life *l, enum life_is *is, int *pidfd, struct notes *notes, struct err *e);

/* Under the lock, after life_look said LIFE_LEFT or LIFE_STARTED: ends what is left of the process, undoes the
 * journal, removes live.xml and sockets. why goes into events as the reason ("shutdown", "unknown"…). */
bool life_undo(struct life *l, const struct undoer *by, int pidfd, const char *why, struct notes *notes, struct err *e);

/* life_look and, unless the guest runs, life_undo with reason "unknown": what every changing command begins
 * with. *is: LIFE_OFF or LIFE_RUNNING, then with *pidfd. */
bool life_repair(struct life *l, const struct undoer *by, enum life_is *is, int *pidfd, struct notes *notes, struct err *e);

/* life_close after a guest has ended (under its lock): what is left of a guest without a definition goes too. */
void life_end(struct life *l);

/* Who holds "alive": 0 nobody, a pid, or -1 for one that has no pid here. */
pid_t life_holder(int dir);

/* monitor.lock: held for one exchange with QEMU, so that two commands at once both get answers. */
int life_monitor_lock(const struct life *l, long long deadline, struct err *e);

/* Someone stops this guest: restarts must not happen. *by (may be NULL): who, 0 where that cannot be told. */
bool life_stopping(const struct life *l, pid_t *by);
/* Says so, for as long as the descriptor is open; -1 with e (ST_STATE: the guest has just gone altogether). */
int life_stop_mark(const struct life *l, struct err *e);

#endif
