/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/reap.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/table.h"
#include "run/eventlog.h"
#include "store/defs.h"

/* Nobody reads vm-reap's standard error: that a restart failed stands in events. */
static void record_failure(const struct life *l, const struct err *e)
{
    autostr struct str text = STR_INIT;
    str_add(&text, "\"error\": ");
    str_add_json(&text, e->text);
    eventlog_add(l->dir, "VM_RESTART_FAILED", str_text(&text));
}

static bool restart(struct life *l, const char *live, const struct run_start *given, struct notes *notes, struct err *e)
{
    autostr struct str text = STR_INIT;
    struct run_start o = *given;
    bool defined = def_read(l->root, l->name, &text, e);
    if (!defined && e->status != ST_NOENT)
        return false;
    o.name = defined ? l->name : NULL;
    if (!defined)
        str_add(&text, live);
    return run_start_locked(l, str_text(&text), text.len, defined ? "definition" : "live.xml", &o, notes, e);
}

bool reap_ended(const struct root *r, const char *name, const struct ended *w, const struct run_start *o,
                bool *restarted, enum end_reason *reason, struct notes *notes, struct err *e)
{
    autoarena struct arena *a = arena_new();
    const char *live;
    struct life l;
    bool ok = ended_clean(&l, r, a, name, w, restarted, &live, reason, notes, e);
    if (!*restarted)
        return ok;
    ok = restart(&l, live, o, notes, e);
    if (!ok) {
        *restarted = false;
        record_failure(&l, e);
        life_end(&l);
    } else {
        life_close(&l);
    }
    return ok;
}
