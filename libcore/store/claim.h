/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/journal.h"

/* Claims: files below run/vmutils/claims, locked through a descriptor that QEMU inherits. A claim falls with
 * QEMU, however it dies; nothing has to be undone. The file goes with the last who lets go of it in order. */

enum { CLAIM_NAME = 64 };

/* A process that dies lets its claims go one after another. For one that nothing else can stand for, wait so long before it
 * is said to be another guest's: that guest may be the last start of this one. */
enum { CLAIM_DYING_MS = 500 };

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

/* Objects (disks, nodes) that guests use, each known by device and inode: locks on single bytes of one file, so that one
 * descriptor, which QEMU inherits, stands for any number of them. A descriptor is one user, whatever processes have it. */

/* Opens the file of objects in the directory of claims; -1 with e. */
int claim_objects(int dir, struct err *e);
/* Counts fd among the users of the object. Waits until deadline for one who has it alone: ST_BUSY. */
bool claim_object_use(int fd, const struct identity *id, long long deadline, struct err *e);
/* Alone or not at all: false with e; *busy: others use it. Only one who has it alone, too, is waited for until deadline. */
bool claim_object_alone(int fd, const struct identity *id, long long deadline, bool *busy, struct err *e);
/* Whether anyone but fd uses it. */
bool claim_object_used(int fd, const struct identity *id);
/* The guest as an object: the descriptor that counts a guest among users is a user of this one, too. A process that dies
 * closes its descriptors one after another, and beside others that have them, but all locks of one fall at once: when
 * nobody uses this, nobody uses anything for that guest. */
struct identity claim_object_guest(const char *state_dir, const char *guest);
/* Waits for that until deadline: ST_BUSY and *busy. */
bool claim_objects_left(int dir, const struct identity *guest, long long deadline, bool *busy, struct err *e);
/* No longer a user of it. */
void claim_object_leave(int fd, const struct identity *id);
/* One at a time changes an object that several begin to use: held (true) until claim_object_done. */
bool claim_object_begin(int fd, const struct identity *id, long long deadline, struct err *e);
void claim_object_done(int fd, const struct identity *id);

/* A free TCP port of [from, to] for address (NULL: every address): claimed, and bound once to see that no stranger
 * has it; a single one is waited for CLAIM_DYING_MS. The descriptor of the claim, or -1 with e. */
int claim_port(int dir, const char *address, int from, int to, int *port, struct err *e);

#endif
