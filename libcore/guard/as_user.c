/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/as_user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { GROUPS = 1024, NOBODY = 65534 };

/* The system calls themselves: those of the C library would change the other threads, too. */
static bool set_groups(int n, const gid_t *groups)
{
    return syscall(SYS_setgroups, (long)n, groups) == 0;
}

static bool ask(const char *path, const struct stat *wanted, int access)
{
    struct stat st;
    autoclose int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    if (st.st_dev != wanted->st_dev || st.st_ino != wanted->st_ino) {
        errno = ESTALE;
        return false;
    }
    return faccessat(fd, "", access, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

bool user_may_open(uid_t uid, const char *path, int fd, int access)
{
    gid_t his[GROUPS], ours[GROUPS];
    int n_his = GROUPS, n_ours = getgroups(GROUPS, ours);
    const struct passwd *pw = getpwuid(uid);
    gid_t gid = pw ? pw->pw_gid : NOBODY;
    struct stat st;
    if (!pw)
        n_his = 0;
    else if (getgrouplist(pw->pw_name, gid, his, &n_his) < 0)
        n_his = GROUPS;
    if (n_ours < 0 || fstat(fd, &st) < 0 || !set_groups(n_his, his))
        return false;
    /* Without their effect on files, capabilities stay: the way back is open. */
    setfsgid(gid);
    setfsuid(uid);
    bool may = setfsuid((uid_t)-1) == (int)uid && ask(path, &st, access);
    int error = errno;
    setfsuid(geteuid());
    setfsgid(getegid());
    if (!set_groups(n_ours, ours))
        abort();
    errno = error;
    return may;
}
