/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_JSON_PULL_H
#define BASE_JSON_PULL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

/* Takes facts out of a JSON text in one pass, without building a tree: an emulator's answers are half a
 * megabyte each, and a tree of them takes longer than QEMU needs to send them.
 *
 *     struct pull p = pull_start(text, n);
 *     for (pull_object(&p); pull_key(&p, &key);)
 *         if (span_eq(key, "name"))
 *             pull_string(&p, &name);
 *         else
 *             pull_skip(&p);       // every value must be taken or skipped
 *
 * A value of another kind than the one asked for is skipped and the call says false. What is not JSON, or is
 * nested deeper than PULL_DEPTH, sets bad and ends every loop. */
enum { PULL_DEPTH = 64 };

struct pull {
    const char *p, *end;
    unsigned depth;
    bool bad;
};

struct pull pull_start(const char *text, size_t n);
bool pull_object(struct pull *p);
bool pull_key(struct pull *p, struct span *key); /* false after the last member */
bool pull_array(struct pull *p);
bool pull_item(struct pull *p); /* stands before the next element; false after the last */
/* Strings are the bytes between the quotes, escapes not resolved. */
bool pull_string(struct pull *p, struct span *s);
/* The same as a C string in the arena, escapes resolved (NUL and lone halves of surrogate pairs become '?'). */
bool pull_text(struct pull *p, struct arena *a, const char **text);
bool pull_bool(struct pull *p, bool *b);
bool pull_uint(struct pull *p, unsigned *n);
/* true, false, null, a number or a string as it stands; objects and arrays are skipped. */
bool pull_scalar(struct pull *p, struct span *s);
void pull_skip(struct pull *p);
/* Nothing but blanks is left, and nothing was wrong. */
bool pull_end(struct pull *p);

#endif
