/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/stop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qemu/qmp.h"
#include "store/beside.h"
#include "store/lock.h"

const char *const stop_mode_names[3] = { "acpi", "agent", "quit" };

/* A guest that is still booting lets the first request pass by: ask again, soon at first. */
enum { ASK_AGAIN_MS = 1000, ASK_ONCE_MS = 1000, ASK_AGAIN_MAX_MS = 8000, QMP_MS = 5000 };

/* --force: how long QEMU's monitor may take to answer "quit"; how long one that did may write what it has still to
 * write; how long SIGTERM and SIGKILL may take. */
enum { ANSWER_MS = 1000, QUIT_MS = 5000, TERM_MS = 2000, KILL_MS = 30000 };

/* Whoever watched the guest has its directory open until it has seen that nothing is left to do. Callers go on to unmount. */
enum { WATCHER_MS = 1000 };

struct stop {
    struct life *l;
    const struct stop_options *o;
    struct notes *notes;
    int pidfd, watcher; /* of QEMU; of the guest's vm-reap */
    const char *how;
    bool resumed;
};

static bool wake(struct stop *s, struct qmp *q, long long deadline, struct err *e)
{
    autojson json_t *status = NULL;
    if (!qmp_command(q, "query-status", NULL, deadline, &status, e))
        return false;
    const char *now = json_string_value(json_object_get(status, "status"));
    if (!streq(now, "paused") && !streq(now, "prelaunch") && !streq(now, "suspended"))
        return true;
    if (!s->resumed)
        note_add(s->notes, "%s: was %s, resumed so that it can shut down", s->l->name,
                 streq(now, "suspended") ? "suspended" : "paused");
    s->resumed = true;
    return qmp_command(q, streq(now, "suspended") ? "system_wakeup" : "cont", NULL, deadline, NULL, e);
}

static bool ask_qmp(struct stop *s, long long deadline, struct err *e)
{
    autoclose int lock = life_monitor_lock(s->l, deadline, e);
    if (lock < 0)
        return false;
    autoqmp struct qmp *q = qmp_connect(s->l->dir, "monitor.sock", deadline, e);
    if (!q)
        return false;
    if (s->o->mode == STOP_QUIT)
        return qmp_command(q, "quit", NULL, deadline, NULL, e);
    return wake(s, q, deadline, e) && qmp_command(q, "system_powerdown", NULL, deadline, NULL, e);
}

static bool ask_agent(struct stop *s, long long deadline, struct err *e)
{
    static const char text[] = "{\"execute\":\"guest-shutdown\",\"arguments\":{\"mode\":\"powerdown\"}}\n";
    const char *path = stop_agent_socket(s->l);
    if (!path)
        return err_set(e, ST_FAILED, "%s: has no guest agent channel (try: --mode acpi)", s->l->name);
    autoclose int fd = unix_connect(AT_FDCWD, path, deadline, e);
    if (fd < 0)
        return err_wrap(e, "%s: guest agent", s->l->name);
    return send(fd, text, sizeof text - 1, MSG_NOSIGNAL) > 0 || err_errno(e, "%s: guest agent", s->l->name);
}

/* Asks until the guest is off (true) or the time is over. A monitor that does not answer is no reason to stop
 * waiting: the guest may be on its way down. */
static bool ask(struct stop *s, struct err *e)
{
    long long deadline = now_ms() + s->o->timeout_ms, pause = ASK_AGAIN_MS;
    struct err last = { 0 };
    while (!proc_wait(s->pidfd, now_ms())) {
        *last.text = '\0';
        long long answer = now_ms() + QMP_MS < deadline ? now_ms() + QMP_MS : deadline;
        if (s->o->timeout_ms == 0)
            answer = now_ms() + ASK_ONCE_MS; /* ask, and do not wait for what comes of it */
        bool asked = s->o->mode == STOP_AGENT ? ask_agent(s, answer, &last) : ask_qmp(s, answer, &last);
        if (!asked && s->o->mode == STOP_AGENT && !proc_wait(s->pidfd, now_ms())) {
            *e = last;
            return false;
        }
        long long again = now_ms() + pause;
        if (!proc_wait(s->pidfd, again < deadline ? again : deadline) && ms_left(deadline) == 0) {
            err_set(e, ST_TIMEOUT, "%s: still runs after %g s%s%s", s->l->name, (double)s->o->timeout_ms / 1000,
                    *last.text ? ": " : "", last.text);
            err_add(e, " (try: vm-stop --force)");
            return false;
        }
        pause = pause * 2 < ASK_AGAIN_MAX_MS ? pause * 2 : ASK_AGAIN_MAX_MS;
    }
    s->how = stop_mode_names[s->o->mode];
    return true;
}

