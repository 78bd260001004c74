/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml/vocab.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "xml/private.h"

bool parse_error(struct parse *p, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char text[1024];
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (line > 0)
        return err_set(p->err, ST_FAILED, "%s:%d: %s", p->file, line, text);
    return err_set(p->err, ST_FAILED, "%s: %s", p->file, text);
}

static void words(const struct element *e, struct str *path, unsigned depth,
                  void (*visit)(const char *, void *), void *data)
{
    size_t base = path->len;
    for (size_t i = 0; i < e->n_fields; i++) {
        const struct field *f = &e->fields[i];
        if (f->path[0]) {
            str_addc(path, '/');
            str_add(path, f->path);
        }
        visit(path->p, data);
        if (f->sub && f->sub != e && depth < 8)
            words(f->sub, path, depth + 1, visit, data);
        path->len = base;
        path->p[base] = '\0';
    }
}

void xml_words(const struct element *e, const char *name, void (*visit)(const char *path, void *data), void *data)
{
    autostr struct str path = STR_INIT;
    str_add(&path, name);
    words(e, &path, 0, visit, data);
}

static void copy_strings(struct arena *a, struct list *l)
{
    void **v = arena_array(a, l->n + 1, sizeof *v);
    for (size_t i = 0; i < l->n; i++)
        v[i] = arena_strdup(a, l->v[i]);
    l->v = v;
}

static void copy_field(struct arena *a, const struct field *f, char *at)
{
    struct list l;
    void *p;
    switch (f->kind) {
    case K_STR:
    case K_UUID:
    case K_RAW:
        memcpy(&p, at, sizeof p);
        p = arena_strdup(a, p);
        memcpy(at, &p, sizeof p);
        break;
    case K_STRUCT:
        memcpy(&p, at, sizeof p);
        p = p ? xml_copy(f->sub, p, a) : NULL;
        memcpy(at, &p, sizeof p);
        break;
    case K_STRS:
        memcpy(&l, at, sizeof l);
        copy_strings(a, &l);
        memcpy(at, &l, sizeof l);
        break;
    case K_LIST: {
        memcpy(&l, at, sizeof l);
        struct list n = { 0 };
        for (size_t i = 0; i < l.n; i++)
            list_add_raw(a, &n, xml_copy(f->sub, l.v[i], a));
        memcpy(at, &n, sizeof n);
        break;
    }
    default:
        break;
    }
}

void *xml_copy(const struct element *e, const void *self, struct arena *a)
{
    char *to = arena_alloc(a, e->size);
    memcpy(to, self, e->size);
    for (size_t i = 0; i < e->n_fields; i++)
        copy_field(a, &e->fields[i], to + e->fields[i].at);
    struct meta *m = (void *)to;
    struct list old, new = { 0 };
    memcpy(&old, &m->extras, sizeof old);
    for (size_t i = 0; i < old.n; i++) {
        struct extra *x = arena_alloc(a, sizeof *x), *from = old.v[i];
        *x = (struct extra){ arena_strdup(a, from->path), arena_strdup(a, from->name), arena_strdup(a, from->text),
                             from->element, from->line };
        list_add_raw(a, &new, x);
    }
    memcpy(&m->extras, &new, sizeof new);
    return to;
}
