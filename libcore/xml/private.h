/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XML_PRIVATE_H
#define XML_PRIVATE_H

#include <stddef.h>

#include <string.h>

/* Where what remains of path begins once prefix (n bytes, no trailing '/') is taken off: the offset of
 * "@attr", of "" (the text itself) or of the next path component; -1 if path is not below prefix.
 * Inline, and looking at one byte first: every element is held against every row of its table. */
static inline int field_tail(const char *path, const char *prefix, size_t n)
{
    if (n == 0)
        return 0;
    if (path[0] != prefix[0] || strncmp(path, prefix, n) != 0)
        return -1;
    return path[n] == '/' ? (int)n + 1 : path[n] == '@' || path[n] == '\0' ? (int)n : -1;
}

#endif
