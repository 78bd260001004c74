/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Short exclusions between commands: open-file-description locks on files that say who has them.
 * Such a lock is dropped when the last descriptor of that open() is closed, so a child that must not
 * keep it closes its copy. Lock files may be unlinked by who holds them exclusively: whoever has got
 * a lock makes sure that the path is still the inode that is locked, else tries again. */
enum lock_kind { LOCK_SHARED, LOCK_EXCLUSIVE };

/* Opens (makes, mode 0600) file name in dir and locks it, waiting until deadline (now_ms() clock, < 0:
 * for ever, 0: not at all). label names the thing in messages ("web", "the list of claims"); what
 * is written into the file with pid and start time, so that others can be told ("vm-start web"); of those who
 * share a lock it is the last one who is told of.
 * Returns the descriptor to close for unlocking, or -1: ST_BUSY names the holder; -1 with ENOENT in
 * errno and ST_NOENT if dir itself has been removed meanwhile (open it again). */
int lock_take(int dir, const char *name, enum lock_kind kind, long long deadline, const char *label, const char *what,
              struct err *e);

/* Whether path name in dir is still the file open as fd. */
bool lock_still_there(int dir, const char *name, int fd);

/* Whether fd, which someone else opened and handed over, has the exclusive lock on name in dir: one that nobody had, it has now. */
bool lock_handed_over(int dir, const char *name, int fd);

/* Whether anyone holds a lock on the file that conflicts with kind; a shared OFD lock such as
 * NAME/stopping is asked for with LOCK_EXCLUSIVE. A missing file is not held. 1, 0, or -1 with errno. */
int lock_held(int dir, const char *name, enum lock_kind kind);

/* Who holds the lock on name in dir, by the note it left: false if nobody does, or it cannot be told. */
bool lock_holder(int dir, const char *name, pid_t *pid, unsigned long long *start);

/* The id of this boot and of this machine, NUL-terminated lower-case text; false with errno. */
bool boot_id(char id[37]);
bool machine_id(char id[33]);

#endif
