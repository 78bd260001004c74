/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/defs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/guest.h"
#include "store/head.h"
#include "store/index.h"

enum { FILE_NAME = GUEST_NAME_MAX + 8, FIND_WAIT_MS = 2000 };

static const char *file_of(char file[FILE_NAME], const char *name)
{
    snprintf(file, FILE_NAME, "%s.xml", name);
    return file;
}

static bool no_such(const char *name, struct err *e)
{
    autostr struct str shown = STR_INIT;
    str_add_shown(&shown, name);
    return err_set(e, ST_NOENT, "%.300s: is not defined", str_text(&shown));
}

/* What others may have put there is not believed. */
static int open_def(int etc, const char *name, struct err *e)
{
    char file[FILE_NAME];
    struct err bad;
    struct stat st;
    if (!guest_name_ok(name, &bad)) {
        no_such(name, e);
        return -1;
    }
    autoclose int fd = openat(etc, file_of(file, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        no_such(name, e);
        return -1;
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_errno(e, "%s: cannot open its definition %s", name, file);
        return -1;
    }
    if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & S_IWOTH) {
        err_set(e, ST_PERM, "%s: its definition %s is not trusted: it is no file that belongs to root or you alone", name,
                file);
        return -1;
    }
    return steal_fd(&fd);
}

static bool read_def(int etc, const char *name, struct str *text, struct err *e)
{
    autoclose int fd = open_def(etc, name, e);
    if (fd < 0)
        return false;
    return read_all(fd, DEF_MAX, text) == 0 || err_errno(e, "%s: cannot read its definition", name);
}

static int open_etc(const struct root *r, const char *name, struct err *e)
{
    int etc = root_open(r, ROOT_ETC, false, e);
    if (etc < 0 && e->status == ST_NOENT)
        no_such(name, e);
    return etc;
}

bool def_read(const struct root *r, const char *name, struct str *text, struct err *e)
{
    autoclose int etc = open_etc(r, name, e);
    return etc >= 0 && read_def(etc, name, text, e);
}

bool def_exists(int etc, const char *name)
{
    char file[FILE_NAME];
    struct stat st;
    return etc >= 0 && strlen(name) <= GUEST_NAME_MAX &&
           fstatat(etc, file_of(file, name), &st, AT_SYMLINK_NOFOLLOW) == 0;
}

const char *def_uuid(const struct root *r, struct arena *a, const char *name)
{
    autostr struct str text = STR_INIT;
    struct guest_status s = { 0 };
    struct head h;
    struct err none;
    char uuid[37];
    if (def_read(r, name, &text, &none)) {
        bool has = head_scan(&h, a, str_text(&text), text.len) && h.uuid && uuid_normal(h.uuid, uuid);
        return has ? arena_strdup(a, uuid) : NULL;
    }
    autoclose int state = root_open(r, ROOT_STATE, false, &none);
    if (state >= 0)
        guest_status(state, -1, name, &s);
    return s.active && *s.uuid ? arena_strdup(a, s.uuid) : NULL;
}

/* What stands under this name now must be the same guest. *there: something does. */
static bool same_guest(const struct index *ix, struct arena *a, const char *name, const char *uuid, bool *there,
                       struct err *e)
{
    autostr struct str text = STR_INIT;
    struct guest_status s;
    struct head h;
    char old[37];
    *there = def_exists(ix->etc, name);
    if (*there) {
        if (!read_def(ix->etc, name, &text, e))
            return false;
        if (!head_scan(&h, a, str_text(&text), text.len) || !h.name)
            return err_set(e, ST_FAILED, "%s: %s.xml is in the way and is no definition", name, name);
        if (!streq(h.name, name))
            return err_set(e, ST_FAILED, "%s: %s.xml is in the way, which defines a guest '%s'", name, name, h.name);
        if (h.uuid && uuid_normal(h.uuid, old) && !streq(old, uuid))
            return err_set(e, ST_FAILED, "%s: guest '%s' is already defined with uuid %s", name, name, old);
    }
    guest_status(ix->state, -1, name, &s);
    if (s.active && *s.uuid && !streq(s.uuid, uuid))
        return err_set(e, ST_FAILED, "%s: a guest '%s' with uuid %s is running", name, name, s.uuid);
    return true;
}

static bool claim(const struct index *ix, const char *name, const char *uuid, bool *there, struct err *e)
{
    autoarena struct arena *a = arena_new();
    const char *owner = index_owner(ix, a, uuid);
    if (owner && !streq(owner, name))
        return err_set(e, ST_FAILED, "%s: guest '%s' is already defined with uuid %s", name, owner, uuid);
    return same_guest(ix, a, name, uuid, there, e) && index_set(ix, uuid, name, e);
}

