/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/dump.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "domain/domain.h"
#include "store/defs.h"
#include "store/guest.h"

/* live.xml is <domstatus …>, the domain, </domstatus>, written by us in a directory of ours. */
static bool read_live(const struct root *r, const char *name, struct str *text, const char **domain, size_t *n,
                      struct err *e)
{
    autoclose int state = root_open(r, ROOT_STATE, false, e);
    autoclose int dir = state < 0 ? -1 : guest_dir(state, name, false, e);
    if (dir < 0)
        return false;
    if (file_read_at(dir, "live.xml", DEF_MAX, true, text) < 0)
        return err_errno(e, "%s: cannot read its live.xml", name);
    const char *start = strstr(str_text(text), "<domain");
    const char *end = start ? strstr(start, "</domstatus>") : NULL;
    for (const char *next = end; next && (next = strstr(next + 1, "</domstatus>"));)
        end = next;
    if (!end)
        return err_set(e, ST_FAILED, "%s: its live.xml is broken", name);
    *domain = start;
    *n = (size_t)(end - start);
    return true;
}

bool load_live_text(const struct root *r, const char *name, struct str *text, struct err *e)
{
    autostr struct str whole = STR_INIT;
    const char *xml;
    size_t n;
    if (!read_live(r, name, &whole, &xml, &n, e))
        return false;
    str_clear(text);
    str_addn(text, xml, n);
    return true;
}

struct domain *load_live(const struct root *r, const char *name, struct parse *p)
{
    autostr struct str text = STR_INIT;
    const char *xml = NULL;
    size_t n = 0;
    if (!read_live(r, name, &text, &xml, &n, p->err)) {
        if (p->err->status == ST_NOENT)
            err_set(p->err, ST_STATE, "%s: is not running", name);
        return NULL;
    }
    p->file = arena_printf(p->arena, "%s/%s/live.xml", r->dir[ROOT_STATE], name);
    return domain_parse(xml, n, p);
}

static struct domain *load_defined(const struct root *r, const char *name, struct parse *p)
{
    autostr struct str text = STR_INIT;
    if (!def_read(r, name, &text, p->err))
        return NULL;
    p->file = arena_printf(p->arena, "%s/%s.xml", r->dir[ROOT_ETC], name);
    struct domain *d = domain_parse(str_text(&text), text.len, p);
    if (d && !streq(d->name, name)) {
        err_set(p->err, ST_FAILED, "%s: %s defines a guest '%s' (try: mv it to %s.xml)", name, p->file, d->name, d->name);
        return NULL;
    }
    return d;
}

static bool is_active(const struct root *r, const char *name)
{
    struct guest_status s;
    struct err none;
    autoclose int state = root_open(r, ROOT_STATE, false, &none);
    guest_status(state, -1, name, &s);
    return s.active;
}

bool dump_domain(const struct root *r, const char *name, const struct dump_options *o, struct str *out, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct parse p = { .arena = a, .err = e };
    bool live = !o->inactive && is_active(r, name);
    struct domain *d = live ? load_live(r, name, &p) : load_defined(r, name, &p);
    if (!d)
        return false;
    domain_print(d, out, (live ? PRINT_LIVE : 0u) | (o->secrets ? PRINT_SECRETS : 0u));
    return true;
}
