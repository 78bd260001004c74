/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/proc.h"

/* The plan of a start, which is also what --dry-run prints and what undoes it: JSON lines. The first is the
 * head, then one row per deed, written whole and synced before the first deed. After these come lines that
 * the head does not count and that are not synced, since they mean nothing after a boot: the processes, and
 * "undone", by which a reader that holds the file open tells an orderly end from a removed directory.
 *
 * Life cycle: S writes it under NAME/lock; whoever undoes holds that lock and calls journal_remove() last. */

enum { JOURNAL_VERSION = 1, JOURNAL_MAX = 16 << 20, JOURNAL_HELPERS = 32, START_ID_LEN = 32 };

/* What an object is, whatever it is called by then. birth is 0 where the file system does not tell. */
struct identity {
    bool known;
    unsigned long long dev, ino;
    long long birth; /* nanoseconds since 1970 */
};

/* One deed. before and wanted are in the form of the kind ("1000:1000", "absent"…). */
struct row {
    const char *kind;
    const char *object; /* absolute path */
    struct identity id;
    const char *before, *wanted;
    const char *why; /* "disk vda" */
};

struct journal {
    struct arena *arena; /* owns every text below; not owned by the journal */
    bool complete;       /* head and all of its rows are there: only then anything was done */
    bool undone;
    bool applied;        /* seclabel --apply did all of it, to stay until it is taken back or the machine boots again */
    char start[START_ID_LEN + 1];
    char machine[64], boot[64];
    const char *guest;
    LIST(struct row) rows;
    struct proc_id qemu, reaper;
    size_t n_helpers;
    struct proc_id helpers[JOURNAL_HELPERS]; /* programs that serve QEMU and end with it: swtpm… */
};

/* A new random start-id in j->start. */
bool journal_new_id(struct journal *j, struct err *e);

/* Adds a copy of row. */
void journal_add(struct journal *j, const struct row *row);

/* Identity of the object behind fd (O_PATH will do) as far as the file system tells; known=false on failure. */
struct identity identity_of(int fd);
/* Same object? After another boot device numbers mean nothing. */
bool identity_same(const struct identity *a, const struct identity *b, bool same_boot);

/* One row as a JSON object, new reference: the form of the file, of --dry-run and of --json. */
json_t *row_json(const struct row *row);

/* Creates "journal" in the guest's directory dir (there must be none), synced once. Returns a descriptor open
 * for reading and appending, -1 with e. On failure nothing is left, except by death. */
int journal_write(int dir, const struct journal *j, struct err *e);

/* Appends a process: which is "qemu", "reaper" or "helper". */
bool journal_append_proc(int fd, const char *which, struct proc_id id, struct err *e);

/* Marks it as applied. */
bool journal_append_applied(int fd, struct err *e);
/* No longer: it is being taken back, by whoever finishes that. */
bool journal_append_restoring(int fd, struct err *e);
/* Whether "journal" in dir is marked so: for who lists guests, without reading it whole. */
bool journal_is_applied(int dir);

/* Opens "journal" in dir, for reading only where this process may not write; -1 with errno (ENOENT: there is none). Symbolic links, foreign owners and files with
 * a second name are refused (EPERM). */
int journal_open(int dir);

/* Reads what fd holds. j->arena must be set. An incomplete journal is no error: see complete.
 * False: unreadable, or of a format that this version does not know. */
bool journal_read(int fd, struct journal *j, struct err *e);

/* Whether a journal of that boot has a row for the object, found without taking all of it in. */
bool journal_names(int fd, const char *boot, const struct identity *id);

/* Marks as undone, removes "journal" from dir if that is still the file of fd, syncs dir. */
bool journal_remove(int dir, int fd, struct err *e);

#endif
