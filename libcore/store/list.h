/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "host/root.h"
#include "store/guest.h"

/* Every guest of a root, by reading directories only: a guest without a directory of ours and without a
 * pid file of libvirt's is off, whatever its definition says. */
struct listed {
    const char *name;
    bool persistent;                   /* it is defined */
    bool autostart;
    const struct guest_status *status; /* NULL: off, with nothing to tell */
    const char *uuid, *title;          /* set by guests_read_head only */
};

struct guests {
    size_t n;
    struct listed *v;
};

/* Running ones by their id first, then the others by name. A root that is not there yet has no guests. */
bool guests_list(const struct root *r, struct arena *a, struct guests *out, struct err *e);

/* Fills in uuid and title, from the definition or the domain as it runs. */
void guests_read_head(const struct root *r, struct arena *a, struct listed *g);

/* Fills in why a guest that is off ended last, from its events. */
void guests_read_reason(const struct root *r, struct arena *a, struct listed *g);

#endif
