/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_COREDUMP_H
#define RUN_COREDUMP_H

#include "base/err.h"
#include "host/root.h"

/* <on_crash> coredump-destroy and coredump-restart: the guest has panicked in that start (a start-id) and is paused. Has its memory
 * written to NAME-TIME in qemu.conf's auto_dump_path (else dump in lib/qemu), an ELF file of the caller's, and then QEMU
 * quit, dumped or not; vm-reap does the rest. What happened is in the guest's events. A guest that has ended meanwhile
 * is none of our business, which is no error. */
bool coredump_panicked(const struct root *root, const char *name, const char *start, struct notes *notes, struct err *e);

#endif
