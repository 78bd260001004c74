/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/define.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "domain/os.h"
#include "store/beside.h"
#include "store/defs.h"
#include "store/guest.h"

static const char header[] = "<!-- Written by vm-define; to change it use vm-edit or virsh edit. -->\n";

bool definer_open(struct definer *d, const struct root *root, struct arena *a, struct err *e)
{
    d->root = root;
    d->arena = a;
    d->state = -1;
    d->etc = root_open(root, ROOT_ETC, true, e);
    if (d->etc >= 0)
        d->state = root_open(root, ROOT_STATE, true, e);
    return d->etc >= 0 && d->state >= 0;
}

void definer_close(struct definer *d)
{
    cleanup_close(&d->etc);
    cleanup_close(&d->state);
    d->etc = d->state = -1;
}

static const char *new_uuid(struct arena *a)
{
    uuid_t raw;
    char text[37];
    uuid_generate_random(raw);
    uuid_unparse_lower(raw, text);
    return arena_strdup(a, text);
}

bool define_check(struct definer *d, struct definition *out, const char *file, const char *text, size_t n, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct parse p = { .arena = a, .file = file, .notes = d->notes, .err = e, .strict = d->strict };
    struct domain *domain = domain_parse(text, n, &p);
    if (!domain)
        return false;
    if (!domain->name)
        return parse_error(&p, domain->meta.line, "<domain> has no <name>");
    if (!guest_name_ok(domain->name, e))
        return err_wrap(e, "%s:%d", file, domain->meta.line);
    if (!domain->uuid && !(domain->uuid = def_uuid(d->root, a, domain->name)))
        domain->uuid = new_uuid(a);
    domain->id.set = false;
    autostr struct str printed = STR_INIT;
    str_add(&printed, header);
    domain_print(domain, &printed, PRINT_SECRETS);
    *out = (struct definition){ .name = arena_strdup(d->arena, domain->name),
                                .uuid = arena_strdup(d->arena, domain->uuid),
                                .text = arena_strndup(d->arena, printed.p, printed.len),
                                .n = printed.len };
    return true;
}

/* What every change of a definition begins with: nobody else's guest, its lock, nothing left of its last run. */
static int take_guest(const struct definer *d, const char *name, const char *what, int *dir, struct err *e)
{
    if (!beside_root_free(d->root, e) || !beside_guest_free(d->root, name, e))
        return -1;
    return guest_lock(d->state, name, now_ms() + d->wait_ms, what, dir, e);
}

static bool as_expected(const struct definer *d, const struct definition *x, struct err *e)
{
    autostr struct str now = STR_INIT;
    if (!x->expect)
        return true;
    if (!def_read(d->root, x->name, &now, e))
        return false;
    return streq(str_text(&now), x->expect) ||
           err_set(e, ST_STATE, "%s: its definition was changed by someone else meanwhile", x->name);
}

bool define_store(struct definer *d, struct definition *x, struct err *e)
{
    struct guest_status s;
    autoclose int dir = -1;
    autoclose int lock = take_guest(d, x->name, "vm-define", &dir, e);
    if (lock < 0)
        return false;
    bool ok = as_expected(d, x, e) &&
              def_write(d->etc, d->state, x->name, x->uuid, x->text, x->n, now_ms() + d->wait_ms, &x->replaced, e);
    guest_status(d->state, -1, x->name, &s);
    x->running = s.active;
    guest_dir_tidy(d->state, x->name, dir);
    return ok;
}

/* The NVRAM file that the definition names; NULL: none is there. *refused: the definition cannot be read. */
static const char *nvram_file(const struct definer *d, struct arena *a, const char *name, bool *refused, struct err *e)
{
    autostr struct str text = STR_INIT;
    struct parse p = { .arena = a, .file = name, .err = e };
    struct domain *domain = def_read(d->root, name, &text, e) ? domain_parse(str_text(&text), text.len, &p) : NULL;
    *refused = !domain;
    const char *nvram = domain ? domain->os->nvram : NULL;
    return nvram && *nvram == '/' && access(nvram, F_OK) == 0 ? nvram : NULL;
}

static bool nvram_settled(const struct definer *d, const char *name, const struct undefine_options *o, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct err unread = { 0 };
    bool refused;
    const char *nvram = o->keep_nvram ? NULL : nvram_file(d, a, name, &refused, &unread);
    /* A definition that is broken can still be removed, unless its NVRAM is to go with it. */
    if (!o->keep_nvram && refused) {
        if (o->remove_nvram || unread.status == ST_NOENT || unread.status == ST_PERM) {
            *e = unread;
            return false;
        }
        return true;
    }
    if (!nvram)
        return true;
    if (!o->remove_nvram)
        return err_set(e, ST_STATE, "%s: has an NVRAM file, %s (try: --nvram to remove it, --keep-nvram to leave it)", name,
                       nvram);
    return unlink(nvram) == 0 || errno == ENOENT || err_errno(e, "%s: cannot remove its NVRAM file %s", name, nvram);
}

static bool remove_it(struct definer *d, const char *name, const struct undefine_options *o, bool running, struct err *e)
{
    if (running && o->remove_nvram)
        return err_set(e, ST_STATE, "%s: is running, its NVRAM file cannot be removed now (try: --keep-nvram)", name);
    /* A guest that goes on needs its NVRAM. */
    if (!running && !nvram_settled(d, name, o, e))
        return false;
    return def_remove(d->etc, d->state, name, running, now_ms() + d->wait_ms, e);
}

bool undefine(struct definer *d, const char *name, const struct undefine_options *o, bool *running, struct err *e)
{
    struct guest_status s;
    autoclose int dir = -1;
    autoclose int lock = take_guest(d, name, "vm-undefine", &dir, e);
    if (lock < 0)
        return false;
    guest_status(d->state, -1, name, &s);
    *running = s.active;
    bool ok = def_exists(d->etc, name) ? remove_it(d, name, o, s.active, e)
              : s.active ? err_set(e, ST_STATE, "%s: is transient, it has no definition to remove", name)
                         : err_set(e, ST_NOENT, "%s: is not defined", name);
    guest_dir_tidy(d->state, name, dir);
    return ok;
}
