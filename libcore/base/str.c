/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static void reserve(struct str *s, size_t more)
{
    if (s->cap - s->len > more)
        return;
    size_t cap = s->cap ? s->cap * 2 : 256;
    while (cap - s->len <= more)
        cap *= 2;
    char *p = realloc(s->p, cap);
    if (!p) {
        arena_exhausted();
        abort();
    }
    s->p = p;
    s->cap = cap;
}

void str_release(struct str *s)
{
    free(s->p);
    *s = STR_INIT;
}

void str_clear(struct str *s)
{
    s->len = 0;
    if (s->p)
        s->p[0] = '\0';
}

void str_addn(struct str *s, const char *bytes, size_t n)
{
    reserve(s, n);
    if (n)
        memcpy(s->p + s->len, bytes, n);
    s->len += n;
    s->p[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
    str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
    str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
    va_list ap;
    char small[256];
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if ((size_t)n < sizeof small) {
        str_addn(s, small, (size_t)n);
        return;
    }
    reserve(s, (size_t)n);
    va_start(ap, fmt);
    vsnprintf(s->p + s->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    s->len += (size_t)n;
}

const char *str_text(const struct str *s)
{
    return s->p ? s->p : "";
}

char *str_steal(struct str *s)
{
    reserve(s, 0);
    s->p[s->len] = '\0';
    char *p = s->p;
    *s = STR_INIT;
    return p;
}

bool str_starts(const char *s, const char *prefix)
{
    return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = s ? strlen(s) : 0, m = strlen(suffix);
    return s && n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool parse_u64(const char *text, uint64_t *value)
{
    if (!text || text[0] < '0' || text[0] > '9')
        return false;
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    if (base == 16 && !strspn(text + 2, "0123456789abcdefABCDEF"))
        return false;
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, base);
    if (errno || *end)
        return false;
    *value = v;
    return true;
}

bool parse_i64(const char *text, int64_t *value)
{
    bool minus = text && text[0] == '-';
    uint64_t v;
    if (!parse_u64(minus ? text + 1 : text, &v) || v > (uint64_t)INT64_MAX + minus)
        return false;
    *value = minus ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

int name_index(const char *const *names, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (names[i] && strcmp(names[i], text) == 0)
            return (int)i;
    return -1;
}

/* Length of the well-formed UTF-8 sequence at s that is a printable character, 0 if there is none. */
static size_t utf8_shown(const unsigned char *s)
{
    if (s[0] >= 0x20 && s[0] < 0x7f)
        return 1;
    size_t n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
    if (!n || s[0] >= 0xf5)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if (s[0] == 0xc2 && s[1] < 0xa0) /* C1 controls */
        return 0;
    if (s[0] == 0xe2 && s[1] == 0x80 && (s[2] >= 0x8b && s[2] <= 0x8f)) /* zero width, direction marks */
        return 0;
    if (s[0] == 0xe2 && s[1] == 0x80 && (s[2] >= 0xa8 && s[2] <= 0xae)) /* separators, overrides */
        return 0;
    return n;
}

void str_add_shown(struct str *s, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        size_t n = utf8_shown(p);
        if (n)
            str_addn(s, (const char *)p, n);
        else
            str_addf(s, "\\x%02x", *p), n = 1;
        p += n;
    }
}

static bool shell_bare(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '+' && c <= ':') || c == '_' || c == '@' || c == '%' || c == '=';
}

void str_add_shell(struct str *s, const char *text)
{
    const char *p = text;
    while (*p && shell_bare((unsigned char)*p))
        p++;
    if (p > text && !*p) {
        str_addn(s, text, (size_t)(p - text));
        return;
    }
    str_addc(s, '\'');
    for (p = text; *p;) {
        size_t n = strcspn(p, "'");
        str_addn(s, p, n);
        p += n;
        if (*p == '\'') {
            str_add(s, "'\\''");
            p++;
        }
    }
    str_addc(s, '\'');
}

void str_add_xml(struct str *s, const char *text, bool attribute)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, attribute ? "<>&'\"\n\t\r" : "<>&\r");
        str_addn(s, p, n);
        p += n;
        switch (*p) {
        case '<': str_add(s, "&lt;"); break;
        case '>': str_add(s, "&gt;"); break;
        case '&': str_add(s, "&amp;"); break;
        case '\'': str_add(s, "&apos;"); break;
        case '"': str_add(s, "&quot;"); break;
        case '\n': str_add(s, "&#10;"); break;
        case '\t': str_add(s, "&#9;"); break;
        case '\r': str_add(s, "&#13;"); break;
        default: return;
        }
        p++;
    }
}
