/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qemu/qmp.h"

/* How long after QEMU's end its last events and the reason are waited for: vm-reap writes them then. */
enum { LAST_WORDS_MS = 5000, SLICE_MS = 1000, EVENT_LINE_MAX = 1 << 20 };

struct follow {
    int dir, file, notify, pidfd;
    struct str line;
    bool over; /* the end of the start that is followed was among the events */
    char start[64];
    long long give_up;
};

struct follow *follow_open(const struct look *l, bool from_start, struct err *e)
{
    if (l->dir < 0) {
        err_set(e, ST_NOENT, "%s: has no events, it was never started", l->name);
        return NULL;
    }
    struct follow *f = calloc(1, sizeof *f);
    if (!f) {
        err_errno(e, "%s", l->name);
        return NULL;
    }
    char path[40];
    f->dir = fcntl(l->dir, F_DUPFD_CLOEXEC, 3);
    f->pidfd = l->pidfd < 0 ? -1 : fcntl(l->pidfd, F_DUPFD_CLOEXEC, 3);
    f->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    f->give_up = -1;
    snprintf(f->start, sizeof f->start, "%s", l->s.start);
    snprintf(path, sizeof path, "/proc/self/fd/%d", f->dir);
    /* The watch comes first and the file's end after it, so that no event falls between. */
    bool watched = f->notify >= 0 && inotify_add_watch(f->notify, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE) >= 0;
    if (!watched) {
        err_errno(e, "%s: cannot watch its events", l->name);
        f->file = -1;
        follow_close(f);
        return NULL;
    }
    f->file = openat(f->dir, "events", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (f->file >= 0 && !from_start)
        lseek(f->file, 0, SEEK_END);
    return f;
}

void follow_close(struct follow *f)
{
    if (!f)
        return;
    int fds[] = { f->dir, f->file, f->notify, f->pidfd };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    str_release(&f->line);
    free(f);
}

static void notice_end(struct follow *f, const json_t *event)
{
    const char *start = json_string_value(json_object_get(json_object_get(event, "data"), "start"));
    if (streq(json_string_value(json_object_get(event, "event")), "VM_ENDED") && streq(start, f->start))
        f->over = true;
}

/* Delivers the lines of what was read; a line that is no JSON (written by nobody we know) is passed over. */
static bool take(struct follow *f, const char *bytes, size_t n, follow_fn *fn, void *arg)
{
    struct err ignored;
    for (const char *end; (end = memchr(bytes, '\n', n));) {
        str_addn(&f->line, bytes, (size_t)(end - bytes));
        n -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
        autojson json_t *event = qmp_parse(str_text(&f->line), f->line.len, &ignored);
        str_clear(&f->line);
        if (!json_is_object(event))
            continue;
        notice_end(f, event);
        if (fn && fn(arg, event)) {
            /* What follows in this buffer is read again next time. */
            lseek(f->file, -(off_t)n, SEEK_CUR);
            return true;
        }
    }
    if (f->line.len < EVENT_LINE_MAX)
        str_addn(&f->line, bytes, n);
    return false;
}

static bool drain(struct follow *f, follow_fn *fn, void *arg)
{
    char bytes[16384];
    for (;;) {
        ssize_t n = f->file < 0 ? 0 : read(f->file, bytes, sizeof bytes);
        if (n > 0 && take(f, bytes, (size_t)n, fn, arg))
            return true;
        if (n > 0)
            continue;
        /* All read: has another file taken its place? */
        struct stat mine, named;
        if (fstatat(f->dir, "events", &named, AT_SYMLINK_NOFOLLOW) < 0 ||
            (f->file >= 0 && fstat(f->file, &mine) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev))
            return false;
        int next = openat(f->dir, "events", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (next < 0)
            return false;
        /* The old file may have grown between the last read and its renaming. */
        n = f->file < 0 ? 0 : read(f->file, bytes, sizeof bytes);
        if (n > 0 && take(f, bytes, (size_t)n, fn, arg)) {
            close(next);
            return true;
        }
        if (n > 0) {
            close(next);
            continue;
        }
        if (f->file >= 0)
            close(f->file);
        f->file = next;
        str_clear(&f->line);
    }
}

/* Waits for a change of the files that matter; the monitor's lock, which readers themselves write, does not. */
static bool changed(struct follow *f)
{
    union {
        struct inotify_event event;
        char bytes[4096];
    } u;
    bool any = false;
    ssize_t n;
    while ((n = read(f->notify, u.bytes, sizeof u.bytes)) > 0)
        for (char *p = u.bytes; p < u.bytes + n;) {
            const struct inotify_event *ev = (const struct inotify_event *)(const void *)p;
            any |= !ev->len || streq(ev->name, "events") || streq(ev->name, "live.xml") || streq(ev->name, "journal");
            p += sizeof *ev + ev->len;
        }
    return any;
}

static int slice(long long deadline)
{
    int left = ms_left(deadline);
    return left < 0 || left > SLICE_MS ? SLICE_MS : left;
}

enum followed follow_wait(struct follow *f, bool one, long long deadline, follow_fn *fn, void *arg, struct err *e)
{
    for (;;) {
        struct pollfd p[2] = { { .fd = f->notify, .events = POLLIN },
                               { .fd = f->give_up < 0 ? f->pidfd : -1, .events = POLLIN } };
        if (drain(f, fn, arg))
            return FOLLOW_ENOUGH;
        if (f->give_up >= 0 && (f->over || now_ms() >= f->give_up))
            return FOLLOW_ENDED;
        if (deadline >= 0 && now_ms() >= deadline)
            return FOLLOW_TIMEOUT;
        long long until = f->give_up >= 0 && (deadline < 0 || f->give_up < deadline) ? f->give_up : deadline;
        int n = poll(p, 2, slice(until));
        if (n < 0 && errno != EINTR) {
            err_errno(e, "poll");
            return FOLLOW_FAILED;
        }
        if (n > 0 && p[1].revents && f->give_up < 0)
            f->give_up = now_ms() + LAST_WORDS_MS;
        bool news = changed(f) || n == 0;
        if (one && news && f->give_up < 0) {
            if (drain(f, fn, arg))
                return FOLLOW_ENOUGH;
            return FOLLOW_CHANGED;
        }
    }
}
