/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_ALIVE_H
#define STORE_ALIVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Alive means that a lock is held (vm-state(5)): QEMU has a POSIX read lock on NAME/alive, taken before
 * it was exec'ed. The kernel drops it when QEMU dies and tells anyone who asks which pid has it.
 *
 * No process that may hold such a lock must ever open and close the file: closing any descriptor of
 * it drops the process's POSIX locks on it. */

enum alive {
    ALIVE_NO,      /* nobody holds it (or there is no such file) */
    ALIVE_YES,     /* held; pid says by whom */
    ALIVE_FOREIGN, /* held by a process of another pid namespace or machine: pid <= 0 */
    ALIVE_ERROR,   /* could not be told; errno */
};

/* Asks for the holder of the POSIX lock on file name in dir. *pid (may be NULL) is set for
 * ALIVE_YES. */
enum alive alive_ask(int dir, const char *name, pid_t *pid);

/* Takes that lock for this process, without waiting; opens the file (makes it) read-only.
 * Returns the descriptor, which must be inherited by exec and never be opened again in this process.
 * -1 with errno (EAGAIN: someone has it). */
int alive_lock(int dir, const char *name);

/* A pidfd of the process that holds the lock: GETLK, pidfd_open, GETLK again with the same pid, so that
 * it is never a later process of the same number. -1: nobody holds it (errno ESRCH) or errno. */
int alive_pidfd(int dir, const char *name, pid_t *pid);

#endif
