/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/name.h"
#include "store/lock.h"

bool guest_name_ok(const char *name, struct err *e)
{
    autostr struct str shown = STR_INIT;
    const char *fault = name_fault(name);
    if (!fault)
        return true;
    str_add_shown(&shown, name ? name : "");
    return err_set(e, ST_FAILED, "'%.300s' cannot be the name of a guest: %s", str_text(&shown), fault);
}

int guest_dir(int state, const char *name, bool make, struct err *e)
{
    if (!guest_name_ok(name, e))
        return -1;
    if (make && mkdirat(state, name, 0700) < 0 && errno != EEXIST) {
        err_errno(e, "%s: cannot make its state directory", name);
        return -1;
    }
    autoclose int fd = openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_errno(e, "%s: cannot open its state directory", name);
        return -1;
    }
    if (st.st_uid != geteuid() || st.st_mode & 077) {
        err_set(e, ST_PERM,
                "%s: its state directory is not trusted: it belongs to user id %u, mode %04o, where it should be yours "
                "alone (try: see who made it, then remove it)",
                name, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
        return -1;
    }
    return steal_fd(&fd);
}

int guest_lock(int state, const char *name, long long deadline, const char *what, int *dir, struct err *e)
{
    char path[GUEST_NAME_MAX + 8];
    for (;;) {
        autoclose int d = guest_dir(state, name, true, e);
        if (d < 0) {
            if (errno == ENOENT && e->status == ST_NOENT)
                continue; /* removed between being made and being opened */
            return -1;
        }
        autoclose int fd = lock_take(d, "lock", LOCK_EXCLUSIVE, deadline, name, what, e);
        if (fd < 0) {
            struct stat st;
            if (e->status == ST_NOENT && fstat(d, &st) == 0 && st.st_nlink == 0)
                continue;
            return -1;
        }
        snprintf(path, sizeof path, "%s/lock", name);
        if (!lock_still_there(state, path, fd))
            continue;
        *dir = steal_fd(&d);
        return steal_fd(&fd);
    }
}

void guest_dir_tidy(int state, const char *name, int dir)
{
    autodir DIR *d = fdopendir(dup(dir));
    if (!d)
        return;
    rewinddir(d);
    for (struct dirent *entry; (entry = readdir(d));)
        if (!streq(entry->d_name, ".") && !streq(entry->d_name, "..") && !streq(entry->d_name, "lock"))
            return;
    if (unlinkat(dir, "lock", 0) == 0)
        unlinkat(state, name, AT_REMOVEDIR);
}

bool guest_new_id(int state, unsigned *id, struct err *e)
{
    char text[64] = "", boot[37], then[40] = "";
    unsigned last = 0;
    /* The lock file is the counter: "BOOT-ID LAST". */
    autoclose int fd = openat(state, ".ids", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || !boot_id(boot))
        return err_errno(e, "cannot count guests: .ids");
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    while (fcntl(fd, F_OFD_SETLKW, &l) < 0)
        if (errno != EINTR)
            return err_errno(e, "cannot lock the counter of guests: .ids");
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    if (sscanf(text, "%39s %u", then, &last) != 2 || !streq(then, boot))
        last = 0;
    int len = snprintf(text, sizeof text, "%s %u\n", boot, last + 1);
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return err_errno(e, "cannot count guests: .ids");
    *id = last + 1;
    return true;
}
