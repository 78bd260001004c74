/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_REMEMBER_H
#define HOST_REMEMBER_H

#include <stdbool.h>

#include "base/err.h"

/* What a file was before guests used it, kept with the file where libvirt keeps it, so that both agree about one disk:
 * trusted.libvirt.security.LAYER ("+UID:+GID" for dac, a context for selinux), .ref_LAYER (how many use it, decimal),
 * .timestamp_LAYER (when this boot began, in seconds: what another boot left there is void). Only root has such
 * attributes, and not every file system. */

enum { REMEMBER_TEXT = 512 };

struct remembered {
    bool valid;                 /* of this boot, and whole */
    unsigned count;
    char first[REMEMBER_TEXT];  /* how it was */
    unsigned long long boot;    /* its timestamp */
};

/* false: nothing is remembered, or nothing can be. fd may be O_PATH. */
bool remember_get(int fd, const char *layer, struct remembered *r);

/* Remembers (count >= 1) or forgets (count 0) for good: the order of the calls is such that a death between them leaves
 * what remember_get calls void, or what was there. boot 0: this one. False with errno; ENOTSUP where the file system has no such
 * attributes. */
bool remember_set(int fd, const char *layer, const struct remembered *r);

/* Seconds since 1970 at which this boot began, as libvirt counts. */
unsigned long long remember_boot(void);

#endif
