/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/table.h"

#include <string.h>

#include "base/cleanup.h"

void table_init(struct table *t, struct arena *a, const struct column *columns, size_t n)
{
    *t = (struct table){ .columns = columns, .n = n, .arena = a };
}

void table_row(struct table *t, const char *const *texts)
{
    const char **row = arena_array(t->arena, t->n, sizeof *row);
    memcpy(row, texts, t->n * sizeof *row);
    list_add(t->arena, &t->rows, row);
}

/* Columns on a terminal: bytes that begin a character. */
static size_t shown_width(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static void add_line(struct str *out, const char *const *cells, const size_t *width, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        str_add(out, cells[i]);
        for (size_t k = shown_width(cells[i]); i + 1 < n && k < width[i] + 2; k++)
            str_addc(out, ' ');
    }
    str_addc(out, '\n');
}

void table_text(const struct table *t, struct str *out)
{
    enum { MOST = 32 };
    size_t width[MOST] = { 0 }, which[MOST], n = 0;
    for (size_t i = 0; i < t->n && n < MOST; i++)
        if (t->columns[i].head)
            which[n++] = i;
    const char **cells = arena_array(t->arena, (t->rows.n + 1) * n, sizeof *cells);
    for (size_t i = 0; i < n; i++) {
        cells[i] = t->columns[which[i]].head;
        width[i] = shown_width(cells[i]);
    }
    for (size_t r = 0; r < t->rows.n; r++)
        for (size_t i = 0; i < n; i++) {
            autostr struct str s = STR_INIT;
            const char *text = t->rows.v[r][which[i]];
            str_add_shown(&s, text ? text : "-");
            const char *cell = cells[(r + 1) * n + i] = arena_strdup(t->arena, str_text(&s));
            if (shown_width(cell) > width[i])
                width[i] = shown_width(cell);
        }
    for (size_t r = 0; r <= t->rows.n; r++)
        add_line(out, cells + r * n, width, n);
}

static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

void str_add_json(struct str *s, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    str_addc(s, '"');
    while (*p) {
        size_t n = utf8_length(p);
        if (!n)
            str_add(s, "\xef\xbf\xbd"), n = 1;
        else if (*p == '"' || *p == '\\')
            str_addf(s, "\\%c", *p);
        else if (*p < 0x20)
            str_addf(s, "\\u%04x", *p);
        else
            str_addn(s, (const char *)p, n);
        p += n;
    }
    str_addc(s, '"');
}

static void json_value(struct str *out, const struct column *c, const char *text)
{
    if (!text)
        str_add(out, "null");
    else if (c->type == COLUMN_NUMBER)
        str_add(out, text);
    else if (c->type == COLUMN_BOOL)
        str_add(out, streq(text, "yes") ? "true" : "false");
    else
        str_add_json(out, text);
}

void table_json(const struct table *t, struct str *out)
{
    str_add(out, "[");
    for (size_t r = 0; r < t->rows.n; r++) {
        str_add(out, r ? ",\n {" : "\n {");
        bool first = true;
        for (size_t i = 0; i < t->n; i++) {
            if (!t->columns[i].key)
                continue;
            str_add(out, first ? "" : ", ");
            first = false;
            str_add_json(out, t->columns[i].key);
            str_add(out, ": ");
            json_value(out, &t->columns[i], t->rows.v[r][i]);
        }
        str_addc(out, '}');
    }
    str_add(out, t->rows.n ? "\n]\n" : "]\n");
}
