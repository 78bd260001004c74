/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/name.h"

#include <stddef.h>
#include <string.h>

const char *name_fault(const char *name)
{
    if (!name || !*name)
        return "it is empty";
    if (strlen(name) > NAME_LENGTH_MAX)
        return "it is longer than 240 bytes";
    if (*name == '.')
        return "it begins with a '.'";
    for (const char *p = name; *p; p++) {
        if (*p == '/')
            return "it has a '/' in it";
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return "it has a control character in it";
    }
    return NULL;
}
