/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/alive.h"
#include "store/beside.h"
#include "store/guest.h"
#include "store/head.h"
#include "store/journal.h"
#include "store/lock.h"

enum { LIVE_HEAD = 4096, EVENTS_TAIL = 8192 };

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

static void read_live(int dir, struct guest_status *s)
{
    char text[LIVE_HEAD + 1];
    autoclose int fd = openat(dir, "live.xml", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, LIVE_HEAD);
    autoarena struct arena *a = n > 0 ? arena_new() : NULL;
    struct head h;
    if (n <= 0)
        return;
    text[n] = '\0';
    head_scan(&h, a, text, (size_t)n);
    copy(s->text, sizeof s->text, h.state);
    copy(s->reason, sizeof s->reason, h.reason);
    copy(s->start, sizeof s->start, h.start);
    copy(s->uuid, sizeof s->uuid, h.uuid);
    copy(s->sockets, sizeof s->sockets, h.sockets);
    copy(s->taint, sizeof s->taint, h.taint);
    s->landlock = h.landlock ? (unsigned)strtoul(h.landlock, NULL, 10) : 0;
    s->id = h.id ? (unsigned)strtoul(h.id, NULL, 10) : 0;
}

/* The last EVENTS_TAIL bytes of the guest's events as text; false if there are none. */
static bool read_events(int dir, char text[EVENTS_TAIL + 1])
{
    autoclose int fd = openat(dir, "events", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    ssize_t n = pread(fd, text, EVENTS_TAIL, st.st_size > EVENTS_TAIL ? st.st_size - EVENTS_TAIL : 0);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* When an event happened, in microseconds since 1970: QEMU and our own say so at the head of their line. */
static long long event_time(const char *text, const char *at)
{
    long long seconds, us;
    while (at > text && at[-1] != '\n')
        at--;
    return sscanf(at, "{\"timestamp\": {\"seconds\": %lld, \"microseconds\": %lld}", &seconds, &us) == 2
               ? seconds * 1000000 + us : 0;
}

/* live.xml has the state that our programs brought about; what the guest and QEMU did of themselves since
 * then (a watchdog's pause, `qmp-send GUEST stop`) only the events tell. */
static void state_from_events(int dir, struct guest_status *s)
{
    static const struct {
        const char *event, *state; /* NULL: what came before is another run, or in live.xml already */
    } rows[] = {
        { "RESUME", "running" },   { "STOP", "paused" },           { "SUSPEND", "pmsuspended" },
        { "WAKEUP", "running" },   { "GUEST_PANICKED", "crashed" }, { "SHUTDOWN", "in shutdown" },
        { "VM_STARTED", NULL },    { "VM_STARTING", NULL },       { "VM_STEERED", NULL },
    };
    char text[EVENTS_TAIL + 1];
    if (!read_events(dir, text))
        return;
    const char *last = NULL, *key = "\"event\": \"";
    size_t found = 0;
    long long latest = 0;
    for (const char *p = text; (p = strstr(p, key)); ) {
        p += strlen(key);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (strncmp(p, rows[i].event, strlen(rows[i].event)) == 0 && p[strlen(rows[i].event)] == '"')
                /* By when it happened: vm-reap writes later than vm-resume what came before it. */
                if (event_time(text, p) >= latest)
                    last = p, found = i, latest = event_time(text, p);
    }
    if (last && rows[found].state)
        copy(s->text, sizeof s->text, rows[found].state);
}

const char *const guest_state_names[GUEST_STATE_NAMES] = {
    "running", "paused", "shut off", "in shutdown", "crashed", "pmsuspended", "starting", "needs cleanup",
};

bool guest_state_is(const char *word, const char *state)
{
    for (;; word++, state++) {
        word += strspn(word, " -_");
        state += strspn(state, " -_");
        if (!*word || tolower((unsigned char)*word) != *state)
            return *word == *state;
    }
}

bool guest_state_known(const char *word)
{
    for (size_t i = 0; i < GUEST_STATE_NAMES; i++)
        if (guest_state_is(word, guest_state_names[i]))
            return true;
    return false;
}

static void set(struct guest_status *s, enum guest_state state, const char *text)
{
    s->state = state;
    if (text)
        copy(s->text, sizeof s->text, text);
}

static void from_directory(int dir, struct guest_status *s)
{
    pid_t pid = 0;
    enum alive alive = alive_ask(dir, "alive", &pid);
    bool journal = faccessat(dir, "journal", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    read_live(dir, s);
    bool starting = !*s->text || streq(s->text, "starting");
    if (alive == ALIVE_YES || alive == ALIVE_FOREIGN) {
        s->active = true;
        s->pid = pid;
        if (!starting)
            state_from_events(dir, s);
        if (starting)
            set(s, GUEST_STARTING, "starting");
        else
            set(s, streq(s->text, "running") ? GUEST_RUNNING : streq(s->text, "paused") ? GUEST_PAUSED : GUEST_OTHER,
                NULL);
        return;
    }
    s->id = 0;
    if (!*s->text && (!journal || journal_is_applied(dir))) {
        set(s, GUEST_OFF, "shut off");
        return;
    }
    /* Nobody alive, but someone at work: it is about to live, or being cleaned up right now. */
    *s->reason = '\0';
    if (starting && lock_held(dir, "lock", LOCK_EXCLUSIVE) > 0)
        set(s, GUEST_STARTING, "starting");
    else
        set(s, GUEST_CLEANUP, "needs cleanup");
}

/* A journal is there from before the first deed of a start until after the last of its undoing. Most guests have
 * neither, and there may be thousands of them to list. */
static bool surely_off(int state, const char *name)
{
    char path[GUEST_NAME_MAX + 16];
    static const char *const files[] = { "journal", "live.xml" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", name, files[i]);
        if (faccessat(state, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || (errno != ENOENT && errno != ENOTDIR))
            return false;
    }
    return true;
}

void guest_status(int state, int run, const char *name, struct guest_status *s)
{
    struct err none;
    *s = (struct guest_status){ 0 };
    autoclose int dir = state < 0 || surely_off(state, name) ? -1 : guest_dir(state, name, false, &none);
    if (dir >= 0)
        from_directory(dir, s);
    else
        set(s, GUEST_OFF, "shut off");
    if (s->active)
        return;
    pid_t pid = beside_guest(run, name);
    if (pid) {
        *s = (struct guest_status){ .state = GUEST_RUNNING, .active = true, .libvirt = true, .text = "running",
                                    .reason = "under libvirt", .pid = pid > 0 ? pid : 0 };
    }
}

void guest_last_reason(int state, const char *name, struct guest_status *s)
{
    struct err none;
    char text[EVENTS_TAIL + 1];
    autoclose int dir = state < 0 ? -1 : guest_dir(state, name, false, &none);
    if (dir < 0 || !read_events(dir, text))
        return;
    const char *last = NULL;
    for (const char *p = text; (p = strstr(p, "\"VM_ENDED\"")); p++)
        last = p;
    const char *reason = last ? strstr(last, "\"reason\": \"") : NULL;
    if (reason) {
        reason += strlen("\"reason\": \"");
        snprintf(s->reason, sizeof s->reason, "%.*s", (int)strcspn(reason, "\"\n"), reason);
    }
}
