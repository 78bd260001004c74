/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stddef.h>

/* How many bytes must be put in, left out, changed or swapped with their neighbour to make b of a; letters' case
 * does not count. More than limit, or words longer than 240 bytes: limit + 1. */
size_t near_distance(const char *a, const char *b, size_t limit);

/* As many mistakes as a person makes in a word like this one and still means another: none in a word of one byte. */
size_t near_limit(const char *word);

#endif
