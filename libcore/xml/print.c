/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "xml/private.h"
#include "xml/vocab.h"

/* Printing one element of a table, or one child below it (prefix). */
struct printer {
    const struct element *e;
    const char *self;
    struct str *out;
    unsigned flags;
};

static bool hidden(const struct field *f, const char *self, unsigned flags)
{
    const char *id = NULL;
    if ((f->flags & F_USER_ID) && !(flags & PRINT_LIVE)) {
        memcpy(&id, self + f->at, sizeof id);
        return !id || !str_starts(id, "ua-");
    }
    return (f->flags & F_OBSOLETE) || ((f->flags & F_READONLY) && !(flags & PRINT_LIVE)) ||
           ((f->flags & F_SECRET) && !(flags & PRINT_SECRETS));
}

/* The value as text, NULL if it is not given. buf is for numbers. */
static const char *value_of(const struct field *f, const void *at, char buf[32])
{
    struct num n;
    struct inum i;
    const char *s;
    int e;
    switch (f->kind) {
    case K_STR:
    case K_UUID:
        memcpy(&s, at, sizeof s);
        return s;
    case K_ENUM:
        memcpy(&e, at, sizeof e);
        return e > 0 && e < f->n_names ? f->names[e] : NULL;
    case K_YESNO:
    case K_ONOFF:
        memcpy(&e, at, sizeof e);
        if (!e)
            return NULL;
        return f->kind == K_YESNO ? (e == TRI_YES ? "yes" : "no") : (e == TRI_YES ? "on" : "off");
    case K_U32:
    case K_U64:
    case K_SIZE:
        memcpy(&n, at, sizeof n);
        snprintf(buf, 32, "%llu", (unsigned long long)n.v);
        return n.set ? buf : NULL;
    case K_HEX:
        memcpy(&n, at, sizeof n);
        snprintf(buf, 32, "0x%0*llx", f->width, (unsigned long long)n.v);
        return n.set ? buf : NULL;
    case K_I64:
        memcpy(&i, at, sizeof i);
        snprintf(buf, 32, "%lld", (long long)i.v);
        return i.set ? buf : NULL;
    default:
        return NULL;
    }
}

static bool present(const struct field *f, const char *self, unsigned flags)
{
    char buf[32];
    const void *at = self + f->at;
    void *p;
    struct list l;
    int e;
    if (hidden(f, self, flags))
        return false;
    switch (f->kind) {
    case K_STRUCT:
    case K_RAW:
        memcpy(&p, at, sizeof p);
        return p != NULL;
    case K_LIST:
    case K_STRS:
        memcpy(&l, at, sizeof l);
        return l.n > 0;
    case K_FLAG:
        memcpy(&e, at, sizeof e);
        return e == TRI_YES;
    default:
        return value_of(f, at, buf) != NULL;
    }
}

static void indent_to(struct str *out, int indent)
{
    for (int i = 0; i < indent; i++)
        str_addc(out, ' ');
}

static void print_attr(struct str *out, const char *name, const char *value)
{
    str_addc(out, ' ');
    str_add(out, name);
    str_add(out, "='");
    str_add_xml(out, value, true);
    str_addc(out, '\'');
}

static void print_at(const struct printer *pr, const char *prefix, size_t n, const char *name, int indent);

/* Is there an unknown attribute or element at or below this path? */
static bool extras_below(const struct printer *pr, const char *prefix, size_t n)
{
    const struct meta *m = (const void *)pr->self;
    for (size_t i = 0; i < m->extras.n; i++)
        if (field_tail(m->extras.v[i]->path, prefix, n) >= 0)
            return true;
    return false;
}

static bool anything_below(const struct printer *pr, const char *prefix, size_t n)
{
    for (size_t i = 0; i < pr->e->n_fields; i++)
        if (field_tail(pr->e->fields[i].path, prefix, n) >= 0 && present(&pr->e->fields[i], pr->self, pr->flags))
            return true;
    return extras_below(pr, prefix, n);
}

static void print_attrs(const struct printer *pr, const char *prefix, size_t n, const struct field **text)
{
    char buf[32];
    for (size_t i = 0; i < pr->e->n_fields; i++) {
        const struct field *f = &pr->e->fields[i];
        int at = field_tail(f->path, prefix, n);
        if (at < 0 || hidden(f, pr->self, pr->flags))
            continue;
        const char *tail = f->path + at;
        if (tail[0] == '@') {
            const char *v = value_of(f, pr->self + f->at, buf);
            if (v)
                print_attr(pr->out, tail + 1, v);
            if (v && f->kind == K_SIZE)
                print_attr(pr->out, "unit", f->unit_name ? f->unit_name : "KiB");
        } else if (!tail[0] && f->kind != K_STRUCT && f->kind != K_LIST && f->kind != K_FLAG) {
            *text = f;
            if (f->kind == K_SIZE && value_of(f, pr->self + f->at, buf))
                print_attr(pr->out, "unit", f->unit_name ? f->unit_name : "KiB");
        }
    }
    const struct meta *m = (const void *)pr->self;
    for (size_t i = 0; i < m->extras.n; i++) {
        const struct extra *x = m->extras.v[i];
        if (!x->element && strlen(x->path) == n && strncmp(x->path, prefix, n) == 0)
            print_attr(pr->out, x->name, x->text);
    }
}

