/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/guest.h"

/* Who has a lock that keeps us from a lock of this type. -1: someone whose pid is not to be seen. */
static pid_t holder(int run, const char *file, short type)
{
    autoclose int fd = run < 0 ? -1 : openat(run, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct flock l = { .l_type = type, .l_whence = SEEK_SET };
    if (fd < 0 || fcntl(fd, F_OFD_GETLK, &l) < 0 || l.l_type == F_UNLCK)
        return 0;
    return l.l_pid > 0 ? l.l_pid : -1;
}

pid_t beside_guest(int run, const char *name)
{
    char file[GUEST_NAME_MAX + 8];
    /* The daemon's own, and shared by our guests: libvirt itself could not run a guest of that name. */
    if (streq(name, "driver"))
        return 0;
    snprintf(file, sizeof file, "%s.pid", name);
    return holder(run, file, F_WRLCK);
}

pid_t beside_daemon(int run)
{
    return holder(run, "driver.pid", F_RDLCK);
}

bool beside_root_free(const struct root *r, struct err *e)
{
    struct err none;
    autoclose int run = root_open(r, ROOT_RUN, false, &none);
    pid_t pid = beside_daemon(run);
    return !pid || err_set(e, ST_BUSY,
                           "%s: a libvirt daemon (pid %d) owns this root (try: systemctl stop libvirtd.socket libvirtd "
                           "virtqemud, or another root with -c)",
                           r->uri, (int)pid);
}

bool beside_guest_free(const struct root *r, const char *name, struct err *e)
{
    struct err none;
    autoclose int run = root_open(r, ROOT_RUN, false, &none);
    pid_t pid = beside_guest(run, name);
    return !pid || err_set(e, ST_STATE, "%s: runs under libvirt (pid %d) (try: virsh)", name, (int)pid);
}

int beside_claim_root(const struct root *r, struct err *e)
{
    autoclose int run = root_open(r, ROOT_RUN, true, e);
    if (run < 0)
        return -1;
    autoclose int fd = openat(run, "driver.pid", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &l) == 0)
        return steal_fd(&fd);
    if (fd < 0 || (errno != EAGAIN && errno != EACCES))
        err_errno(e, "cannot lock %s/driver.pid", r->dir[ROOT_RUN]);
    else if (beside_root_free(r, e))
        err_set(e, ST_BUSY, "%s: a libvirt daemon is just starting or ending there (try: again)", r->uri);
    return -1;
}
