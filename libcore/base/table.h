/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

/* Rows of facts, printed as a table for people or as JSON for programs from one list of columns. */
enum column_type { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_BOOL }; /* how JSON shows it; a bool is "yes" or "no" */

struct column {
    const char *head; /* "STATE"; NULL: only in JSON */
    const char *key;  /* "state" in JSON; NULL: only in the table */
    enum column_type type;
};

struct table {
    const struct column *columns;
    size_t n; /* columns */
    struct arena *arena;
    LIST(const char *) rows; /* n texts each */
};

void table_init(struct table *t, struct arena *a, const struct column *columns, size_t n);
/* Adds a row of n texts, which are kept by pointer; NULL is "-" in the table and null in JSON. */
void table_row(struct table *t, const char *const *texts);

/* Columns as wide as their widest text, two blanks between them, control characters made harmless. */
void table_text(const struct table *t, struct str *out);
/* One JSON array of objects. */
void table_json(const struct table *t, struct str *out);

/* "text" as a JSON string; bytes that are not valid UTF-8 become U+FFFD. */
void str_add_json(struct str *s, const char *text);

#endif
