/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_HEAD_H
#define STORE_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* What finding and listing guests need of a definition, read without an XML library (vm-list must not load one)
 * and in microseconds: some children of <domain>. No check: that is for whoever defines. */
struct head {
    const char *name, *uuid, *title; /* NULL: not there; entities decoded */
    const char *id;                  /* attribute of <domain> */
    const char *state, *reason, *start, *pid, *landlock, *sockets, *taint; /* attributes of <domstatus> around it, in live.xml */
};

/* False if text is not even roughly XML with a <domain> at or just below the top. */
bool head_scan(struct head *h, struct arena *a, const char *text, size_t n);

#endif
