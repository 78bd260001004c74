/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing byte string on the heap, always NUL-terminated once something was added (p is never NULL
 * after str_init). str_release gives the memory back and leaves an empty, usable string. */
struct str {
    char *p;
    size_t len, cap;
};
#define STR_INIT ((struct str){ NULL, 0, 0 })

void str_release(struct str *s);
void str_clear(struct str *s); /* empty, memory kept */
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *bytes, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *str_text(const struct str *s); /* "" if nothing was added */
char *str_steal(struct str *s);            /* caller frees; s is empty afterwards */

static inline bool streq(const char *a, const char *b)
{
    return a && b && __builtin_strcmp(a, b) == 0;
}
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* Decimal or 0x-hexadecimal, the whole string, no sign, no blanks around. */
bool parse_u64(const char *text, uint64_t *value);
/* The same with an optional leading minus. */
bool parse_i64(const char *text, int64_t *value);

/* Index of text in names[0..n), -1 if it is none of them. NULL entries are passed over. */
int name_index(const char *const *names, size_t n, const char *text);

/* text in a form that is safe to show on a terminal: control characters, ESC and bytes that are not
 * valid UTF-8 become \xNN. Appends to s. For strings from QEMU, XML and file names. */
void str_add_shown(struct str *s, const char *text);

/* text as one word of a POSIX shell; words of [A-Za-z0-9_@%+=:,./-] stay bare, others get single quotes. */
void str_add_shell(struct str *s, const char *text);

/* XML-escaped text; in attributes (quoted by ') quotes, tabs and newlines too. */
void str_add_xml(struct str *s, const char *text, bool attribute);

#endif
