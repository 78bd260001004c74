/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include <stdbool.h>

#include "base/err.h"
#include "store/journal.h"

/* Who uses an object of the host (a disk that several guests share): each user holds a shared lock on one byte, the object's, of one
 * file among the claims. However many objects a guest has, it is one descriptor, which QEMU inherits: a user is gone with its
 * process. The file itself is empty and stays. Where two objects fall on one byte (a hash of 62 bits), the first to be
 * given back waits for the other's users. */

/* Opens (makes) the file name in the directory of claims. -1 with e. */
int users_open(int claims, const char *name, struct err *e);

/* The holder of fd is a user of the object until fd and its copies are closed. Waits until deadline (now_ms()) for whoever is
 * giving the object back at this moment. */
bool users_join(int fd, const struct identity *id, long long deadline, struct err *e);

/* fd must not have joined. Keeps new users away from the object while fd is open. False: there are users, or errno. */
bool users_none(int fd, const struct identity *id);

#endif
