/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "run/dump.h"

bool load_text(const char *operand, struct str *text, struct err *e)
{
    const char *name = streq(operand, "-") ? "standard input" : operand;
    autoclose int opened = streq(operand, "-") ? -1 : open(operand, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int fd = streq(operand, "-") ? STDIN_FILENO : opened;
    if (fd < 0) {
        err_errno(e, "cannot open %s", name);
        if (e->status == ST_NOENT && !strchr(name, '/') && !str_ends(name, ".xml"))
            err_add(e, " (a file is wanted; for a guest try: vm-dumpxml %s | …)", name);
        return false;
    }
    if (read_all(fd, XML_MAX_BYTES, text) < 0) {
        if (errno == EFBIG)
            return err_set(e, ST_FAILED, "%s: larger than %d MiB", name, XML_MAX_BYTES >> 20);
        return err_errno(e, "cannot read %s", name);
    }
    return true;
}

static bool load_definition(const char *name, const struct root *r, struct str *text, struct err *e)
{
    char file[300];
    if (strlen(name) > 240 || strchr(name, '/'))
        return err_set(e, ST_NOENT, "%.240s: no such guest in %s", name, r->uri);
    snprintf(file, sizeof file, "%s.xml", name);
    autoclose int dir = root_open(r, ROOT_ETC, false, e);
    if (dir < 0 && e->status != ST_NOENT)
        return false;
    if (dir < 0 || (file_read_at(dir, file, XML_MAX_BYTES, true, text) < 0 && errno == ENOENT))
        return err_set(e, ST_NOENT, "%s: no such guest in %s", name, r->uri);
    if (!text->len)
        return err_errno(e, "cannot read %s/%s", r->dir[ROOT_ETC], file);
    return true;
}

bool load_is_file(const char *operand, enum guest_by by)
{
    return by == GUEST_BY_ANY && (streq(operand, "-") || strchr(operand, '/') || str_ends(operand, ".xml"));
}

bool load_operand(const char *operand, enum guest_by by, const struct root *r, struct arena *a, const char **file, struct str *text, struct err *e)
{
    struct err by_name;
    *file = operand;
    if (load_is_file(operand, by))
        return load_text(operand, text, e);
    const char *name = guest_find(r, a, operand, by, e);
    if (!name)
        return false;
    *file = arena_printf(a, "%s/%s.xml", r->dir[ROOT_ETC], name);
    if (load_definition(name, r, text, &by_name))
        return true;
    if (by_name.status != ST_NOENT) {
        *e = by_name;
        return false;
    }
    *file = arena_printf(a, "%s/%s/live.xml", r->dir[ROOT_STATE], name);
    return load_live_text(r, name, text, e);
}

struct domain *load_domain(const char *operand, enum guest_by by, const struct root *r, struct parse *p)
{
    autostr struct str text = STR_INIT;
    if (!load_operand(operand, by, r, p->arena, &p->file, &text, p->err))
        return NULL;
    return domain_parse(str_text(&text), text.len, p);
}
