/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SOCKETS_H
#define GUARD_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What Landlock does not cover: connect() to the path of a socket, such as the monitor of another guest of the same
 * user, or the bus of that user's session. A guest that has no socket of its own to make is refused making one of the
 * family AF_UNIX at all; what it inherits needs no socket(). So is io_uring, which makes sockets past every filter, where
 * no disk asks for it. */

struct guard;
struct enter;

struct enter_sockets {
    bool no_unix, no_io_uring;
    size_t length; /* of the filter, in instructions; 0: none */
    const void *filter;
};

bool sockets_layer(struct guard *g, struct err *e);
/* Makes the filter, by libseccomp. */
bool sockets_prepare(struct enter *x, struct err *e);
bool sockets_enter(const struct enter_sockets *s);
void sockets_release(struct enter_sockets *s);

#endif
