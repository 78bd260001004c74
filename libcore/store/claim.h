/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Claims: files below run/vmutils/claims, locked through a descriptor that QEMU inherits. A claim falls with
 * QEMU, however it dies; nothing has to be undone. The file goes with the last who lets go of it in order. */

enum { CLAIM_NAME = 64 };

/* Name of the claim that stands for the guest itself: a hash of where its state is kept and of its name. */
void claim_guest_name(char out[CLAIM_NAME], const char *state_dir, const char *guest);

/* Takes the claim name in the directory: alone, or with others who share it. deadline as in now_ms().
 * A descriptor, or -1: *busy tells that another has it (e says so too). */
int claim_take(int dir, const char *name, bool shared, long long deadline, bool *busy, struct err *e);

/* Removes the claim's file if nobody else has the claim; closes fd. */
void claim_drop(int dir, const char *name, int fd);

/* Removes the files of claims that nobody has: starts that were killed leave them. Harmless beside any use of claims by
 * others. Not for a process that holds POSIX locks on claims. False: the directory cannot be read. */
bool claim_sweep(int dir, struct err *e);

/* A free TCP port of [from, to] for address (NULL: every address): claimed, and bound once to see that no stranger
 * has it. The descriptor of the claim, or -1 with e. */
int claim_port(int dir, const char *address, int from, int to, int *port, struct err *e);

#endif
