/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "host/root.h"
#include "run/start.h"
#include "run/stop.h"

/* libcore for other programs: define, start, ask and stop a guest. No event loop, no threads, no signal handlers,
 * nothing printed; each call returns when its work is done. A process that starts guests needs no waiting for them:
 * they are nobody's children.
 *
 *     struct root root;
 *     root_init(&root, arena, "qemu:///embed?root=/srv/lab", &e);
 *     run_define(&root, xml, strlen(xml), NULL, &e);
 *     run_start(&root, &(struct run_start){ .name = "web" }, NULL, &e);
 *     run_ask(&root, "web", "query-status", NULL, 5000, &reply, &e);
 *     run_stop(&root, &(struct run_stop){ .name = "web", .stop = { .timeout_ms = 60000 } }, NULL, NULL, &e);
 */

enum { RUN_WAIT_MS = 10000 };

/* Stores a document as a definition, as vm-define does: complete, with all defaults and addresses. */
bool run_define(const struct root *r, const char *xml, size_t n, struct notes *notes, struct err *e);

struct run_start {
    const char *name;  /* a defined guest; or NULL and: */
    const char *xml;   /* the document of a guest that is to be there only while it runs */
    size_t xml_n;
    const char *file;  /* what messages call that document */
    bool strict;       /* unknown elements are errors */
    long long wait_ms; /* for the guest's lock; 0: RUN_WAIT_MS */
    struct start_options start;
};

/* Starts a guest. ST_NOENT: not defined; ST_STATE: it runs; ST_BUSY, ST_QEMU, ST_TIMEOUT as in vm-start(1). */
bool run_start(const struct root *r, const struct run_start *o, struct notes *notes, struct err *e);

/* What a start would do: the plan, in a. Changes nothing. */
bool run_plan(const struct root *r, const struct run_start *o, struct arena *a, struct plan *p, struct notes *notes,
              struct err *e);

/* The part of a start after the lock: l is open, locked and repaired (LIFE_OFF). text: the document. */
bool run_start_locked(struct life *l, const char *text, size_t n, const char *file, const struct run_start *o,
                      struct notes *notes, struct err *e);

/* One QMP command; args: reference taken over, NULL for none. *reply: new reference, may be NULL. */
bool run_ask(const struct root *r, const char *name, const char *command, json_t *args, long long timeout_ms,
             json_t **reply, struct err *e);

struct run_stop {
    const char *name;
    struct stop_options stop;
};
/* Stops a guest; see stop_guest. how may be NULL. */
bool run_stop(const struct root *r, const struct run_stop *o, const char **how, struct notes *notes, struct err *e);

#endif
