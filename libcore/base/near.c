/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/near.h"

#include <ctype.h>
#include <string.h>

#include "base/name.h"

static int fold(char c)
{
    return tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Rows of the table of distances between the beginnings of both words: this one, the last, the one before. */
size_t near_distance(const char *a, const char *b, size_t limit)
{
    size_t rows[3][NAME_LENGTH_MAX + 1], na = strlen(a), nb = strlen(b);
    if (na > NAME_LENGTH_MAX || nb > NAME_LENGTH_MAX || (na > nb ? na - nb : nb - na) > limit)
        return limit + 1;
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= nb; j++)
        last[j] = j;
    for (size_t i = 1; i <= na; i++) {
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (fold(a[i - 1]) != fold(b[j - 1])));
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1, now[j]);
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[nb] <= limit ? last[nb] : limit + 1;
}

size_t near_limit(const char *word)
{
    size_t n = strlen(word);
    return n < 2 ? 0 : n < 6 ? 1 : n < 12 ? 2 : 3;
}
