/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/defs.h"
#include "store/guest.h"
#include "store/head.h"
#include "store/lock.h"

bool uuid_normal(const char *text, char out[37])
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '-')
            continue;
        char c = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
        if (n == 36 || !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        if (n == 8 || n == 13 || n == 18 || n == 23)
            out[n++] = '-';
        out[n++] = c;
    }
    out[n] = '\0';
    return n == 36;
}

/* "BOOT DEVICE INODE SECONDS.NANOSECONDS" of etc as it is now. A boot may have lost links that a stamp
 * counts on: neither is synced. */
static bool stamp_now(const struct index *ix, char *out, size_t size)
{
    static char boot[37]; /* one process lives in one boot */
    struct stat st;
    if (fstat(ix->etc, &st) < 0 || (!*boot && !boot_id(boot)))
        return false;
    snprintf(out, size, "%s %llu %llu %lld.%09ld", boot, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
             (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    return true;
}

static bool complete(const struct index *ix)
{
    char now[160], then[160];
    autoclose int fd = openat(ix->dir, "stamp", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, then, sizeof then - 1);
    if (n <= 0 || !stamp_now(ix, now, sizeof now))
        return false;
    then[n] = '\0';
    return streq(now, then);
}

static void write_stamp(const struct index *ix)
{
    char now[160];
    autoclose int fd = openat(ix->dir, "stamp", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t n = stamp_now(ix, now, sizeof now) ? strlen(now) : 0;
    /* Half a stamp is no stamp: the next one looks at the definitions again. Truncated last, and never to
     * nothing, after which ext4 flushes what is written. */
    if (fd >= 0 && n && pwrite(fd, now, n, 0) == (ssize_t)n && ftruncate(fd, (off_t)n) == 0)
        return;
    unlinkat(ix->dir, "stamp", 0);
}

static bool def_has(int etc, struct arena *a, const char *name, const char *uuid, char found[37])
{
    autostr struct str text = STR_INIT;
    struct head h;
    if (file_read_at(etc, arena_printf(a, "%s.xml", name), DEF_MAX, true, &text) < 0 ||
        !head_scan(&h, a, str_text(&text), text.len))
        return false;
    return streq(h.name, name) && h.uuid && uuid_normal(h.uuid, found) && (!uuid || streq(found, uuid));
}

static bool scan(const struct index *ix, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct names names;
    if (!defs_list(ix->etc, a, &names, e))
        return false;
    for (size_t i = 0; i < names.v.n; i++) {
        autoarena struct arena *each = arena_new();
        char uuid[37];
        if (def_has(ix->etc, each, names.v.v[i], NULL, uuid) && !index_set(ix, uuid, names.v.v[i], e))
            return false;
    }
    write_stamp(ix);
    return true;
}

bool index_open(struct index *ix, int etc, int state, long long deadline, struct err *e)
{
    *ix = (struct index){ .etc = etc, .state = state, .dir = -1, .lock = -1 };
    ix->dir = openat(state, ".uuid", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (ix->dir < 0 && errno == ENOENT) {
        if (mkdirat(state, ".uuid", 0700) < 0 && errno != EEXIST)
            return err_errno(e, "cannot make the directory of UUIDs: .uuid");
        ix->dir = openat(state, ".uuid", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (ix->dir < 0)
        return err_errno(e, "cannot open the directory of UUIDs: .uuid");
    ix->lock = lock_take(ix->dir, "lock", LOCK_EXCLUSIVE, deadline, "the list of UUIDs", "naming a guest", e);
    if (ix->lock >= 0 && (complete(ix) || scan(ix, e)))
        return true;
    index_close(ix);
    return false;
}

void index_close(struct index *ix)
{
    if (ix->dir >= 0)
        close(ix->dir);
    if (ix->lock >= 0)
        close(ix->lock);
    ix->dir = ix->lock = -1;
}

void index_commit(struct index *ix)
{
    write_stamp(ix);
    index_close(ix);
}

static bool read_link(const struct index *ix, const char *uuid, char name[GUEST_NAME_MAX + 1])
{
    ssize_t n = readlinkat(ix->dir, uuid, name, GUEST_NAME_MAX);
    name[n > 0 ? n : 0] = '\0';
    return n > 0;
}

const char *index_owner(const struct index *ix, struct arena *a, const char *uuid)
{
    char name[GUEST_NAME_MAX + 1], found[37];
    struct guest_status s;
    struct err none;
    if (!read_link(ix, uuid, name) || !guest_name_ok(name, &none))
        return NULL;
    if (def_has(ix->etc, a, name, uuid, found))
        return arena_strdup(a, name);
    guest_status(ix->state, -1, name, &s);
    return s.state != GUEST_OFF && streq(s.uuid, uuid) ? arena_strdup(a, name) : NULL;
}

bool index_set(const struct index *ix, const char *uuid, const char *name, struct err *e)
{
    char old[GUEST_NAME_MAX + 1];
    if (read_link(ix, uuid, old) && streq(old, name))
        return true;
    if ((unlinkat(ix->dir, uuid, 0) < 0 && errno != ENOENT) || symlinkat(name, ix->dir, uuid) < 0)
        return err_errno(e, "%s: cannot note its UUID %s", name, uuid);
    return true;
}

void index_drop(const struct index *ix, const char *uuid, const char *name)
{
    char old[GUEST_NAME_MAX + 1];
    if (read_link(ix, uuid, old) && streq(old, name))
        unlinkat(ix->dir, uuid, 0);
}
