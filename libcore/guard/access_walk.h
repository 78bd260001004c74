/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_ACCESS_WALK_H
#define GUARD_ACCESS_WALK_H

#include <limits.h>

#include "guard/access.h"

/* The child of access_check(), and how it and its parent understand each other. */

/* Where the child is, in memory that both share: the parent looks at it when nothing has moved for a while. */
struct access_shared {
    volatile unsigned long steps;
    volatile unsigned wish;   /* the one that is walked; those before are done */
    volatile bool done;
    char at[PATH_MAX + NAME_MAX + 2]; /* a step goes no further than this path */
};

/* Records on the pipe: this, then for 'R' the texts, each with its NUL, in the order of the refusal's members; an
 * absent text is "\1". */
struct access_record {
    char kind;       /* 'R': refusal number id, of this wish; 'W': refusal number id stops this wish, too */
    unsigned id, wish;
    int status;
    unsigned length; /* of the texts */
};

/* Walks all wishes of c, writes to pipe. */
void access_walk(const struct access_check *c, struct access_shared *shared, int pipe);

/* 0 if the subject may do need with what fd (O_PATH) is, as it is now: the kernel says so. Else why not (errno);
 * ENOSYS: it cannot be asked. */
int access_ask(struct access_walk *w, int fd, unsigned need);

/* Whether an id means nobody in the user namespace of this process, whose root has no power over its files. */
bool access_unmapped(struct access_walk *w, uid_t uid, gid_t gid);

/* Whether a file system is mounted that may never answer. */
bool access_mounts_may_hang(void);

/* FUSE lets only the user in who mounted it, whatever the modes say, unless it was told otherwise. */
bool access_fuse_shuts_out(struct access_walk *w, const struct access_place *p, uid_t uid);

/* Where the file system of p is mounted read-only: the command that makes it writable, and the one that takes that back,
 * which anything that is to be changed there must stand between. False: it is writable. *on NULL: it never is. */
bool access_read_only(struct access_walk *w, const struct access_place *p, const char **on, const char **off);

/* What SELinux does not let this process itself look at: refuses it as such, and true; false where that is not why. */
bool access_selinux_hides(struct access_walk *w, const struct access_check *c, const struct access_wish *x, const char *path, bool last);

/* Whether SELinux refuses to this process what p needs, so that the kernel's no to access_ask() says nothing of the guest. */
bool access_selinux_binds_us(struct access_walk *w, const struct access_place *p);

extern const struct access_layer access_mount, access_attribute, access_dac, access_selinux, access_apparmor;

/* For layers: "qemu:kvm", numbers where there are no names. In arena a. */
const char *access_owner(struct arena *a, uid_t uid, gid_t gid);

#endif
