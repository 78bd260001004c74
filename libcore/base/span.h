/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes in a text that is somebody else's; not terminated. */
struct span {
    const char *p;
    size_t n;
};

static inline bool span_eq(struct span s, const char *text)
{
    return strlen(text) == s.n && memcmp(s.p, text, s.n) == 0;
}

#endif
