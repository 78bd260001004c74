/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qemu/caps_probe.h"
#include "qemu/qmp.h"
#include "run/define.h"
#include "run/plan.h"
#include "run/undo.h"
#include "store/beside.h"
#include "store/defs.h"
#include "store/guest.h"

bool run_define(const struct root *r, const char *xml, size_t n, struct notes *notes, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct definer d = { .notes = notes, .wait_ms = RUN_WAIT_MS, .by = &undo_here, .etc = -1, .state = -1 };
    struct definition x;
    bool ok = definer_open(&d, r, a, e) && define_check(&d, &x, "document", xml, n, e) && define_store(&d, &x, 1, e) == 1;
    definer_close(&d);
    return ok;
}

static struct caps_env emulators(const struct root *r, const struct run_start *o)
{
    long long limit = o->start.timeout_ms;
    return (struct caps_env){ .cache_dir = r->dir[ROOT_PROBES], .bindirs = o->start.emulator_dirs,
                              .n_bindirs = o->start.n_emulator_dirs,
                              .timeout_ms = limit < CAPS_TIMEOUT_MS ? limit : 0 };
}

static struct domain *parse_text(const struct run_start *o, const char *text, size_t n, const char *file,
                                 struct arena *a, struct notes *notes, struct err *e)
{
    struct parse p = { .arena = a, .file = file, .notes = notes, .err = e, .strict = o->strict };
    struct domain *d = domain_parse(text, n, &p);
    if (d && !d->name)
        return err_set(e, ST_FAILED, "%s: <domain> has no <name>", file), NULL;
    return d && guest_name_ok(d->name, e) ? d : NULL;
}

static bool make_plan(struct plan *p, struct life *l, struct domain *d, const struct run_start *o, bool dry_run,
                      struct notes *notes, struct err *e)
{
    struct conf *conf = arena_alloc(l->arena, sizeof *conf);
    struct caps_env env = emulators(l->root, o);
    struct plan_options po = { .dry_run = dry_run, .no_reap = o->start.no_reap, .caps = &env, .conf = conf };
    return conf_read_root(conf, l->arena, l->root, notes, e) && plan_domain(p, l, d, &po, notes, e);
}

/* A guest without a definition must not take the name or UUID of another. */
static bool claim_uuid(struct life *l, const struct domain *d, struct err *e)
{
    autoclose int etc = root_open(l->root, ROOT_ETC, true, e);
    autoclose int state = etc < 0 ? -1 : root_open(l->root, ROOT_STATE, true, e);
    return state >= 0 && (!d->uuid || uuid_claim(etc, state, l->name, d->uuid, now_ms() + RUN_WAIT_MS, e));
}

bool run_start_locked(struct life *l, const char *text, size_t n, const char *file, const struct run_start *o,
                      struct notes *notes, struct err *e)
{
    struct plan p;
    struct domain *d = parse_text(o, text, n, file, l->arena, notes, e);
    if (!d)
        return false;
    if (strcmp(d->name, l->name))
        return err_set(e, ST_FAILED, "%s: the <name> in %s is '%s'", l->name, file, d->name);
    if (!make_plan(&p, l, d, o, false, notes, e))
        return false;
    if (!o->name && !claim_uuid(l, d, e)) {
        plan_release(&p);
        return false;
    }
    return start_plan(l, &p, &o->start, notes, e);
}

static void is_running(const struct life *l, struct err *e)
{
    struct err unasked;
    struct guest_status s = { 0 };
    autoclose int state = root_open(l->root, ROOT_STATE, false, &unasked);
    if (state >= 0)
        guest_status(state, -1, l->name, &s);
    err_set(e, ST_STATE, "%s: is already running", l->name);
    if (s.state == GUEST_PAUSED)
        err_add(e, ", but paused (try: vm-resume %s)", l->name);
}