/* A file without a name; -1 in *fd if this file system has no such files. */
static bool write_nameless(int etc, const struct def_text *t, int *fd, struct err *e)
{
    *fd = openat(etc, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (*fd < 0 && (errno == EISDIR || errno == EINVAL || errno == EOPNOTSUPP))
        return true;
    return (*fd >= 0 && file_set_mode(*fd, 0600) && write_all(*fd, t->text, t->n) == 0) ||
           err_errno(e, "%s: cannot write its definition %s.xml", t->name, t->name);
}

/* The slow part, before the index is locked: the files that get their names then. Returns how many of n are
 * written and synced; fewer: e tells of the next one. */
static size_t write_files(const struct def_change *c, const struct def_text *v, int *fds, size_t n, struct err *e)
{
    size_t written = 0, synced = 0;
    while (written < n && guest_name_ok(v[written].name, e) && write_nameless(c->etc, &v[written], &fds[written], e))
        written++;
    /* All are on their way before the first is waited for: so they share a commit of the file system. */
    for (size_t i = 0; written > 1 && i < written; i++)
        if (fds[i] >= 0)
            sync_file_range(fds[i], 0, 0, SYNC_FILE_RANGE_WRITE);
    while (synced < written && (fds[synced] < 0 || fsync(fds[synced]) == 0))
        synced++;
    if (synced < written)
        err_errno(e, "%s: cannot write its definition %s.xml", v[synced].name, v[synced].name);
    return synced;
}

static int give_name(int etc, int fd, const char *file)
{
    char from[40], new[FILE_NAME + 8];
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, from, etc, file, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    if (errno != EEXIST)
        return -1;
    snprintf(new, sizeof new, ".%s.new", file);
    if ((unlinkat(etc, new, 0) < 0 && errno != ENOENT) || linkat(AT_FDCWD, from, etc, new, AT_SYMLINK_FOLLOW) < 0)
        return -1;
    if (renameat(etc, new, etc, file) == 0)
        return 0;
    int error = errno;
    unlinkat(etc, new, 0);
    errno = error;
    return -1;
}

static bool as_expected(const struct def_change *c, const struct def_text *t, struct err *e)
{
    autostr struct str now = STR_INIT;
    if (!t->expect)
        return true;
    if (!read_def(c->etc, t->name, &now, e))
        return false;
    return streq(str_text(&now), t->expect) ||
           err_set(e, ST_STATE, "%s: its definition was changed by someone else meanwhile", t->name);
}

/* Under the index's lock: may the guest's definition be changed? */
static bool may_change(struct def_change *c, const char *name, struct err *e)
{
    struct stat st;
    c->needs_lock = c->lock == DEF_UNLOCKED && fstatat(c->state, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    return !c->needs_lock || err_set(e, ST_BUSY, "%s is busy: another command is working on it", name);
}

static bool open_index(const struct def_change *c, struct index *ix, const char *name, struct err *e)
{
    return index_open(ix, c->etc, c->state, now_ms() + c->wait_ms, e) || err_wrap(e, "%s", name);
}

static bool sync_etc(const struct def_change *c, const char *name, struct err *e)
{
    return fsync(c->etc) == 0 || err_errno(e, "%s: cannot sync the directory of its definition", name);
}

/* Gives the file its name, and the guest its UUID. */
static bool enter(struct def_change *c, const struct index *ix, struct def_text *t, int fd, struct err *e)
{
    char file[FILE_NAME];
    if (!may_change(c, t->name, e) || !as_expected(c, t, e) || !claim(ix, t->name, t->uuid, &t->replaced, e))
        return false;
    file_of(file, t->name);
    if ((fd >= 0 ? give_name(c->etc, fd, file) : file_replace_at(c->etc, file, t->text, t->n, 0600, true)) == 0)
        return true;
    err_errno(e, "%s: cannot write its definition %s", t->name, file);
    if (!t->replaced)
        index_drop(ix, t->uuid, t->name);
    return false;
}

static size_t write_some(struct def_change *c, struct def_text *v, size_t n, struct err *e)
{
    int fds[DEFS_AT_ONCE];
    struct index ix;
    size_t done = 0;
    for (size_t i = 0; i < n; i++)
        fds[i] = -1;
    size_t ready = write_files(c, v, fds, n, e);
    if (ready && !open_index(c, &ix, v[0].name, e))
        ready = 0;
    while (done < ready && enter(c, &ix, &v[done], fds[done], e))
        done++;
    if (done)
        index_commit(&ix);
    else if (ready)
        index_close(&ix);
    if (done && !sync_etc(c, v[0].name, e))
        done = 0;
    for (size_t i = 0; i < n; i++)
        cleanup_close(&fds[i]);
    return done;
}

size_t defs_write(struct def_change *c, struct def_text *v, size_t n, struct err *e)
{
    size_t done = 0;
    c->needs_lock = false;
    while (done < n) {
        size_t some = n - done < DEFS_AT_ONCE ? n - done : DEFS_AT_ONCE;
        size_t did = write_some(c, v + done, some, e);
        done += did;
        if (did < some)
            break;
    }
    return done;
}

/* The uuid in the definition, "" if none can be told. A file that is another guest's is left alone. */
static bool uuid_to_drop(const struct def_change *c, const char *name, char uuid[37], struct err *e)
{
    autoarena struct arena *a = arena_new();
    autostr struct str text = STR_INIT;
    struct head h;
    struct err unread;
    *uuid = '\0';
    if (!read_def(c->etc, name, &text, &unread) || !head_scan(&h, a, str_text(&text), text.len))
        return true;
    if (h.name && !streq(h.name, name))
        return err_set(e, ST_FAILED, "%s: %s.xml defines a guest '%s', it is left alone (try: mv it to %s.xml)", name, name,
                       h.name, h.name);
    if (!h.uuid || !uuid_normal(h.uuid, uuid))
        *uuid = '\0';
    return true;
}

bool def_remove(struct def_change *c, const char *name, bool keep_uuid, struct err *e)
{
    char file[FILE_NAME], mark[FILE_NAME + 16], uuid[37];
    struct index ix;
    if (!def_exists(c->etc, name))
        return no_such(name, e);
    if (!uuid_to_drop(c, name, uuid, e) || !open_index(c, &ix, name, e))
        return false;
    snprintf(mark, sizeof mark, "autostart/%s", file_of(file, name));
    if (!may_change(c, name, e)) {
        index_close(&ix);
        return false;
    }
    if (unlinkat(c->etc, file, 0) < 0) {
        err_errno(e, "%s: cannot remove its definition %s", name, file);
        index_close(&ix);
        return false;
    }
    unlinkat(c->etc, mark, 0);
    if (*uuid && !keep_uuid)
        index_drop(&ix, uuid, name);
    index_commit(&ix);
    return sync_etc(c, name, e);
}

bool uuid_claim(int etc, int state, const char *name, const char *uuid, long long deadline, struct err *e)
{
    struct index ix;
    bool there;
    if (!index_open(&ix, etc, state, deadline, e))
        return err_wrap(e, "%s", name);
    bool ok = claim(&ix, name, uuid, &there, e);
    index_close(&ix);
    return ok;
}

void uuid_release(int state, const char *name, const char *uuid)
{
    autoclose int dir = openat(state, ".uuid", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct index ix = { .dir = dir, .etc = -1, .state = state, .lock = -1 };
    if (dir >= 0)
        index_drop(&ix, uuid, name);
}

const char *uuid_find(int etc, int state, struct arena *a, const char *uuid, struct err *e)
{
    struct index ix;
    if (!index_open(&ix, etc, state, now_ms() + FIND_WAIT_MS, e))
        return NULL;
    const char *name = index_owner(&ix, a, uuid);
    index_close(&ix);
    if (!name)
        err_set(e, ST_NOENT, "%s: there is no guest with this UUID", uuid);
    return name;
}

static bool list_xml(int dir, struct arena *a, struct names *out, struct err *e)
{
    autodir DIR *d = fdopendir(dir);
    if (!d)
        return err_errno(e, "cannot list definitions");
    for (struct dirent *entry; (entry = readdir(d));) {
        size_t n = strlen(entry->d_name);
        if (entry->d_name[0] != '.' && n > 4 && memcmp(entry->d_name + n - 4, ".xml", 4) == 0 &&
            n - 4 <= GUEST_NAME_MAX && entry->d_type != DT_DIR)
            list_add(a, &out->v, (const char *)arena_strndup(a, entry->d_name, n - 4));
    }
    return true;
}

bool defs_list(int etc, struct arena *a, struct names *out, struct err *e)
{
    *out = (struct names){ 0 };
    return list_xml(dir_open_at(etc, "."), a, out, e);
}

bool autostart_list(int etc, struct arena *a, struct names *out, struct err *e)
{
    *out = (struct names){ 0 };
    int dir = dir_open_at(etc, "autostart");
    if (dir < 0)
        return errno == ENOENT || err_errno(e, "cannot list marks for autostart");
    return list_xml(dir, a, out, e);
}

bool autostart_get(int etc, const char *name)
{
    char path[FILE_NAME + 16];
    struct stat st;
    snprintf(path, sizeof path, "autostart/%s.xml", name);
    return fstatat(etc, path, &st, 0) == 0;
}

bool autostart_set(const struct root *r, int etc, const char *name, bool on, struct err *e)
{
    char file[FILE_NAME], target[FILE_NAME + 8];
    if (!def_exists(etc, name))
        return no_such(name, e);
    autoclose int dir = root_open(r, ROOT_AUTOSTART, on, e);
    if (dir < 0)
        return !on && e->status == ST_NOENT;
    snprintf(target, sizeof target, "../%s", file_of(file, name));
    if (on && autostart_get(etc, name))
        return true;
    if (unlinkat(dir, file, 0) < 0 && errno != ENOENT)
        return err_errno(e, "%s: cannot change its autostart mark", name);
    if (on && symlinkat(target, dir, file) < 0)
        return err_errno(e, "%s: cannot make its autostart mark", name);
    return fsync(dir) == 0 || err_errno(e, "%s: cannot sync its autostart mark", name);
}
