/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/ended.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/table.h"
#include "domain/domain.h"
#include "domain/general.h"
#include "qemu/qmp.h"
#include "run/eventlog.h"
#include "run/helper.h"
#include "run/live.h"
#include "run/rows.h"
#include "run/undo.h"
#include "store/beside.h"
#include "store/claim.h"
#include "store/standing.h"
#include "store/guest.h"

/* As long as any command may hold a lock, and longer: nobody else waits to do this work. */
enum { LOCK_MS = 10 * 60 * 1000, REAPER_MS = 1000 };

const char *const end_reason_names[6] = { "unknown", "shutdown", "rebooted", "destroyed", "crashed", "failed" };

static enum end_reason reason_of(const char *text)
{
    static const struct { const char *text; enum end_reason reason; } known[] = {
        { "guest-shutdown", END_SHUTDOWN }, { "guest-reset", END_REBOOT }, { "guest-panic", END_CRASHED },
        { "host-qmp-quit", END_DESTROYED }, { "host-signal", END_DESTROYED }, { "host-ui", END_DESTROYED },
    };
    for (size_t i = 0; text && i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].text, text) == 0)
            return known[i].reason;
    return END_UNKNOWN;
}

/* The last words of the guest are in events, behind the beginning of this start. QEMU wrote them: a lie there makes
 * it end, or begin, as its own XML allows. */
static enum end_reason reason_by_events(const struct life *l, const char *start)
{
    autostr struct str text = STR_INIT;
    enum end_reason reason = END_UNKNOWN;
    struct err e;
    if (file_read_at(l->dir, "events", 2 * EVENTS_MAX, true, &text) < 0)
        return reason;
    for (char *line = text.p, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (!strstr(line, "SHUTDOWN") && !strstr(line, "VM_STARTING") && !strstr(line, "GUEST_PANICKED"))
            continue;
        autojson json_t *o = qmp_parse(line, (size_t)(end - line), &e);
        const char *event = json_string_value(json_object_get(o, "event"));
        const json_t *data = json_object_get(o, "data");
        if (streq(event, "VM_STARTING") && streq(json_string_value(json_object_get(data, "start")), start))
            reason = END_UNKNOWN;
        else if (streq(event, "SHUTDOWN") && reason != END_CRASHED)
            reason = reason_of(json_string_value(json_object_get(data, "reason")));
        else if (streq(event, "GUEST_PANICKED"))
            reason = END_CRASHED;
    }
    return reason;
}

/* ours: a vm-stop is at work, or has undone the start already. Nobody else of ours sends QEMU a signal. */
static enum end_reason why(const struct life *l, const struct ended *w, bool ours)
{
    if (!w->committed)
        return END_FAILED;
    if (WIFSIGNALED(w->status))
        return ours ? END_DESTROYED : END_CRASHED;
    enum end_reason said = reason_by_events(l, w->start);
    return WEXITSTATUS(w->status) && said == END_UNKNOWN ? END_CRASHED : said == END_UNKNOWN ? END_SHUTDOWN : said;
}

/* QEMU's death by a signal or a fault of its own is no act of the guest: nothing restarts for it. */
static bool wants_restart(const struct life *l, const struct ended *w, enum end_reason reason, const char *live)
{
    struct err e;
    struct notes notes = { .arena = l->arena };
    struct parse p = { .arena = l->arena, .file = "live.xml", .notes = &notes, .err = &e };
    if (!live || !w->committed || !WIFEXITED(w->status))
        return false;
    const struct domain *d = domain_parse(live, strlen(live), &p);
    int action = !d                         ? ACTION_DESTROY
                 : reason == END_SHUTDOWN   ? d->on_poweroff
                 : reason == END_REBOOT     ? d->on_reboot
                 : reason == END_CRASHED    ? d->on_crash
                                            : ACTION_DESTROY;
    return action == ACTION_RESTART || action == ACTION_RENAME_RESTART || action == ACTION_COREDUMP_RESTART;
}

/* The directory is gone, or a new one stands in its place: what the journal at hand says is still to be undone. */
static bool undo_orphaned(struct life *l, const struct ended *w, struct notes *notes, struct err *e)
{
    struct journal j = { .arena = l->arena };
    struct stat st;
    if (w->journal < 0 || fstat(w->journal, &st) < 0 || st.st_nlink > 0)
        return true;
    if (!journal_read(w->journal, &j, e))
        return false;
    autoclose int claims = root_open(l->root, ROOT_CLAIMS, true, e);
    struct row_context c = { .root = l->root, .guest = l->name, .claims = claims, .dir = w->journal, .same_boot = true };
    return j.undone || !j.complete || strcmp(j.start, w->start) ||
           (helpers_end(&j, e) && rows_undo(&j, &c, notes, e));
}