static bool open_repaired(struct life *l, const struct root *r, struct arena *a, const char *name,
                          const struct run_start *o, struct notes *notes, struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    if (!life_open(l, r, a, name, true, e))
        return false;
    if (life_lock(l, o->wait_ms ? o->wait_ms : RUN_WAIT_MS, arena_printf(a, "vm-start %s", name), e) &&
        beside_guest_free(r, name, e) && life_repair(l, &undo_here, &is, &pidfd, notes, e)) {
        if (is == LIFE_OFF)
            return true;
        is_running(l, e);
    }
    life_close(l);
    return false;
}

/* The document to start, and whose it is. */
static const char *source(const struct root *r, const struct run_start *o, struct arena *a, struct str *text,
                          const char **file, struct notes *notes, struct err *e)
{
    *file = o->name ? arena_printf(a, "%s/%s.xml", r->dir[ROOT_ETC], o->name) : o->file ? o->file : "document";
    if (o->name)
        return guest_name_ok(o->name, e) && def_read(r, o->name, text, e) ? o->name : NULL;
    (void)notes;
    str_addn(text, o->xml, o->xml_n);
    const struct domain *d = parse_text(o, o->xml, o->xml_n, *file, a, NULL, e);
    return d ? d->name : NULL;
}

bool run_start(const struct root *r, const struct run_start *o, struct notes *notes, struct err *e)
{
    autoarena struct arena *a = arena_new();
    autostr struct str text = STR_INIT;
    const char *file;
    struct life l;
    if (!beside_root_free(r, e))
        return false;
    const char *name = source(r, o, a, &text, &file, notes, e);
    if (!name || !open_repaired(&l, r, a, name, o, notes, e))
        return false;
    /* Read again: now nobody changes it. */
    str_clear(&text);
    bool ok = source(r, o, a, &text, &file, notes, e) &&
              run_start_locked(&l, str_text(&text), text.len, file, o, notes, e);
    if (ok)
        life_close(&l);
    else
        life_end(&l);
    return ok;
}

bool run_plan(const struct root *r, const struct run_start *o, struct arena *a, struct plan *p, struct notes *notes,
              struct err *e)
{
    autostr struct str text = STR_INIT;
    const char *file;
    struct life l = { .arena = a, .root = r, .dir = -1, .claims = -1, .lock = -1, .journal = -1 };
    l.name = source(r, o, a, &text, &file, notes, e);
    struct domain *d = l.name ? parse_text(o, str_text(&text), text.len, file, a, notes, e) : NULL;
    return d && make_plan(p, &l, d, o, true, notes, e);
}

bool run_ask(const struct root *r, const char *name, const char *command, json_t *args, long long timeout_ms,
             json_t **reply, struct err *e)
{
    autoarena struct arena *a = arena_new();
    long long deadline = now_ms() + timeout_ms;
    struct life l;
    if (!life_open(&l, r, a, name, false, e)) {
        json_decref(args);
        return e->status == ST_NOENT ? err_set(e, ST_STATE, "%s: is not running", name) : false;
    }
    autoclose int lock = -1;
    bool ok = life_holder(l.dir) || err_set(e, ST_STATE, "%s: is not running", name);
    if (ok)
        ok = (lock = life_monitor_lock(&l, deadline, e)) >= 0;
    autoqmp struct qmp *q = ok ? qmp_connect(l.dir, "monitor.sock", deadline, e) : NULL;
    life_close(&l);
    if (q)
        return qmp_command(q, command, args, deadline, reply, e) || err_wrap(e, "%s", name);
    json_decref(args);
    return ok ? err_wrap(e, "%s", name) : false;
}

bool run_stop(const struct root *r, const struct run_stop *o, const char **how, struct notes *notes, struct err *e)
{
    struct stop_options so = o->stop;
    const char *ignored;
    so.by = &undo_here;
    if (!so.wait_ms)
        so.wait_ms = RUN_WAIT_MS;
    return stop_guest(r, o->name, &so, how ? how : &ignored, notes, e);
}
