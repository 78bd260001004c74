/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/json_pull.h"

#include <string.h>

struct pull pull_start(const char *text, size_t n)
{
    return (struct pull){ .p = text, .end = text + n };
}

bool span_eq(struct span s, const char *text)
{
    return strlen(text) == s.n && memcmp(s.p, text, s.n) == 0;
}

static bool fail(struct pull *p)
{
    p->bad = true;
    p->p = p->end;
    return false;
}

/* The next byte that is no blank, 0 at the end. */
static char peek(struct pull *p)
{
    while (p->p < p->end && (*p->p == ' ' || *p->p == '\t' || *p->p == '\r' || *p->p == '\n'))
        p->p++;
    return p->p < p->end ? *p->p : 0;
}

static bool take(struct pull *p, char c)
{
    if (peek(p) != c)
        return false;
    p->p++;
    return true;
}

static bool enter(struct pull *p, char open)
{
    if (!take(p, open)) {
        pull_skip(p);
        return false;
    }
    return ++p->depth <= PULL_DEPTH || fail(p);
}

/* Before a member or element: false after the last one, having taken the closing bracket. */
static bool more(struct pull *p, char close)
{
    if (p->bad)
        return false;
    if (take(p, close)) {
        p->depth--;
        return false;
    }
    take(p, ',');
    return peek(p) ? true : fail(p);
}

static bool take_string(struct pull *p, struct span *s)
{
    if (!take(p, '"'))
        return false;
    const char *start = p->p;
    for (;;) {
        const char *quote = memchr(p->p, '"', (size_t)(p->end - p->p));
        if (!quote)
            return fail(p);
        const char *slash = quote;
        while (slash > start && slash[-1] == '\\')
            slash--;
        p->p = quote + 1;
        if ((quote - slash) % 2 == 0) {
            *s = (struct span){ start, (size_t)(quote - start) };
            return true;
        }
    }
}

bool pull_object(struct pull *p)
{
    return enter(p, '{');
}

bool pull_key(struct pull *p, struct span *key)
{
    if (!p->depth || !more(p, '}'))
        return false;
    return (take_string(p, key) && take(p, ':')) || fail(p);
}

bool pull_array(struct pull *p)
{
    return enter(p, '[');
}

bool pull_item(struct pull *p)
{
    return p->depth && more(p, ']');
}

bool pull_string(struct pull *p, struct span *s)
{
    if (peek(p) == '"')
        return take_string(p, s);
    pull_skip(p);
    return false;
}

static bool take_bare(struct pull *p, struct span *s)
{
    peek(p);
    const char *start = p->p;
    while (p->p < p->end && (((*p->p | 32) >= 'a' && (*p->p | 32) <= 'z') || (*p->p >= '0' && *p->p <= '9') ||
                             *p->p == '.' || *p->p == '-' || *p->p == '+'))
        p->p++;
    *s = (struct span){ start, (size_t)(p->p - start) };
    return s->n > 0 || fail(p);
}

bool pull_scalar(struct pull *p, struct span *s)
{
    char c = peek(p);
    if (c == '"')
        return take_string(p, s);
    if (c == '{' || c == '[') {
        pull_skip(p);
        return false;
    }
    return take_bare(p, s);
}


bool pull_bool(struct pull *p, bool *b)
{
    struct span s;
    bool string = peek(p) == '"';
    if (!pull_scalar(p, &s) || string || !(span_eq(s, "true") || span_eq(s, "false")))
        return false;
    *b = *s.p == 't';
    return true;
}

bool pull_uint(struct pull *p, unsigned *n)
{
    struct span s;
    if (!pull_scalar(p, &s) || !s.n || s.n > 9)
        return false;
    *n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        *n = *n * 10 + (unsigned)(s.p[i] - '0');
    }
    return true;
}

/* By counting brackets, not by recursion: the text may be nested as deep as it likes. */
void pull_skip(struct pull *p)
{
    struct span s;
    unsigned base = p->depth;
    do {
        char c = peek(p);
        if (c == '{' || c == '[') {
            p->p++;
            if (++p->depth > PULL_DEPTH)
                fail(p);
        } else if (c == '}' || c == ']') {
            if (p->depth == base) {
                fail(p);
                return;
            }
            p->p++;
            p->depth--;
        } else if ((c == ',' || c == ':') && p->depth > base) {
            p->p++;
        } else if (c == '"') {
            take_string(p, &s);
        } else {
            take_bare(p, &s);
        }
    } while (!p->bad && p->depth > base);
}

bool pull_end(struct pull *p)
{
    return !p->bad && !peek(p) && !p->depth;
}
