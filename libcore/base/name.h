/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_NAME_H
#define BASE_NAME_H

/* Names that become names of files and directories. */
enum { NAME_LENGTH_MAX = 240 };

/* NULL if name is good: 1 to 240 bytes, no '/', no control characters, no leading '.'. Otherwise what is wrong
 * with it ("it has a '/' in it"), for a message; static. */
const char *name_fault(const char *name);

#endif
