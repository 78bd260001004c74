/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/head.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct scan {
    struct arena *a;
    struct head *h;
    const char *p, *end;
    int depth, domain_at; /* depth of <domain>'s children; 0: not met yet */
};

static const struct {
    const char *text;
    char c;
} entities[] = { { "lt;", '<' }, { "gt;", '>' }, { "amp;", '&' }, { "quot;", '"' }, { "apos;", '\'' } };

static size_t utf8(unsigned long c, char *out)
{
    if (c == 0 || c > 0x10ffff)
        c = 0xfffd;
    if (c < 0x80) {
        *out = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00 >> n & 0xff) | c);
    return n;
}

/* A character reference is at least as long as what it stands for in UTF-8, so out never outgrows text. */
static const char *decode(struct arena *a, const char *text, size_t n)
{
    char *copy = arena_strndup(a, text, n), *out = copy;
    for (const char *p = copy; *p;) {
        if (*p != '&') {
            *out++ = *p++;
            continue;
        }
        const char *next = NULL;
        if (p[1] == '#') {
            char *stop;
            unsigned long c = p[2] == 'x' ? strtoul(p + 3, &stop, 16) : strtoul(p + 2, &stop, 10);
            if (*stop == ';' && stop > p + 2 + (p[2] == 'x')) {
                next = stop + 1;
                out += utf8(c, out);
            }
        }
        for (size_t i = 0; !next && i < sizeof entities / sizeof *entities; i++)
            if (str_starts(p + 1, entities[i].text)) {
                next = p + 1 + strlen(entities[i].text);
                *out++ = entities[i].c;
            }
        if (!next)
            *out++ = *p++;
        else
            p = next;
    }
    *out = '\0';
    return copy;
}

static const char *find(const char *p, const char *end, const char *what)
{
    const char *at = memmem(p, (size_t)(end - p), what, strlen(what));
    return at ? at + strlen(what) : NULL;
}

/* Past a comment, an instruction or a CDATA section; NULL for anything else that begins with "<!". */
static const char *skip_special(const char *p, const char *end)
{
    size_t n = (size_t)(end - p);
    if (n > 1 && p[1] == '?')
        return find(p, end, "?>");
    if (n > 3 && memcmp(p, "<!--", 4) == 0)
        return find(p + 4, end, "-->");
    if (n > 8 && memcmp(p, "<![CDATA[", 9) == 0)
        return find(p, end, "]]>");
    return NULL;
}

/* The '>' that ends the tag at p: quotes may hide others. */
static const char *tag_end(const char *p, const char *end)
{
    for (; p < end; p++) {
        if (*p == '>')
            return p;
        if ((*p == '"' || *p == '\'') && !(p = memchr(p + 1, *p, (size_t)(end - p - 1))))
            return NULL;
    }
    return NULL;
}

static size_t name_length(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && !memchr(" \t\r\n/>=", p[n], 8))
        n++;
    return n;
}

static bool word_is(const char *p, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(p, word, n) == 0;
}

static const char *attribute(struct arena *a, const char *p, const char *end, const char *name)
{
    while (p < end) {
        p += strspn(p, " \t\r\n/");
        size_t n = p < end ? name_length(p, end) : 0;
        const char *open = p + n + (n ? strspn(p + n, " \t\r\n=") : 0);
        if (!n || open >= end || (*open != '"' && *open != '\''))
            return NULL;
        const char *close = memchr(open + 1, *open, (size_t)(end - open - 1));
        if (!close)
            return NULL;
        if (word_is(p, n, name))
            return decode(a, open + 1, (size_t)(close - open - 1));
        p = close + 1;
    }
    return NULL;
}

static void child_of_domain(struct scan *s, const char *name, size_t n, const char *text)
{
    const char **to = word_is(name, n, "name")    ? &s->h->name
                      : word_is(name, n, "uuid")  ? &s->h->uuid
                      : word_is(name, n, "title") ? &s->h->title
                                                  : NULL;
    const char *stop = to && !*to ? memchr(text, '<', (size_t)(s->end - text)) : NULL;
    if (stop)
        *to = decode(s->a, text, (size_t)(stop - text));
}

static bool open_tag(struct scan *s, const char *name, const char *close)
{
    size_t n = name_length(name, close);
    bool empty = close > name && close[-1] == '/';
    if (s->domain_at == 0 && word_is(name, n, "domain")) {
        s->domain_at = s->depth + 1;
        s->h->id = attribute(s->a, name + n, close, "id");
    } else if (s->domain_at == 0 && s->depth == 0 && word_is(name, n, "domstatus")) {
        s->h->state = attribute(s->a, name + n, close, "state");
        s->h->reason = attribute(s->a, name + n, close, "reason");
        s->h->start = attribute(s->a, name + n, close, "start");
        s->h->pid = attribute(s->a, name + n, close, "pid");
        s->h->landlock = attribute(s->a, name + n, close, "landlock");
        s->h->sockets = attribute(s->a, name + n, close, "sockets");
        s->h->taint = attribute(s->a, name + n, close, "taint");
        if (!s->h->id)
            s->h->id = attribute(s->a, name + n, close, "id");
    } else if (s->depth == 0) {
        return false;
    } else if (s->domain_at == s->depth && !empty) {
        child_of_domain(s, name, n, close + 1);
    }
    s->depth += !empty;
    return true;
}

bool head_scan(struct head *h, struct arena *a, const char *text, size_t n)
{
    struct scan s = { a, h, text, text + n, 0, 0 };
    *h = (struct head){ 0 };
    while ((s.p = memchr(s.p, '<', (size_t)(s.end - s.p)))) {
        if (s.p + 1 < s.end && (s.p[1] == '!' || s.p[1] == '?')) {
            if (!(s.p = skip_special(s.p, s.end)))
                return false;
            continue;
        }
        const char *close = tag_end(s.p, s.end);
        if (!close)
            break;
        if (s.p[1] == '/') {
            if (--s.depth < 0 || (s.domain_at && s.depth < s.domain_at))
                break;
        } else if (!open_tag(&s, s.p + 1, close)) {
            return false;
        }
        if (h->name && h->uuid && h->title)
            break;
        s.p = close + 1;
    }
    return s.domain_at > 0;
}
