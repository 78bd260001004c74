/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/domain.h"

/* No host has more CPUs or nodes; a larger number is a slip of the pen that would only cost time. */
enum { CPUSET_MAX = 65536 };

static const char *number(const char *s, long *n)
{
    while (isspace((unsigned char)*s))
        s++;
    if (!isdigit((unsigned char)*s))
        return NULL;
    char *end;
    *n = strtol(s, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    return *n < CPUSET_MAX ? end : NULL;
}

/* One range of the text: its ends, whether it is taken out ("^3"), and what follows; NULL if malformed. */
static const char *range(const char *s, long *from, long *to, bool *out)
{
    while (isspace((unsigned char)*s))
        s++;
    *out = *s == '^';
    if (*out)
        s++;
    if (!(s = number(s, from)))
        return NULL;
    *to = *from;
    if (*s == '-' && (*out || !(s = number(s + 1, to)) || *to < *from))
        return NULL;
    if (*s == ',')
        return s[1] ? s + 1 : NULL;
    return *s ? NULL : s;
}

bool cpuset_valid(const char *text)
{
    long from, to;
    bool out;
    if (!text || !*text)
        return false;
    while (text && *text)
        text = range(text, &from, &to, &out);
    return text != NULL;
}

static bool member(const char *text, long n)
{
    bool in = false, out;
    long from, to;
    while (text && *text) {
        text = range(text, &from, &to, &out);
        if (text && n >= from && n <= to)
            in = !out;
    }
    return in;
}

long cpuset_next(const char *text, long at)
{
    if (!cpuset_valid(text))
        return -1;
    for (;;) {
        /* The nearest number above at that a range begins at or contains; then ask whether it is in. */
        long best = -1, from, to;
        bool out;
        for (const char *s = text; s && *s;) {
            s = range(s, &from, &to, &out);
            long n = from > at + 1 ? from : at + 1;
            if (!out && n <= to && (best < 0 || n < best))
                best = n;
        }
        if (best < 0 || member(text, best))
            return best;
        at = best;
    }
}

const char *cpuset_normal(struct arena *a, const char *text)
{
    if (!cpuset_valid(text))
        return NULL;
    autostr struct str s = STR_INIT;
    for (long i = cpuset_next(text, -1); i >= 0;) {
        long last = i, next;
        while ((next = cpuset_next(text, last)) == last + 1)
            last = next;
        str_addf(&s, last > i ? "%s%ld-%ld" : "%s%ld", s.len ? "," : "", i, last);
        i = next;
    }
    return arena_strdup(a, str_text(&s));
}
