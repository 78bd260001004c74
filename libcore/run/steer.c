/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/steer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "qemu/qmp.h"
#include "run/eventlog.h"
#include "run/live.h"
#include "store/beside.h"

enum { LIVE_MAX = 16 << 20 };

static const struct meaning {
    const char *run_state, *state, *reason;
} meanings[] = {
    { "running", "running", "unpaused" },
    { "paused", "paused", "user" },
    { "prelaunch", "paused", "starting up" },
    { "inmigrate", "paused", "migration" },
    { "finish-migrate", "paused", "migration" },
    { "postmigrate", "paused", "post-migrate" },
    { "io-error", "paused", "I/O error" },
    { "watchdog", "paused", "watchdog" },
    { "guest-panicked", "crashed", "panicked" },
    { "internal-error", "paused", "internal error" },
    { "shutdown", "in shutdown", "shutting down" },
    { "suspended", "pmsuspended", "by the guest" },
    { "save-vm", "paused", "saving" },
    { "restore-vm", "paused", "starting up" },
    { "debug", "paused", "debugger" },
    { "colo", "paused", "migration" },
};

const char *steer_state(const char *run_state, const char **reason)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (streq(meanings[i].run_state, run_state)) {
            *reason = meanings[i].reason;
            return meanings[i].state;
        }
    *reason = "unknown";
    return "paused";
}

enum { ENDING_MS = 1000 };

struct steering {
    struct life *l;
    int pidfd; /* of QEMU */
    long long deadline;
    struct qmp *q;
};

static bool run_state(struct steering *s, char *out, size_t size, struct err *e)
{
    autojson json_t *status = NULL;
    if (!qmp_command(s->q, "query-status", NULL, s->deadline, &status, e))
        return false;
    const char *word = json_string_value(json_object_get(status, "status"));
    if (!word)
        return err_set(e, ST_QEMU, "query-status: QEMU sent rubbish: no status");
    snprintf(out, size, "%s", word);
    return true;
}

/* live.xml is "<domstatus …>", the domain, "</domstatus>": the first line is written anew. */
static bool write_state(struct life *l, const char *word, struct err *e)
{
    autostr struct str text = STR_INIT;
    const char *reason, *state = steer_state(word, &reason);
    if (file_read_at(l->dir, "live.xml", LIVE_MAX, true, &text) < 0)
        return err_errno(e, "cannot read live.xml");
    char *domain = memchr(text.p, '\n', text.len), *end = strstr(text.p, "</domstatus>");
    if (!domain || !end || end < domain)
        return err_set(e, ST_FAILED, "live.xml is damaged");
    *end = '\0';
    const char *rest = memmem(text.p, (size_t)(domain - text.p), " pid='", 6);
    rest = rest ? memchr(rest + 6, '\'', (size_t)(domain - rest - 6)) : NULL;
    if (rest && domain > rest + 1 && domain[-1] == '>')
        l->confined = arena_strndup(l->arena, rest + 1, (size_t)(domain - rest - 2));
    if (!live_write(l, domain + 1, state, reason, e))
        return false;
    char data[64];
    snprintf(data, sizeof data, "\"state\": \"%s\"", state);
    eventlog_add(l->dir, "VM_STEERED", data);
    return true;
}

static bool allowed(enum steer how, const char *word, struct err *e)
{
    bool runs = streq(word, "running");
    if (how == STEER_SUSPEND && !runs)
        return err_set(e, ST_STATE, "is not running, but %s", streq(word, "prelaunch") ? "paused" : word);
    if (how == STEER_RESUME && runs)
        return err_set(e, ST_STATE, "is already running");
    if (how == STEER_RESUME && streq(word, "suspended"))
        return err_set(e, ST_STATE, "sleeps by its own will (try: qmp-send NAME system_wakeup)");
    return true;
}

static bool ask(struct steering *s, enum steer how, struct err *e)
{
    static const char *const commands[] = { "stop", "cont", "system_reset" };
    char word[64];
    if (!run_state(s, word, sizeof word, e) || !allowed(how, word, e) ||
        !qmp_command(s->q, commands[how], NULL, s->deadline, NULL, e))
        return false;
    /* What was asked is done. A guest that switches itself off at once has no state to tell any more. */
    if (!run_state(s, word, sizeof word, e))
        return s->pidfd >= 0 && proc_wait(s->pidfd, now_ms() + ENDING_MS);
    return write_state(s->l, word, e);
}

static bool steer(struct life *l, enum steer how, const struct undoer *by, long long timeout_ms, struct notes *notes, struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    if (!life_repair(l, by, &is, &pidfd, notes, e))
        return false;
    if (is != LIFE_RUNNING)
        return err_set(e, ST_STATE, "%s: is not running", l->name);
    struct steering s = { .l = l, .pidfd = pidfd, .deadline = now_ms() + timeout_ms };
    autoclose int lock = life_monitor_lock(l, s.deadline, e);
    if (lock < 0)
        return false;
    s.q = qmp_connect(l->dir, "monitor.sock", s.deadline, e);
    bool ok = s.q && ask(&s, how, e);
    qmp_free(s.q);
    return ok || err_wrap(e, "%s", l->name);
}

bool steer_guest(const struct root *root, const char *name, enum steer how, const struct undoer *by, long long wait_ms,
                 long long timeout_ms, struct notes *notes, struct err *e)
{
    static const char *const who[] = { "vm-suspend", "vm-resume", "vm-reset" };
    autoarena struct arena *a = arena_new();
    struct life l;
    if (!beside_guest_free(root, name, e))
        return false;
    if (!life_open(&l, root, a, name, false, e))
        return e->status == ST_NOENT ? err_set(e, ST_STATE, "%s: is not running", name) : false;
    bool ok = life_lock(&l, wait_ms, who[how], e) && steer(&l, how, by, timeout_ms, notes, e);
    life_close(&l);
    return ok;
}
