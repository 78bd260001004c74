/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_OBJECT_H
#define HOST_OBJECT_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Files and nodes of this host that a guest uses, opened once and then known by their descriptor: what was looked at is
 * what is changed, whatever the path means by then. */

/* Opens path without opening what is there (O_PATH): no device reacts, no fifo waits. Symbolic links are followed where
 * nobody could have set a trap by them: links of root, of the caller, and of whoever owns what they lead to; and a file
 * with several names is refused where a stranger to it may have made this one (ST_PERM says who). real, if
 * not NULL, gets the path without links. The descriptor, or -1 with e (ST_NOENT: nothing is there). */
int object_open(const char *path, char real[PATH_MAX], struct err *e);

/* Opens a path that object_open gave: no link anywhere on it is followed. O_PATH; -1 with errno. */
int object_open_real(const char *real);

/* The object behind an O_PATH descriptor, open for reading: regular files and block devices alone. Never waits. -1 with e. */
int object_read(int fd, const char *path, struct err *e);

/* "a fifo", "a directory"… for messages. */
const char *object_kind_name(mode_t mode);

#endif
