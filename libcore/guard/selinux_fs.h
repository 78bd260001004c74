/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SELINUX_FS_H
#define GUARD_SELINUX_FS_H

#include <stdbool.h>

/* What a file system makes of labels. */
struct selinux_fs {
    const char *name;    /* "nfs", "fat"…; "this file system" */
    bool carries;        /* each file can have a label of its own */
    bool shared;         /* other hosts see the same labels */
    const char *boolean; /* of the policy, that lets guests use it without labels; NULL: there is none */
};

/* Of the object behind fd (O_PATH will do). By what the kernel says of the mount where it runs SELinux, else by whether the file system
 * has the attribute at all. */
void selinux_fs(int fd, struct selinux_fs *fs);

#endif
