/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CGROUP_SCOPE_H
#define GUARD_CGROUP_SCOPE_H

#include "guard/kind.h"

/* On a host that systemd runs, the tree of control groups is systemd's, and a guest has a transient scope of it, below
 * which the groups are ours (Delegate=yes; systemd, CGROUP_DELEGATION.md). Asked for by D-Bus, with a libsystemd that is
 * loaded by a child and only then. */

/* Whether there is a systemd to ask: /run/systemd/system and a system bus. *why: what is wrong with one that is there,
 * NULL: nothing, or there is none. */
bool scope_possible(const char **why);

/* "machine-qemu\x2dNAME.scope" with the rest of unique (NULL: none) behind the name; a long one has a hash for it. */
const char *scope_unit(struct arena *a, const char *name, const char *unique);

/* The slice for a partition: "machine.slice", "/a/b": "a-b.slice"; *path: where it is in the tree ("a.slice/a-b.slice").
 * NULL with e for a partition that is no absolute path of plain names. */
const char *scope_slice(struct arena *a, const char *partition, const char **path, struct err *e);

/* Kind "scope": object is the scope's group, absent -> "slice=SLICE unit=UNIT". A child of ours is in the scope until someone is
 * in the group "libvirt" below it, since systemd has no scope without a process. Undo stops the unit. */
bool scope_apply(const struct row *row, const struct row_context *c, struct err *e);
enum undo scope_undo(const struct row *row, const struct row_context *c, struct err *e);

/* So that the guest does not end with the session or the service that started it: where systemd has the guest's scope (a row
 * "scope" in j), vm-reap gets one, too; a user's QEMU and vm-reap get one together of his own systemd. It goes with them. Asked by a
 * child meanwhile, which ends with status 0 if that was done; returns its pid, 0: there is none, and *why tells what is wrong with a
 * systemd that is there. */
pid_t scope_of_processes(const struct journal *j, pid_t qemu, pid_t reaper, const char **why);

#endif
