/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

static void add_line(struct str *out, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    str_add(out, text ? text : "{}");
    str_addc(out, '\n');
    free(text);
    json_decref(object);
}

bool journal_new_id(struct journal *j, struct err *e)
{
    unsigned char bytes[START_ID_LEN / 2];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return err_errno(e, "cannot make a start-id");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(j->start + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

void journal_add(struct journal *j, const struct row *row)
{
    struct row *copy = arena_alloc(j->arena, sizeof *copy);
    *copy = (struct row){
        .kind = arena_strdup(j->arena, row->kind),
        .object = arena_strdup(j->arena, row->object),
        .id = row->id,
        .before = arena_strdup(j->arena, row->before),
        .wanted = arena_strdup(j->arena, row->wanted),
        .why = arena_strdup(j->arena, row->why),
    };
    list_add(j->arena, &j->rows, copy);
}

struct identity identity_of(int fd)
{
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st) < 0)
        return (struct identity){ 0 };
    struct identity id = { true, makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino, 0 };
    if (st.stx_mask & STATX_BTIME)
        id.birth = st.stx_btime.tv_sec * 1000000000LL + st.stx_btime.tv_nsec;
    return id;
}

bool identity_same(const struct identity *a, const struct identity *b, bool same_boot)
{
    return a->known && b->known && a->ino == b->ino && a->birth == b->birth && (!same_boot || a->dev == b->dev);
}

/* A path may hold bytes that are not UTF-8, JSON may not: such a text is kept as hexadecimal digits. */
static json_t *text_json(const char *text)
{
    json_t *plain = json_string(text);
    if (plain)
        return plain;
    autostr struct str hex = STR_INIT;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        str_addf(&hex, "%02x", *p);
    return json_pack("{s:s}", "hex", str_text(&hex));
}

static const char *text_from(struct arena *a, const json_t *value)
{
    const char *hex = json_string_value(json_object_get(value, "hex"));
    if (!hex)
        return arena_strdup(a, json_string_value(value));
    size_t n = strlen(hex) / 2;
    char *text = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1 || !byte)
            return NULL;
        text[i] = (char)byte;
    }
    return text;
}

json_t *row_json(const struct row *row)
{
    json_t *o = json_object();
    json_object_set_new(o, "kind", text_json(row->kind));
    json_object_set_new(o, "object", text_json(row->object));
    if (row->id.known)
        json_object_set_new(o, "identity", json_pack("{s:I,s:I,s:I}", "device", (json_int_t)row->id.dev, "inode",
                                                     (json_int_t)row->id.ino, "birth", (json_int_t)row->id.birth));
    json_object_set_new(o, "before", text_json(row->before));
    json_object_set_new(o, "wanted", text_json(row->wanted));
    json_object_set_new(o, "why", text_json(row->why));
    return o;
}

static bool row_from(struct journal *j, const json_t *o)
{
    const json_t *id = json_object_get(o, "identity");
    struct row row = {
        .kind = text_from(j->arena, json_object_get(o, "kind")),
        .object = text_from(j->arena, json_object_get(o, "object")),
        .before = text_from(j->arena, json_object_get(o, "before")),
        .wanted = text_from(j->arena, json_object_get(o, "wanted")),
        .why = text_from(j->arena, json_object_get(o, "why")),
    };
    if (id)
        row.id = (struct identity){ true, (unsigned long long)json_integer_value(json_object_get(id, "device")),
                                    (unsigned long long)json_integer_value(json_object_get(id, "inode")),
                                    json_integer_value(json_object_get(id, "birth")) };
    if (!row.kind || !row.object || *row.object != '/' || !row.before || !row.wanted || !row.why)
        return false;
    journal_add(j, &row);
    return true;
}

int journal_write(int dir, const struct journal *j, struct err *e)
{
    autostr struct str out = STR_INIT;
    json_t *head = json_pack("{s:i,s:I,s:s,s:s,s:s}", "vmutils-journal", JOURNAL_VERSION, "rows",
                             (json_int_t)j->rows.n, "start", j->start, "machine", j->machine, "boot", j->boot);
    json_object_set_new(head, "guest", text_json(j->guest ? j->guest : ""));
    add_line(&out, head);
    for (size_t i = 0; i < j->rows.n; i++)
        add_line(&out, row_json(j->rows.v[i]));
    autoclose int fd = openat(dir, "journal", O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_errno(e, "cannot create the journal");
        return -1;
    }
    if (write_all(fd, out.p, out.len) < 0 || fsync(fd) < 0) {
        err_errno(e, "cannot write the journal");
        unlinkat(dir, "journal", 0);
        return -1;
    }
    return steal_fd(&fd);
}

bool journal_append_proc(int fd, const char *which, struct proc_id id, struct err *e)
{
    autostr struct str out = STR_INIT;
    add_line(&out, json_pack("{s:{s:I,s:I}}", which, "pid", (json_int_t)id.pid, "start", (json_int_t)id.start));
    return write_all(fd, out.p, out.len) == 0 || err_errno(e, "cannot write the journal");
}

int journal_open(int dir)
{
    const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    autoclose int fd = openat(dir, "journal", O_RDWR | O_APPEND | flags);
    struct stat st;
    if (fd < 0 && errno == EACCES)
        fd = openat(dir, "journal", O_RDONLY | flags);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    if (!S_ISREG(st.st_mode) || (st.st_uid && st.st_uid != geteuid()) || st.st_nlink > 1) {
        errno = EPERM;
        return -1;
    }
    return steal_fd(&fd);
}

