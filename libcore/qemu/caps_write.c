/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "qemu/caps.h"
#include "qemu/caps_image.h"

struct line {
    const char *text;
    size_t key, n; /* bytes up to the tab, bytes in all */
};

struct caps_writer {
    struct arena *arena;
    LIST(struct line) lines;
};

struct caps_writer *caps_writer_new(void)
{
    struct arena *a = arena_new();
    struct caps_writer *w = arena_alloc(a, sizeof *w);
    w->arena = a;
    return w;
}

void caps_writer_free(struct caps_writer *w)
{
    if (w)
        arena_free(w->arena);
}

static bool printable(const char *s, bool blanks)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f || (*s == ' ' && !blanks))
            return false;
    return true;
}

bool caps_put(struct caps_writer *w, const char *kind, const char *name, const char *value)
{
    if (!*name || !printable(name, false) || !printable(value, true))
        return false;
    size_t k = strlen(kind), n = strlen(name), v = strlen(value);
    struct line *l = arena_alloc(w->arena, sizeof *l + k + n + v + 3);
    char *text = (char *)(l + 1);
    memcpy(text, kind, k);
    text[k] = ' ';
    memcpy(text + k + 1, name, n);
    text[k + 1 + n] = '\t';
    memcpy(text + k + n + 2, value, v + 1);
    *l = (struct line){ text, k + 1 + n, k + n + v + 2 };
    list_add(w->arena, &w->lines, l);
    return true;
}

static int line_compare(const void *a, const void *b)
{
    const struct line *x = *(struct line *const *)a, *y = *(struct line *const *)b;
    int d = memcmp(x->text, y->text, x->key < y->key ? x->key : y->key);
    return d ? d : (x->key > y->key) - (x->key < y->key);
}

void caps_write(struct caps_writer *w, struct str *image)
{
    if (w->lines.n)
        qsort(w->lines.v, w->lines.n, sizeof *w->lines.v, line_compare);
    str_add(image, CAPS_MAGIC);
    for (size_t i = 0; i < w->lines.n; i++) {
        struct line *l = w->lines.v[i];
        if (i && line_compare(&w->lines.v[i - 1], &w->lines.v[i]) == 0)
            continue;
        str_addn(image, l->text, l->n);
        str_addc(image, '\n');
    }
}