static void print_raw(struct str *out, const char *raw, int indent)
{
    indent_to(out, indent);
    str_add(out, raw);
    str_addc(out, '\n');
}

/* Takes back the element printed since mark if it came out as "<name/>". */
static void drop_empty(struct str *out, size_t mark)
{
    const char *s = out->p + mark;
    while (*s == ' ')
        s++;
    if (!strchr(s, '\'') && strcmp(s + strcspn(s, "/"), "/>\n") == 0)
        out->p[out->len = mark] = '\0';
}

/* Children that are whole fields: structs, lists, repeated texts, raw XML. */
static void print_whole(const struct printer *pr, const struct field *f, const char *name, int indent)
{
    const void *at = pr->self + f->at;
    void *p;
    struct list l;
    size_t mark = pr->out->len;
    switch (f->kind) {
    case K_STRUCT:
        memcpy(&p, at, sizeof p);
        xml_print(f->sub, name, p, pr->out, indent, pr->flags);
        if (f->flags & F_NO_EMPTY)
            drop_empty(pr->out, mark);
        return;
    case K_LIST:
        memcpy(&l, at, sizeof l);
        for (size_t i = 0; i < l.n; i++)
            xml_print(f->sub, name, l.v[i], pr->out, indent, pr->flags);
        return;
    case K_STRS:
        memcpy(&l, at, sizeof l);
        for (size_t i = 0; i < l.n; i++) {
            indent_to(pr->out, indent);
            str_addf(pr->out, "<%s>", name);
            str_add_xml(pr->out, l.v[i], false);
            str_addf(pr->out, "</%s>\n", name);
        }
        return;
    case K_RAW:
        memcpy(&p, at, sizeof p);
        print_raw(pr->out, p, indent);
        return;
    default:
        return;
    }
}

static bool is_whole(const struct field *f)
{
    return f->kind == K_STRUCT || f->kind == K_LIST || f->kind == K_STRS || f->kind == K_RAW;
}

static void print_children(const struct printer *pr, const char *prefix, size_t n, int indent)
{
    const struct element *e = pr->e;
    for (size_t i = 0; i < e->n_fields; i++) {
        const struct field *f = &e->fields[i];
        int at = field_tail(f->path, prefix, n);
        if (at < 0)
            continue;
        const char *tail = f->path + at;
        size_t len = strcspn(tail, "/@");
        if (!len)
            continue;
        if (is_whole(f) && !tail[len] && !present(f, pr->self, pr->flags))
            continue;
        char name[160];
        if (len >= sizeof name)
            continue;
        memcpy(name, tail, len);
        name[len] = '\0';
        if (is_whole(f) && !tail[len]) {
            print_whole(pr, f, name, indent);
            continue;
        }
        /* The first field of a child opens it; the others of the same child have been printed with it. */
        size_t child = (size_t)at + len;
        bool first = true;
        for (size_t j = i; j-- > 0 && first;) /* most often the one before shares it */
            if (field_tail(e->fields[j].path, f->path, child) >= 0 && !(is_whole(&e->fields[j]) && !e->fields[j].path[child]))
                first = false;
        if (first && anything_below(pr, f->path, child))
            print_at(pr, f->path, child, name, indent);
    }
    const struct meta *m = (const void *)pr->self;
    for (size_t i = 0; i < m->extras.n; i++) {
        const struct extra *x = m->extras.v[i];
        if (x->element && strlen(x->path) == n && strncmp(x->path, prefix, n) == 0)
            print_raw(pr->out, x->text, indent);
    }
}

/* The element at prefix: attributes, then text or children, closed short when empty. */
static void print_at(const struct printer *pr, const char *prefix, size_t n, const char *name, int indent)
{
    const struct field *text = NULL;
    char buf[32];
    indent_to(pr->out, indent);
    str_addc(pr->out, '<');
    str_add(pr->out, name);
    print_attrs(pr, prefix, n, &text);
    size_t mark = pr->out->len;
    str_addc(pr->out, '>');
    const char *value = text ? value_of(text, pr->self + text->at, buf) : NULL;
    if (value && *value)
        str_add_xml(pr->out, value, false);
    else
        str_addc(pr->out, '\n');
    size_t inside = pr->out->len;
    if (!value || !*value)
        print_children(pr, prefix, n, indent + 2);
    if (pr->out->len == inside && (!value || !*value)) {
        pr->out->len = mark;
        str_add(pr->out, "/>\n");
        return;
    }
    if (!value || !*value)
        indent_to(pr->out, indent);
    str_add(pr->out, "</");
    str_add(pr->out, name);
    str_add(pr->out, ">\n");
}

void xml_print(const struct element *e, const char *name, const void *self, struct str *out, int indent, unsigned flags)
{
    if (e->print) {
        e->print(self, name, out, indent);
        return;
    }
    struct printer pr = { e, self, out, flags };
    print_at(&pr, "", 0, name, indent);
}