/* Nobody reads vm-reap's standard error: what it has to say stands in events. */
static void record(const struct life *l, const struct notes *notes, const struct err *e)
{
    for (size_t i = 0; i <= notes->n; i++) {
        const char *text = i < notes->n ? notes->text[i] : e ? e->text : NULL;
        autostr struct str data = STR_INIT;
        if (!text)
            continue;
        str_add(&data, i < notes->n ? "\"notice\": " : "\"error\": ");
        str_add_json(&data, text);
        eventlog_add(l->dir, "VM_NOTICE", str_text(&data));
    }
}

bool ended_clean(struct life *l, const struct root *root, struct arena *a, const char *name, const struct ended *w,
                 bool *restart, const char **live, enum end_reason *reason, struct notes *notes, struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    *restart = false;
    *live = NULL;
    *reason = END_UNKNOWN;
    if (!life_open(l, root, a, name, false, e)) {
        *l = (struct life){ .arena = a, .root = root, .name = name, .dir = -1, .claims = -1, .lock = -1, .journal = -1 };
        return e->status == ST_NOENT && undo_orphaned(l, w, notes, e);
    }
    bool ok = life_lock(l, LOCK_MS, "vm-reap", e) && life_look(l, &is, &pidfd, notes, e);
    bool still_there = ok && is != LIFE_OFF && strcmp(l->j.start, w->start) == 0;
    *reason = ok ? why(l, w, !still_there || life_stopping(l, NULL)) : END_UNKNOWN;
    if (still_there) {
        *live = live_domain(l);
        ok = life_undo(l, &undo_here, pidfd, end_reason_names[*reason], notes, e);
        *restart = ok && wants_restart(l, w, *reason, *live) && !life_stopping(l, NULL);
    } else if (ok) {
        ok = undo_orphaned(l, w, notes, e);
    }
    record(l, notes, ok ? NULL : e);
    if (!*restart)
        life_end(l);
    return ok;
}

static bool repair_locked(struct life *l, bool leave_to_reaper, struct notes *notes, struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    if (!life_look(l, &is, &pidfd, notes, e))
        return false;
    if (is == LIFE_RUNNING)
        return leave_to_reaper || err_set(e, ST_STATE, "%s: is running", l->name);
    if (is == LIFE_OFF)
        return true;
    /* Someone asked for it and nobody died. After another boot the labels have no user. */
    if (leave_to_reaper && l->j.applied && strcmp(l->j.boot, l->boot) == 0)
        return true;
    /* It may be about to start the guest again, which is not ours to prevent. */
    autoclose int reaper = leave_to_reaper && l->running ? proc_open(l->j.reaper) : -1;
    /* One that was killed together with QEMU takes a moment to be gone. */
    if (reaper >= 0 && !proc_wait(reaper, now_ms() + REAPER_MS))
        return true;
    return life_undo(l, &undo_here, pidfd, "unknown", notes, e);
}

static bool repair(const struct root *root, const char *name, long long wait_ms, bool all, struct notes *notes, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct life l;
    if (!life_open(&l, root, a, name, false, e)) {
        if (e->status != ST_NOENT || all)
            return all && e->status == ST_NOENT;
        /* Never started by us: if it is there at all, it is clean, or libvirt's. */
        *e = (struct err){ 0 };
        return guest_find(root, a, name, GUEST_BY_ANY, e) && beside_guest_free(root, name, e);
    }
    bool ok = life_lock(&l, wait_ms, "vm-reap", e) && repair_locked(&l, all, notes, e);
    if (ok && l.journal < 0)
        life_end(&l);
    else
        life_close(&l);
    return ok;
}

bool repair_one(const struct root *root, const char *name, long long wait_ms, struct notes *notes, struct err *e)
{
    return repair(root, name, wait_ms, false, notes, e);
}

static bool repair_each(const struct root *root, struct notes *notes, struct err *e)
{
    struct err one = { 0 };
    bool ok = true;
    autoclose int state = root_open(root, ROOT_STATE, false, &one);
    if (state < 0) {
        *e = one;
        return one.status == ST_NOENT;
    }
    autodir DIR *d = fdopendir(steal_fd(&state));
    for (struct dirent *f; d && (f = readdir(d));) {
        if (*f->d_name == '.' || repair(root, f->d_name, 0, true, notes, &one))
            continue;
        if (one.status == ST_BUSY) {
            note_add(notes, "%s", one.text);
            continue;
        }
        if (ok)
            *e = one;
        else
            note_add(notes, "%s", one.text);
        ok = false;
    }
    return ok;
}

bool repair_all(const struct root *root, struct notes *notes, struct err *e)
{
    struct err none;
    autoclose int claims = root_open(root, ROOT_CLAIMS, false, &none);
    bool ok = repair_each(root, notes, e);
    if (claims >= 0)
        standing_sweep(claims);
    return (claims < 0 || claim_sweep(claims, ok ? e : &none)) && ok;
}
