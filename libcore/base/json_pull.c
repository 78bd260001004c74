/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json_pull.h"

#include <string.h>

struct pull pull_start(const char *text, size_t n)
{
    return (struct pull){ .p = text, .end = text + n };
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

/* Four hexadecimal digits; -1 if they are not. */
static long hex4(const char *at, const char *end)
{
    long n = 0;
    for (int i = 0; i < 4; i++) {
        char c = at + i < end ? at[i] : 0;
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        n = n * 16 + digit;
    }
    return n;
}

static char *put_utf8(char *to, unsigned long c)
{
    static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };
    if (c < 0x80) {
        *to++ = c ? (char)c : '?';
    } else {
        int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        *to++ = (char)(first[more] | c >> 6 * more);
        while (more--)
            *to++ = (char)(0x80 | (c >> 6 * more & 0x3f));
    }
    return to;
}

/* What follows "\\u": one character, which may take a second escape. Returns behind it, NULL if it is none. */
static const char *unescape_u(const char *at, const char *end, char **to)
{
    long c = hex4(at, end), low = -1;
    if (c < 0)
        return NULL;
    at += 4;
    if (c >= 0xd800 && c < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u')
        low = hex4(at + 2, end);
    if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    } else if (c >= 0xd800 && c < 0xe000) {
        c = '?';
    }
    *to = put_utf8(*to, (unsigned long)c);
    return at;
}

bool pull_text(struct pull *p, struct arena *a, const char **text)
{
    static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    struct span s;
    if (!pull_string(p, &s))
        return false;
    char *out = arena_alloc(a, s.n + 1), *to = out; /* no escape is shorter than what it stands for */
    for (const char *at = s.p, *end = s.p + s.n; at < end;) {
        const char *known;
        if (*at != '\\')
            *to++ = *at++;
        else if (at[1] == 'u') {
            if (!(at = unescape_u(at + 2, end, &to)))
                return fail(p);
        } else if ((known = memchr(plain, at[1], sizeof plain - 1))) {
            *to++ = means[known - plain];
            at += 2;
        } else {
            return fail(p);
        }
    }
    *to = '\0';
    *text = out;
    return true;
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
