/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/selinux_context.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <selinux/context.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

bool selinux_use_policy(const char *sysroot, struct err *e)
{
    char path[PATH_MAX];
    autostr struct str text = STR_INIT;
    if (!sysroot)
        return true;
    snprintf(path, sizeof path, "%s/etc/selinux/config", sysroot);
    if (file_read_at(AT_FDCWD, path, 1 << 16, false, &text) < 0)
        return err_errno(e, "%s", path);
    const char *type = strstr(str_text(&text), "SELINUXTYPE=");
    if (!type)
        return err_set(e, ST_FAILED, "%s: has no SELINUXTYPE", path);
    type += strlen("SELINUXTYPE=");
    snprintf(path, sizeof path, "%s/etc/selinux/%.*s", sysroot, (int)strcspn(type, " \t\n"), type);
    return selinux_set_policy_root(path) == 0 || err_errno(e, "%s", path);
}

static bool is_context(const char *text)
{
    context_t c = context_new(text);
    if (c)
        context_free(c);
    return c != NULL;
}

static bool two_lines(struct arena *a, const char *path, const char **first, const char **second, struct err *e)
{
    autostr struct str text = STR_INIT;
    if (!path || file_read_at(AT_FDCWD, path, 1 << 16, false, &text) < 0)
        return err_errno(e, "%s: the SELinux policy has no contexts for guests", path ? path : "/etc/selinux");
    *first = *second = NULL;
    for (char *line = text.p, *end; line && *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        line += strspn(line, " \t");
        line[strcspn(line, " \t\r")] = '\0';
        if (!*line || *line == '#')
            continue;
        if (!is_context(line))
            return err_set(e, ST_FAILED, "%s: '%s' is no context", path, line);
        if (!*first)
            *first = arena_strdup(a, line);
        else if (!*second)
            *second = arena_strdup(a, line);
    }
    if (!*first)
        return err_set(e, ST_FAILED, "%s: is empty", path);
    return true;
}

bool selinux_contexts(struct arena *a, struct selinux_contexts *c, struct err *e)
{
    if (!two_lines(a, selinux_virtual_domain_context_path(), &c->kvm, &c->tcg, e) ||
        !two_lines(a, selinux_virtual_image_context_path(), &c->image, &c->content, e))
        return false;
    if (!c->tcg)
        c->tcg = c->kvm;
    if (!c->content)
        c->content = c->image;
    return true;
}

const char *selinux_default(struct arena *a, const char *path, unsigned mode)
{
    struct selabel_handle *h = selabel_open(SELABEL_CTX_FILE, NULL, 0);
    char *found = NULL;
    if (h && selabel_lookup_raw(h, &found, path, (int)mode) < 0)
        found = NULL;
    const char *copy = found && strcmp(found, "<<none>>") ? arena_strdup(a, found) : NULL;
    freecon(found);
    if (h)
        selabel_close(h);
    return copy;
}

const char *selinux_level(struct arena *a, const char *context)
{
    context_t c = context_new(context);
    const char *range = c ? context_range_get(c) : NULL;
    const char *copy = arena_strdup(a, range);
    if (c)
        context_free(c);
    return copy;
}

const char *selinux_at_level(struct arena *a, const char *context, const char *level)
{
    context_t c = context_new(context);
    const char *made = NULL;
    if (c && (!level || !context_range_get(c) || context_range_set(c, level) == 0))
        made = arena_strdup(a, context_str(c));
    if (c)
        context_free(c);
    return made;
}

const char *selinux_as(struct arena *a, const char *context, const char *other, bool role)
{
    context_t c = context_new(context), o = context_new(other);
    const char *made = NULL;
    if (c && o && context_user_set(c, context_user_get(o)) == 0 && (!role || context_role_set(c, context_role_get(o)) == 0))
        made = arena_strdup(a, context_str(c));
    if (c)
        context_free(c);
    if (o)
        context_free(o);
    return made;
}

static bool number(const char **p, unsigned *n)
{
    int used = 0;
    if (sscanf(*p, "c%4u%n", n, &used) != 1 || *n >= SELINUX_CATEGORIES)
        return false;
    *p += used;
    return true;
}

bool selinux_categories(const char *range, struct selinux_categories *c)
{
    const char *upper = strchr(range, '-'), *p = strchr(upper ? upper : range, ':');
    bool has[SELINUX_CATEGORIES] = { false };
    c->n = 0;
    while (p && *p) {
        unsigned from, to;
        p++;
        if (!number(&p, &from))
            return false;
        to = from;
        if (*p == '.') {
            p++;
            if (!number(&p, &to))
                return false;
        }
        for (unsigned i = from; i <= to; i++)
            has[i] = true;
        if (*p && *p != ',')
            return false;
    }
    for (unsigned short i = 0; i < SELINUX_CATEGORIES; i++)
        if (has[i])
            c->v[c->n++] = i;
    return true;
}

void selinux_pair(const struct selinux_categories *c, unsigned i, unsigned pair[2])
{
    unsigned low = 0, row = c->n - 1;
    while (i >= row) {
        i -= row--;
        low++;
    }
    pair[0] = c->v[low];
    pair[1] = c->v[low + 1 + i];
}
