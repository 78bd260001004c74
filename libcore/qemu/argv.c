/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/argv.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

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
    add_props(a, "-object", p, "qom-type", caps_json_object(a->caps));
}

void argv_netdev(struct argv *a, struct props *p)
{
    add_props(a, "-netdev", p, "type", caps_json_netdev(a->caps));
}

void argv_blockdev(struct argv *a, struct props *p)
{
    add_props(a, "-blockdev", p, NULL, true);
}

void argv_device(struct argv *a, struct props *p)
{
    add_props(a, "-device", p, "driver", caps_json_device(a->caps));
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
    if (at && at->line)
        return err_set(a->err, ST_FAILED, "line %d: %s", at->line, text);
    return err_set(a->err, ST_FAILED, "%s", text);
}

void argv_virtio_options(struct props *p, enum tri iommu, enum tri ats, enum tri packed, enum tri page_per_vq)
{
    props_tri(p, "iommu_platform", iommu);
    props_tri(p, "ats", ats);
    props_tri(p, "packed", packed);
    props_tri(p, "page-per-vq", page_per_vq);
}
