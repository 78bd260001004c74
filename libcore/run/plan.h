/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_H
#define RUN_PLAN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "domain/domain.h"
#include "guard/cgroup_tune.h"
#include "guard/enter.h"
#include "guard/guard.h"
#include "guard/helpers.h"
#include "host/conf.h"
#include "qemu/caps_get.h"
#include "run/child.h"
#include "run/life.h"
#include "store/journal.h"

/* Everything that a start will do, before any of it is done: what becomes QEMU, with which descriptors, as whom,
 * and the rows of the journal. The protocol of run/start.c carries it out and knows no XML. */

/* Numbers at which QEMU finds what every guest has; those of its devices follow from PLAN_FIRST_FD on. */
enum { PLAN_MONITOR = 20, PLAN_EVENTS = 21, PLAN_FIRST_FD = 24, PLAN_DIRS = 80, PLAN_DIRS_MAX = 16, PLAN_CLAIMS = 100 };
_Static_assert(PLAN_CLAIMS + CHILD_FDS / 2 <= CHILD_PLACES, "claims are the last");

/* A directory that QEMU gets as a descriptor, since paths below it are too long for a socket. */
struct plan_dir {
    const char *path;
    int at;
};

/* A program that serves QEMU: begun before it, ended with it. */
struct plan_helper {
    struct guard_helper as; /* its name, program, user and confinement */
    enum root_dir log; /* what it writes goes to GUEST-NAME.log there */
    LIST(const char) args;   /* without argv[0]; HELPER_SOCKET is its listening socket */
    LIST(const char) env;
    const char *dir;         /* working directory; NULL: / */
    const char *socket;      /* path that QEMU connects to, bound by us */
    bool systemd;            /* takes the socket as systemd hands sockets over */
};
enum { HELPER_SOCKET = 3, HELPER_CLAIM = 4 };

struct plan {
    struct arena *arena;
    const char *name;
    const char *emulator;
    LIST(const char) args; /* without argv[0] */
    LIST(const char) env;  /* "NAME=value", all there is */
    LIST(const char) setup; /* QMP commands as JSON, to be sent before the guest runs */
    struct enter enter;
    struct cgroup_threads threads;
    const struct guard *guard; /* what each layer says of each object; NULL: the plan failed before they were asked */
    struct journal journal;
    size_t n_claims, n_fds;
    int claims[CHILD_FDS / 2];            /* held from here to the end of QEMU */
    struct child_fd fds[CHILD_FDS / 2];   /* of devices */
    LIST(struct plan_helper) helpers;
    LIST(struct plan_dir) dirs;           /* opened when the rows are done, which make some of them */
    bool dumps;                           /* vm-reap has the memory of a guest that panics written down */
    const char *live;                     /* the domain as XML, for live.xml */
    void *domain;                         /* whoever made the plan */
    /* Puts what only QEMU knows (names of ptys, from query-chardev) into live; NULL: there is nothing. */
    bool (*complete)(struct plan *p, const json_t *chardevs, struct err *e);
};

/* What an emulator said to who asked it before the document was parsed. */
struct plan_known {
    const char *emulator;
    struct caps *caps; /* NULL: it cannot be used, err says why */
    struct err err;
};

struct plan_options {
    bool dry_run;   /* look, but take no claims and make nothing */
    bool no_reap;   /* what only vm-reap can do is refused */
    /* Of owners and labels alone: an emulator that cannot be asked is noted (the plan then knows no more than the document
     * says), and whether QEMU would reach everything is left to the caller. */
    bool labels;
    bool hold;      /* in spite of dry_run objects and levels are claimed: the rows of labels are to be done */
    bool draws;     /* in spite of dry_run an SELinux level is claimed, for a command in QEMU's place */
    const char *level; /* the SELinux level that the guest has already; NULL: none */
    const struct caps_env *caps;
    const struct plan_known *known; /* NULL: nothing was asked beforehand */
    const struct conf *conf;
};

/* Makes the plan of a domain's start: expands it, finds its emulator, takes claims (the guest's own first: ST_BUSY if
 * it is held), chooses ports, builds the command line and the rows. d is changed: what it becomes is what runs.
 * l->lock is held unless dry_run, which uses of l its name, root and arena alone (and claims, to hold). */
bool plan_domain(struct plan *p, struct life *l, struct domain *d, const struct plan_options *o, struct notes *notes,
                 struct err *e);

void plan_release(struct plan *p); /* closes claims and descriptors; memory is the arena's */

#endif
