/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CGROUP_H
#define GUARD_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "guard/cgroup_enter.h"
#include "guard/devices.h"
#include "guard/kind.h"
#include "host/conf.h"
#include "host/root.h"

/* The control groups of a guest: a directory in each hierarchy that says something of it, which devices it may open
 * and how much of the host it may have. What is mounted is taken as it is: hierarchies of version 1, that of
 * version 2, or both. */

enum cgroup_controller { CGROUP_CPU, CGROUP_CPUSET, CGROUP_MEMORY, CGROUP_BLKIO, CGROUP_DEVICES, CGROUP_CONTROLLERS };
/* As qemu.conf's cgroup_controllers names them, which are the names of version 1 ("blkio" is io in version 2). */
extern const char *const cgroup_controller_names[CGROUP_CONTROLLERS];

/* A mounted hierarchy. */
struct cgroup_tree {
    bool v2;
    unsigned major, minor; /* device number of the file system */
    unsigned has;        /* bits 1 << controller; of version 2 devices always, by BPF */
    const char *mount;
    const char *base;    /* the group below which ours may be made: the mount point; for a user what was delegated to him */
    const char *refused; /* why no group can be made; NULL: it can */
};

enum { CGROUP_TREES = 16 };
struct cgroups {
    size_t n;
    struct cgroup_tree tree[CGROUP_TREES];
};

/* Reads what is mounted (/proc/self/mountinfo) and where the caller is (/proc/self/cgroup). only: the one mount point
 * that counts (NULL: all); ST_NOENT with the mount command if no hierarchy is mounted there. conf: its
 * cgroup_controllers narrows what is used. Texts live in a. */
bool cgroup_find(struct cgroups *c, struct arena *a, const char *only, const struct conf *conf, struct err *e);

/* The same from the texts of these files; touches no file. has of version 2 is only devices then. */
void cgroup_parse(struct cgroups *c, struct arena *a, const char *mountinfo, const char *own);

/* The hierarchy that has a controller: NULL where none has. Devices: the first of version 1 (v2 false) or 2. */
const struct cgroup_tree *cgroup_tree_of(const struct cgroups *c, enum cgroup_controller which);

/* A guest's name as name of a group: one that would mean a file of the kernel ("tasks", "cgroup.procs",
 * "memory.max") or begins with '.' or '_' gets a '_' before it; one that is too long ends in a hash. */
const char *cgroup_escape(struct arena *a, const char *name);

/* The words of a <resource> partition ("/a/b"), one a call: *at begins as the partition. True with the next *word, or
 * with NULL at the end; false with e for a partition that is no absolute path of plain names. */
bool cgroup_partition_next(struct arena *a, const char *partition, const char **at, const char **word, struct err *e);

/* Where the guest's group is below the base of a hierarchy: "libvirt/qemu/NAME" in qemu:///system, else with a hash of
 * the root, since the kernel has one tree for all roots. With a partition ("/prod", of <resource>)
 * "prod.partition/NAME.libvirt-qemu". NULL with e for a partition that is no absolute path of plain names. */
const char *cgroup_place(struct arena *a, const struct root *root, const char *name, const char *partition, struct err *e);

/* What makes names of one root different from those of another: NULL in qemu:///system. */
const char *cgroup_root_hash(struct arena *a, const struct root *root);

/* Device rules as a text, "c 1:3 rwm, b 7:* rm": that of the rows. 'm' lets a mount namespace be made of the same nodes;
 * it opens nothing. */
const char *cgroup_rules_text(struct arena *a, const struct device_rules *rules);

/* Kinds of rows.
 *
 *   cgroup      a group: absent -> "v1|v2 start=ID controllers=+cpu,…; FILE=VALUE; …". devices= are rules for the devices
 *               controller of version 1 or a BPF program. FILE|FILE: the first that the kernel has. What is
 *               written is read back. Undo kills what is in the group if it bears ID, and removes it.
 *   scope       a transient scope of systemd's, cgroup_scope.h
 *   cgroup-dir  a directory that the groups of several guests are in: absent|present -> present. Goes with the last. */
extern const struct row_kind cgroup_kinds[];

/* What the kernel has for the group dir: rules of the devices controller or of its BPF programs, one a line
 * ("c 1:3 rwm"), into out. False with e where it cannot be asked. */
bool cgroup_show_devices(const char *dir, bool v2, struct str *out, struct err *e);

#endif
