/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Exit statuses, the same in every program (vmutils(7)). */
enum status {
    ST_DONE = 0,
    ST_FAILED = 1,
    ST_USAGE = 2,
    ST_NOENT = 3,   /* no such thing */
    ST_STATE = 4,   /* wrong state: already running, not running */
    ST_BUSY = 5,    /* lock not had, another host's, a daemon owns the root */
    ST_QEMU = 6,    /* QEMU refused or died */
    ST_PERM = 7,    /* not permitted */
    ST_TIMEOUT = 8, /* time ran out */
};

/* What went wrong, for whoever called. libcore never prints and never exits: it fills one of these
 * and returns false, NULL or -1; main prints the text once. No memory to free. */
struct err {
    enum status status;
    char text[2048];
};

/* Sets status and message; always returns false, so that "return err_set(...)" reads well. */
bool err_set(struct err *e, enum status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Like err_set, with ": strerror(errno)" appended; EACCES and EPERM and EROFS become ST_PERM, ENOENT
 * ST_NOENT, ETIMEDOUT ST_TIMEOUT, everything else ST_FAILED. errno is read first and left as it was. */
bool err_errno(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the message that is there. Returns false. */
bool err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Likewise, unless the message begins with just that. */
bool err_wrap_once(struct err *e, const char *context);

/* Appends to the message (a remedy: " (try: …)"). Returns false. */
bool err_add(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Things worth telling that are no failure: unknown elements, skipped emulators. Library code adds,
 * main prints each on stderr (or fails on them under --strict). Texts live in the arena. */
struct notes {
    struct arena *arena;
    size_t n, cap;
    const char **text;
};

void note_add(struct notes *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
