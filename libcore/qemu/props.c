/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/props.h"

#include <stdio.h>
#include <string.h>

struct props *props_new(struct arena *a)
{
    struct props *p = arena_alloc(a, sizeof *p);
    p->arena = a;
    return p;
}

struct prop *props_find(const struct props *p, const char *key)
{
    for (struct prop *i = p->first; i; i = i->next)
        if (key && i->key && strcmp(i->key, key) == 0)
            return i;
    return NULL;
}

static struct prop *put(struct props *p, const char *key, enum prop_type type)
{
    struct prop *i = props_find(p, key);
    if (!i) {
        i = arena_alloc(p->arena, sizeof *i);
        i->key = key;
        if (p->last)
            p->last->next = i;
        else
            p->first = i;
        p->last = i;
    }
    i->type = type;
    return i;
}

void props_str(struct props *p, const char *key, const char *value)
{
    if (value)
        put(p, key, PROP_STR)->s = value;
}

void props_fmt(struct props *p, const char *key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(p, key, PROP_STR)->s = arena_vprintf(p->arena, fmt, ap);
    va_end(ap);
}

void props_uint(struct props *p, const char *key, uint64_t value)
{
    put(p, key, PROP_UINT)->u = value;
}

void props_int(struct props *p, const char *key, int64_t value)
{
    put(p, key, PROP_INT)->i = value;
}

void props_num(struct props *p, const char *key, struct num value)
{
    if (value.set)
        props_uint(p, key, value.v);
}

void props_bool(struct props *p, const char *key, bool value)
{
    put(p, key, PROP_BOOL)->b = value;
}

void props_tri(struct props *p, const char *key, enum tri value)
{
    if (value)
        props_bool(p, key, value == TRI_YES);
}

void props_onoff(struct props *p, const char *key, enum tri value)
{
    if (value)
        props_str(p, key, value == TRI_YES ? "on" : "off");
}

void props_null(struct props *p, const char *key)
{
    put(p, key, PROP_NULL);
}

void props_item(struct props *array, struct props *item)
{
    put(array, NULL, PROP_OBJ)->sub = item;
}

struct props *props_obj(struct props *p, const char *key)
{
    struct prop *i = props_find(p, key);
    if (i && i->type == PROP_OBJ)
        return i->sub;
    i = put(p, key, PROP_OBJ);
    return i->sub = props_new(p->arena);
}

struct props *props_array(struct props *p, const char *key)
{
    struct prop *i = put(p, key, PROP_ARRAY);
    i->sub = props_new(p->arena);
    i->sub->array = true;
    return i->sub;
}

void props_remove(struct props *p, const char *key)
{
    struct prop *before = NULL;
    for (struct prop *i = p->first; i; before = i, i = i->next) {
        if (!i->key || strcmp(i->key, key) != 0)
            continue;
        if (before)
            before->next = i->next;
        else
            p->first = i->next;
        if (p->last == i)
            p->last = before;
        return;
    }
}

static void json_string(struct str *out, const char *s)
{
    str_addc(out, '"');
    while (*s) {
        size_t n = 0;
        while (s[n] && s[n] != '"' && s[n] != '\\' && (unsigned char)s[n] >= 0x20)
            n++;
        str_addn(out, s, n);
        s += n;
        if (!*s)
            break;
        if (*s == '"' || *s == '\\')
            str_addf(out, "\\%c", *s);
        else
            str_addf(out, "\\u%04x", (unsigned char)*s);
        s++;
    }
    str_addc(out, '"');
}

void props_json(const struct props *p, struct str *out)
{
    str_addc(out, p->array ? '[' : '{');
    for (const struct prop *i = p->first; i; i = i->next) {
        if (i != p->first)
            str_addc(out, ',');
        if (!p->array) {
            json_string(out, i->key);
            str_addc(out, ':');
        }
        switch (i->type) {
        case PROP_STR: json_string(out, i->s); break;
        case PROP_UINT: str_addf(out, "%llu", (unsigned long long)i->u); break;
        case PROP_INT: str_addf(out, "%lld", (long long)i->i); break;
        case PROP_BOOL: str_add(out, i->b ? "true" : "false"); break;
        case PROP_NULL: str_add(out, "null"); break;
        case PROP_OBJ:
        case PROP_ARRAY: props_json(i->sub, out); break;
        }
    }
    str_addc(out, p->array ? ']' : '}');
}

static void word_text(struct str *out, const char *s)
{
    for (; *s; s++) {
        if (*s == ',')
            str_addc(out, ',');
        str_addc(out, *s);
    }
}

static void words(const struct props *p, const char *head, const char *prefix, struct str *out)
{
    unsigned index = 0;
    for (const struct prop *i = p->first; i; i = i->next) {
        char key[256];
        if (p->array)
            snprintf(key, sizeof key, "%s%u", prefix, index++);
        else
            snprintf(key, sizeof key, "%s%s", prefix, i->key);
        if (i->type == PROP_OBJ || i->type == PROP_ARRAY) {
            size_t n = strlen(key);
            snprintf(key + n, sizeof key - n, ".");
            words(i->sub, NULL, key, out);
            continue;
        }
        if (out->len)
            str_addc(out, ',');
        if (!head || strcmp(key, head) != 0) {
            str_add(out, key);
            str_addc(out, '=');
        }
        switch (i->type) {
        case PROP_STR: word_text(out, i->s); break;
        case PROP_UINT: str_addf(out, "%llu", (unsigned long long)i->u); break;
        case PROP_INT: str_addf(out, "%lld", (long long)i->i); break;
        case PROP_NULL: break;
        default: str_add(out, i->b ? "on" : "off"); break;
        }
    }
}

void props_words(const struct props *p, const char *head, struct str *out)
{
    struct str mine = STR_INIT;
    words(p, head, "", &mine);
    str_add(out, str_text(&mine));
    str_release(&mine);
}
