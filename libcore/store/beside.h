/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_BESIDE_H
#define STORE_BESIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "host/root.h"

/* Life beside libvirt, whose definitions are ours too. Both facts are locks on its pid files below
 * run/qemu, which it holds for as long as they are true, whatever the files say. */

/* The pid of the QEMU that libvirt runs for the guest (a lock on run/qemu/NAME.pid; it outlives the
 * daemon), 0 if it runs none. run: open ROOT_RUN, < 0 if there is none. */
pid_t beside_guest(int run, const char *name);

/* The pid of the daemon that owns the root (exclusive lock on run/qemu/driver.pid), 0 if there is none. Our own
 * guests hold shared locks there, which do not count. */
pid_t beside_daemon(int run);

/* Refuses (ST_BUSY) while a daemon owns the root: what define and start ask first. */
bool beside_root_free(const struct root *r, struct err *e);
/* Refuses (ST_STATE) a guest that runs under libvirt: what every change asks first. */
bool beside_guest_free(const struct root *r, const char *name, struct err *e);

/* A descriptor with a shared lock on run/qemu/driver.pid, which a QEMU of ours inherits, so that no daemon
 * starts beside it. -1 with ST_BUSY: a daemon owns the root. */
int beside_claim_root(const struct root *r, struct err *e);

#endif