static struct proc_id proc_from(const json_t *o)
{
    return (struct proc_id){ (pid_t)json_integer_value(json_object_get(o, "pid")),
                             (unsigned long long)json_integer_value(json_object_get(o, "start")) };
}

static void extra_from(struct journal *j, const json_t *o)
{
    const json_t *q = json_object_get(o, "qemu"), *r = json_object_get(o, "reaper");
    const json_t *h = json_object_get(o, "helper");
    if (h && j->n_helpers < JOURNAL_HELPERS)
        j->helpers[j->n_helpers++] = proc_from(h);
    if (q)
        j->qemu = proc_from(q);
    if (r)
        j->reaper = proc_from(r);
    if (json_is_true(json_object_get(o, "undone")))
        j->undone = true;
    if (json_object_get(o, "applied"))
        j->applied = json_is_true(json_object_get(o, "applied"));
}

static bool copy_text(char *to, size_t size, const json_t *from)
{
    const char *s = json_string_value(from);
    return s && (size_t)snprintf(to, size, "%s", s) < size;
}

/* Takes the next whole line off *at as an object; NULL at the end or at a torn line. */
static json_t *next_line(const char **at)
{
    const char *end = *at ? strchr(*at, '\n') : NULL;
    if (!end)
        return NULL;
    json_t *o = json_loadb(*at, (size_t)(end - *at), JSON_REJECT_DUPLICATES, NULL);
    *at = end + 1;
    return o;
}

static bool head_from(struct journal *j, json_t *head, json_int_t *rows, struct err *e)
{
    json_int_t version = json_integer_value(json_object_get(head, "vmutils-journal"));
    *rows = json_integer_value(json_object_get(head, "rows"));
    j->guest = text_from(j->arena, json_object_get(head, "guest"));
    if (version != JOURNAL_VERSION)
        return err_set(e, ST_FAILED, "the journal is of format %lld, this version knows format %d", (long long)version,
                       JOURNAL_VERSION);
    if (!copy_text(j->start, sizeof j->start, json_object_get(head, "start")) ||
        !copy_text(j->machine, sizeof j->machine, json_object_get(head, "machine")) ||
        !copy_text(j->boot, sizeof j->boot, json_object_get(head, "boot")))
        return err_set(e, ST_FAILED, "the journal's head is damaged");
    return true;
}

bool journal_read(int fd, struct journal *j, struct err *e)
{
    autostr struct str text = STR_INIT;
    if (lseek(fd, 0, SEEK_SET) < 0 || read_all(fd, JOURNAL_MAX, &text) < 0)
        return err_errno(e, "cannot read the journal");
    const char *at = text.p;
    json_t *o = next_line(&at);
    if (!o)
        return true;
    json_int_t rows = 0;
    bool ok = head_from(j, o, &rows, e);
    json_decref(o);
    if (!ok)
        return false;
    for (json_int_t i = 0; i < rows; i++) {
        if (!(o = next_line(&at)))
            return true;
        ok = row_from(j, o);
        json_decref(o);
        if (!ok)
            return err_set(e, ST_FAILED, "row %lld of the journal is damaged", (long long)i + 1);
    }
    j->complete = true;
    for (; (o = next_line(&at)); json_decref(o))
        extra_from(j, o);
    return true;
}

/* The line around at, as a row. */
static bool row_around(const char *text, const char *at, const struct identity *id)
{
    autoarena struct arena *a = arena_new();
    struct journal one = { .arena = a };
    const char *begin = memrchr(text, '\n', (size_t)(at - text));
    begin = begin ? begin + 1 : text;
    json_t *o = next_line(&begin);
    bool ours = o && row_from(&one, o) && identity_same(&one.rows.v[0]->id, id, true);
    json_decref(o);
    return ours;
}

bool journal_names(int fd, const char *boot, const struct identity *id)
{
    autostr struct str text = STR_INIT;
    autoarena struct arena *a = arena_new();
    struct journal j = { .arena = a };
    struct err e;
    char inode[40];
    json_int_t rows;
    if (lseek(fd, 0, SEEK_SET) < 0 || read_all(fd, JOURNAL_MAX, &text) < 0)
        return false;
    const char *at = text.p;
    json_t *head = next_line(&at);
    bool found = false, counts = head && head_from(&j, head, &rows, &e) && strcmp(j.boot, boot) == 0;
    json_decref(head);
    snprintf(inode, sizeof inode, "\"inode\":%lld,", (long long)id->ino);
    while (counts && !found && (at = strstr(at, inode))) {
        found = row_around(text.p, at, id);
        at += strlen(inode);
    }
    return found;
}

bool journal_remove(int dir, int fd, struct err *e)
{
    static const char mark[] = "{\"undone\":true}\n";
    struct stat ours, there;
    /* A full disk must not keep a guest from being cleaned up: the mark only helps a reaper whose directory is gone. */
    ssize_t n = write(fd, mark, sizeof mark - 1);
    (void)n;
    if (fstat(fd, &ours) < 0)
        return err_errno(e, "cannot remove the journal");
    if (fstatat(dir, "journal", &there, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || err_errno(e, "cannot remove the journal");
    if (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
        return true;
    if (unlinkat(dir, "journal", 0) < 0 || fsync(dir) < 0)
        return err_errno(e, "cannot remove the journal");
    return true;
}
