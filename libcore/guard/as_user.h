/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_AS_USER_H
#define GUARD_AS_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether user uid, with the groups that the system gives him, could open path and would then have the object behind fd:
 * the kernel is asked in his name (modes, ACLs, every directory on the way), nothing is opened. access as in
 * access(2). Only root can ask; the calling thread is itself again afterwards. False with errno. */
bool user_may_open(uid_t uid, const char *path, int fd, int access);

#endif
