/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_QMP_H
#define QEMU_QMP_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* QMP client for one connection. QEMU may be hostile: a line has at most 16 MiB and 64 levels of nesting,
 * ids are random per connection, answers with any other id are dropped, and descriptors that QEMU passes
 * are never received. A deadline (monotonic milliseconds, see now_ms(); < 0: none) covers a whole exchange,
 * however QEMU spreads its bytes or floods us with events.
 *
 * Errors: ST_TIMEOUT when the deadline passes, ST_QEMU when QEMU refuses (text is "COMMAND: DESC (CLASS)"),
 * closes the connection or sends rubbish; ST_NOENT, ST_PERM when the socket cannot be reached. Text from QEMU is
 * escaped for terminals. After a closed connection or rubbish every further call fails at once. */
struct qmp;

enum { QMP_LINE_MAX = 16 << 20, QMP_DEPTH_MAX = 64 };

/* Connects to the socket name in directory dir (AT_FDCWD and any path will do; no 108-byte limit) and
 * shakes hands: greeting, qmp_capabilities. NULL with e set on failure. qmp_free() closes. */
struct qmp *qmp_connect(int dir, const char *name, long long deadline, struct err *e);

/* The same over a stream socket that is connected already (a socketpair to a QEMU that is starting).
 * Takes fd over in every case, failure included, and makes it non-blocking. */
struct qmp *qmp_wrap(int fd, long long deadline, struct err *e);

void qmp_free(struct qmp *q); /* NULL is harmless */

/* A stream socket connected to the path socket name in dir, without the 108-byte limit; -1 with e set. */
int unix_connect(int dir, const char *name, long long deadline, struct err *e);

/* Runs one command. args: reference is taken over, NULL for none. *reply (unless reply is NULL) gets the value
 * of "return", a new reference; NULL on failure. */
bool qmp_command(struct qmp *q, const char *name, json_t *args, long long deadline, json_t **reply, struct err *e);

/* The same, passing descriptor fd along with the command (getfd, add-fd); fd stays the caller's. */
bool qmp_command_fd(struct qmp *q, const char *name, json_t *args, int fd, long long deadline, json_t **reply,
                    struct err *e);

/* Class of the error that QEMU answered last ("CommandNotFound", "DeviceNotFound"…), "" if none. */
const char *qmp_error_class(const struct qmp *q);

/* A human monitor command line; its output is appended to out. */
bool qmp_hmp(struct qmp *q, const char *line, long long deadline, struct str *out, struct err *e);

/* A whole command object as a user wrote it ("execute" with "arguments"; its own "id" comes back in the answer).
 * *answer gets QEMU's whole answer, with "return" or "error": an error answer is success here.
 * fd: descriptor to pass, -1 none. */
bool qmp_exchange(struct qmp *q, const json_t *command, int fd, long long deadline, json_t **answer, struct err *e);

/* Pipelining: several qmp_post calls, then one qmp_collect for each, in the same order.
 * qmp_post returns a ticket > 0, 0 on failure. */
unsigned qmp_post(struct qmp *q, const char *name, json_t *args, long long deadline, struct err *e);
bool qmp_collect(struct qmp *q, unsigned ticket, long long deadline, json_t **reply, struct err *e);

/* Called for each event while a command or qmp_listen reads; returning true ends qmp_listen.
 * Without a callback events are dropped. The event is borrowed. */
typedef bool qmp_event_fn(void *arg, const json_t *event);
void qmp_on_event(struct qmp *q, qmp_event_fn *fn, void *arg);

/* Reads events until the callback says enough (true) or the deadline passes (ST_TIMEOUT). */
bool qmp_listen(struct qmp *q, long long deadline, struct err *e);

/* The greeting's "QMP" object (version…), borrowed. */
const json_t *qmp_greeting(const struct qmp *q);

/* For poll(): input that was read already does not show there. */
int qmp_fd(const struct qmp *q);

/* Parses one JSON text under the limits above; NULL with e (ST_FAILED, what the fault is) otherwise.
 * Integers beyond 64-bit signed, which QEMU does send, become reals. */
json_t *qmp_parse(const char *text, size_t n, struct err *e);

static inline void cleanup_json(json_t **j)
{
    json_decref(*j);
}
static inline void cleanup_qmp(struct qmp **q)
{
    qmp_free(*q);
}
#define autojson __attribute__((cleanup(cleanup_json)))
#define autoqmp  __attribute__((cleanup(cleanup_qmp)))

#endif
