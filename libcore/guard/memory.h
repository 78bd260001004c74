/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_MEMORY_H
#define GUARD_MEMORY_H

#include <stdbool.h>

#include "base/err.h"
#include "host/remember.h"

/* The share that guests of vmutils have in what a file remembers (host/remember.h). libvirt counts its guests; all of ours
 * are one there, and who of them is the last is told by claims. trusted.vmutils.LAYER says whether that one is in the count:
 * "in N BOOT FIRST", "join N …" while the count becomes N, "leave N …" likewise, so that a death between two attributes
 * leaves no doubt. Whoever changes anything here has claimed to be the only one at it. */
struct memory {
    bool ours;                 /* our one is counted */
    unsigned others;           /* libvirt's guests that use the file, of this boot */
    char first[REMEMBER_TEXT]; /* how it was before all of them; "": not known */
};

void memory_look(int fd, const char *layer, struct memory *m);

/* Counts our one, and keeps first (in libvirt's form) if nobody has kept one yet. False with errno: this file system keeps no
 * such attributes, nothing is changed. */
bool memory_join(int fd, const char *layer, const char *first);

/* Takes our one out of the count; the last of all forgets everything. */
bool memory_leave(int fd, const char *layer);

#endif