static bool quit(struct stop *s)
{
    struct err e;
    long long deadline = now_ms() + ANSWER_MS;
    autoclose int lock = life_monitor_lock(s->l, deadline, &e);
    autoqmp struct qmp *q = lock < 0 ? NULL : qmp_connect(s->l->dir, "monitor.sock", deadline, &e);
    return q && qmp_command(q, "quit", NULL, deadline, NULL, &e) && proc_wait(s->pidfd, now_ms() + QUIT_MS);
}

/* A guest that is still starting has nothing to lose yet, and its monitor is its starter's. */
static bool force(struct stop *s, bool starting, struct err *e)
{
    s->how = "quit";
    if (!starting && (quit(s) || proc_wait(s->pidfd, now_ms())))
        return true;
    s->how = "terminated";
    if (!starting && proc_signal(s->pidfd, SIGTERM) == 0 && proc_wait(s->pidfd, now_ms() + TERM_MS))
        return true;
    s->how = "killed";
    if (proc_kill(s->pidfd, now_ms() + KILL_MS))
        return true;
    return err_set(e, ST_FAILED, "%s: process %d does not die", s->l->name, (int)s->l->j.qemu.pid);
}

/* Undoes what has that start-id; that someone else has done it since is as good. */
static bool clean_up(struct stop *s, const char *start, const char *why, struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    if (!life_lock(s->l, s->o->wait_ms, "vm-stop", e))
        return e->status == ST_NOENT; /* the directory went with a guest without a definition */
    if (!life_look(s->l, &is, &pidfd, s->notes, e))
        return false;
    if (is == LIFE_OFF || (*start && strcmp(s->l->j.start, start)) || is == LIFE_RUNNING)
        return true;
    return life_undo(s->l, s->o->by, pidfd, why, s->notes, e);
}

/* Takes the lock, and the mark with it where the directory was made anew meanwhile. */
static bool lock(struct stop *s, long long wait_ms, int *mark, struct err *e)
{
    if (!life_lock(s->l, wait_ms, "vm-stop", e))
        return false;
    if (lock_still_there(s->l->dir, "stopping", *mark))
        return true;
    close(*mark);
    *mark = life_stop_mark(s->l, e);
    return *mark >= 0;
}

static bool look_first(struct stop *s, enum life_is *is, int *mark, struct err *e)
{
    bool locked = lock(s, s->o->force ? 0 : s->o->wait_ms, mark, e);
    if (!locked && !(s->o->force && e->status == ST_BUSY))
        return false;
    if (!life_look(s->l, is, &s->pidfd, s->notes, e))
        return false;
    bool was_on = *is != LIFE_OFF;
    /* Whoever has the lock may be about to start it, or to undo it. */
    if (!locked && s->pidfd < 0 && !(lock(s, s->o->wait_ms, mark, e) && life_look(s->l, is, &s->pidfd, s->notes, e)))
        return false;
    return was_on || *is != LIFE_OFF || err_set(e, ST_STATE, "%s: is not running", s->l->name);
}

static bool stop(struct stop *s, struct err *e)
{
    enum life_is is;
    char start[START_ID_LEN + 1];
    autoclose int mark = life_stop_mark(s->l, e);
    if (mark < 0 || !look_first(s, &is, &mark, e))
        return false;
    s->watcher = proc_open(s->l->j.reaper);
    bool at_once = s->o->force && s->o->timeout_ms == 0;
    snprintf(start, sizeof start, "%s", s->l->j.start);
    if (is != LIFE_RUNNING && s->l->lock >= 0) {
        s->how = s->pidfd >= 0 ? "killed" : "off";
        return is == LIFE_OFF || life_undo(s->l, s->o->by, s->pidfd, s->pidfd >= 0 ? "destroyed" : "unknown", s->notes, e);
    }
    life_unlock(s->l);
    bool asked = !at_once && ask(s, e);
    if (!asked && (!s->o->force || !force(s, at_once && is == LIFE_STARTED, e)))
        return false;
    return clean_up(s, start, asked && s->o->mode != STOP_QUIT ? "shutdown" : "destroyed", e);
}

bool stop_guest(const struct root *root, const char *name, const struct stop_options *o, const char **how,
                struct notes *notes, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct life l;
    if (!beside_guest_free(root, name, e))
        return false;
    if (!life_open(&l, root, a, name, false, e))
        return e->status == ST_NOENT ? err_set(e, ST_STATE, "%s: is not running", name) : false;
    struct stop s = { .l = &l, .o = o, .notes = notes, .pidfd = -1, .watcher = -1, .how = "off" };
    bool ok = stop(&s, e);
    *how = s.how;
    if (s.pidfd >= 0)
        close(s.pidfd);
    if (ok)
        life_end(&l);
    else
        life_close(&l);
    if (s.watcher >= 0) {
        if (ok)
            proc_wait(s.watcher, now_ms() + WATCHER_MS);
        close(s.watcher);
    }
    return ok;
}
