/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/coredump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/table.h"
#include "host/conf.h"
#include "qemu/qmp.h"
#include "run/eventlog.h"
#include "run/life.h"

/* The start may still be at its last steps; QEMU answers at once, or when all memory is written. */
enum { LOCK_MS = 60000, ANSWER_MS = 10000, DUMP_MS = 24 * 3600 * 1000, SAME_SECOND = 100 };

/* A new file in the directory; name gets its path. */
static int make_file(struct arena *a, const char *dir, const char *guest, const char **path, int *parent, struct err *e)
{
    char when[32], file[256];
    time_t now = time(NULL);
    struct tm tm;
    strftime(when, sizeof when, "%Y-%m-%d-%H:%M:%S", localtime_r(&now, &tm));
    *parent = dir_walk(dir, 0711, e);
    if (*parent < 0)
        return -1;
    for (int i = 1; i <= SAME_SECOND; i++) {
        snprintf(file, sizeof file, i > 1 ? "%.200s-%s.%d" : "%.200s-%s", guest, when, i);
        *path = arena_printf(a, "%s/%s", dir, file);
        int fd = openat(*parent, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            return fd >= 0 ? fd : (err_errno(e, "%s", *path), -1);
    }
    err_set(e, ST_FAILED, "%s: too many of the same second", *path);
    return -1;
}

static bool dump_to(struct qmp *q, int fd, struct err *e)
{
    json_t *args = json_pack("{s:b,s:s}", "paging", 0, "protocol", "fd:dump");
    if (!qmp_command_fd(q, "getfd", json_pack("{s:s}", "fdname", "dump"), fd, now_ms() + ANSWER_MS, NULL, e)) {
        json_decref(args);
        return false;
    }
    return qmp_command(q, "dump-guest-memory", args, now_ms() + DUMP_MS, NULL, e) &&
           (fsync(fd) == 0 || err_errno(e, "cannot write the dump"));
}

static bool dump(const struct life *l, struct qmp *q, struct notes *notes, struct err *e)
{
    struct conf conf;
    const char *path, *dir;
    autoclose int parent = -1;
    if (!conf_read(&conf, &conf_libvirt, l->arena, l->root->conf, notes, e))
        return false;
    dir = conf_text(&conf, "auto_dump_path");
    if (!dir)
        dir = arena_printf(l->arena, "%s/dump", l->root->dir[ROOT_LIB]);
    if (*dir != '/')
        return err_set(e, ST_FAILED, "%s: auto_dump_path '%s' is not absolute", l->root->conf, dir);
    autoclose int fd = make_file(l->arena, dir, l->name, &path, &parent, e);
    if (fd < 0)
        return false;
    if (!dump_to(q, fd, e)) {
        unlinkat(parent, strrchr(path, '/') + 1, 0);
        return err_wrap(e, "%s", path);
    }
    autostr struct str data = STR_INIT;
    str_add(&data, "\"file\": ");
    str_add_json(&data, path);
    eventlog_add(l->dir, "VM_DUMPED", str_text(&data));
    return true;
}

static bool dump_and_quit(struct life *l, struct notes *notes, struct err *e)
{
    struct err why = { 0 };
    autoclose int lock = life_monitor_lock(l, now_ms() + LOCK_MS, e);
    autoqmp struct qmp *q = lock < 0 ? NULL : qmp_connect(l->dir, "monitor.sock", now_ms() + ANSWER_MS, e);
    if (!q)
        return false;
    if (!dump(l, q, notes, &why)) {
        autostr struct str data = STR_INIT;
        str_add(&data, "\"error\": ");
        str_add_json(&data, why.text);
        eventlog_add(l->dir, "VM_NOTICE", str_text(&data));
    }
    return qmp_command(q, "quit", NULL, now_ms() + ANSWER_MS, NULL, e) && (why.status == ST_DONE || (*e = why, false));
}

bool coredump_panicked(const struct root *root, const char *name, const char *start, struct notes *notes, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct life l;
    enum life_is is = LIFE_OFF;
    autoclose int pidfd = -1;
    if (!life_open(&l, root, a, name, false, e))
        return e->status == ST_NOENT;
    bool ok = life_lock(&l, LOCK_MS, "vm-reap", e) && life_look(&l, &is, &pidfd, notes, e);
    life_unlock(&l);
    if (ok && is == LIFE_RUNNING && strcmp(l.j.start, start) == 0)
        ok = dump_and_quit(&l, notes, e) || err_wrap(e, "%s", name);
    life_close(&l);
    return ok;
}
