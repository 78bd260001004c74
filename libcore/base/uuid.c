/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/uuid.h"

#include <sys/random.h>

bool uuid_new(char text[37])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char u[16];
    char *to = text;
    if (getrandom(u, sizeof u, 0) != sizeof u)
        return false;
    u[6] = (unsigned char)((u[6] & 0x0f) | 0x40);
    u[8] = (unsigned char)((u[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[u[i] >> 4];
        *to++ = digits[u[i] & 15];
    }
    *to = '\0';
    return true;
}
