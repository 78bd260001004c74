/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/argv.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/qemu_ns.h"

void argv_add(struct argv *a, const char *option, const char *value)
{
    list_add(a->arena, &a->command->args, option);
    if (value)
        list_add(a->arena, &a->command->args, value);
}

void argv_addf(struct argv *a, const char *option, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    argv_add(a, option, arena_vprintf(a->arena, fmt, ap));
    va_end(ap);
}

static void add_props(struct argv *a, const char *option, const struct props *p, const char *head, bool json)
{
    autostr struct str s = STR_INIT;
    if (json)
        props_json(p, &s);
    else
        props_words(p, head, &s);
    argv_add(a, option, arena_strdup(a->arena, str_text(&s)));
}

void argv_object(struct argv *a, struct props *p)
{
    add_props(a, "-object", p, "qom-type", a->json_object);
}

void argv_netdev(struct argv *a, struct props *p)
{
    add_props(a, "-netdev", p, "type", a->json_netdev);
}

void argv_blockdev(struct argv *a, struct props *p)
{
    add_props(a, "-blockdev", p, NULL, true);
}

static void override(struct props *p, const struct qemu_property *q)
{
    int64_t i = 0;
    uint64_t u = 0;
    switch (q->type) {
    case PROPERTY_STRING:
        props_str(p, q->name, q->value);
        break;
    case PROPERTY_SIGNED:
        parse_i64(q->value, &i);
        props_int(p, q->name, i);
        break;
    case PROPERTY_UNSIGNED:
        parse_u64(q->value, &u);
        props_uint(p, q->name, u);
        break;
    case PROPERTY_BOOL:
        props_bool(p, q->name, streq(q->value, "true"));
        break;
    default:
        props_remove(p, q->name);
        break;
    }
}

void argv_device(struct argv *a, struct props *p)
{
    const struct qemu_overrides *all = a->domain->qemu_overrides;
    const struct prop *id = all ? props_find(p, "id") : NULL;
    for (size_t i = 0; id && i < all->devices.n; i++) {
        const struct qemu_override *o = all->devices.v[i];
        if (!streq(id->s, o->alias))
            continue;
        for (size_t k = 0; k < o->properties.n; k++)
            override(p, o->properties.v[k]);
        list_add(a->arena, &a->overridden, o);
    }
    add_props(a, "-device", p, "driver", a->json_device);
}

int argv_pass(struct argv *a, enum passed_kind kind, const char *alias, const char *path, const void *object)
{
    struct passed *p = arena_alloc(a->arena, sizeof *p);
    if (!a->next_fd)
        a->next_fd = a->options && a->options->first_fd ? a->options->first_fd : 24;
    *p = (struct passed){ kind, a->next_fd++, alias, path, object };
    list_add(a->arena, &a->command->passed, p);
    return p->number;
}

const char *argv_escape(struct argv *a, const char *value)
{
    if (!value || !strchr(value, ','))
        return value;
    autostr struct str s = STR_INIT;
    for (const char *c = value; *c; c++) {
        if (*c == ',')
            str_addc(&s, ',');
        str_addc(&s, *c);
    }
    return arena_strdup(a->arena, str_text(&s));
}

bool argv_fail(struct argv *a, const struct meta *at, const char *fmt, ...)
{
    va_list ap;
    char text[1024];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *file = a->options->file;
    if (at && at->line)
        return err_set(a->err, ST_FAILED, file ? "%s:%d: %s" : "%sline %d: %s", file ? file : "", at->line, text);
    return err_set(a->err, ST_FAILED, "%s%s%s", file ? file : "", file ? ": " : "", text);
}

void argv_virtio_options(struct props *p, enum tri iommu, enum tri ats, enum tri packed, enum tri page_per_vq)
{
    props_tri(p, "iommu_platform", iommu);
    props_tri(p, "ats", ats);
    props_tri(p, "packed", packed);
    props_tri(p, "page-per-vq", page_per_vq);
}

const char *argv_socket(const struct argv *a, const char *path)
{
    return a->options->socket_path ? a->options->socket_path(a->options->socket_arg, path) : path;
}

void argv_setup(struct argv *a, const struct props *p)
{
    autostr struct str s = STR_INIT;
    props_json(p, &s);
    list_add(a->arena, &a->command->setup, arena_strdup(a->arena, str_text(&s)));
}

void argv_beyond(struct argv *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    list_add(a->arena, &a->command->beyond, arena_vprintf(a->arena, fmt, ap));
    va_end(ap);
}
