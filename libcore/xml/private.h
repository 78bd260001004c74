/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XML_PRIVATE_H
#define XML_PRIVATE_H

#include <stddef.h>

/* Where what remains of path begins once prefix (n bytes, no trailing '/') is taken off: the offset of
 * "@attr", of "" (the text itself) or of the next path component; -1 if path is not below prefix. */
int field_tail(const char *path, const char *prefix, size_t n);

#endif
