/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/users.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>

#include "base/file.h"

/* splitmix64: inode numbers are dense, and must not meet on one byte for being so. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

static bool lock_byte(int fd, const struct identity *id, short type)
{
    struct flock byte = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };
    byte.l_start = (off_t)(mix(mix(id->dev) ^ id->ino) >> 2);
    return fcntl(fd, F_OFD_SETLK, &byte) == 0;
}

int users_open(int claims, const char *name, struct err *e)
{
    int fd = openat(claims, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        err_errno(e, "claim %s", name);
    return fd;
}

bool users_join(int fd, const struct identity *id, long long deadline, struct err *e)
{
    while (!lock_byte(fd, id, F_RDLCK)) {
        if (errno != EAGAIN && errno != EACCES)
            return err_errno(e, "claim of an object");
        if (ms_left(deadline) == 0)
            return err_set(e, ST_BUSY, "another command is just giving it back");
        poll(NULL, 0, 5);
    }
    return true;
}

bool users_none(int fd, const struct identity *id)
{
    return lock_byte(fd, id, F_WRLCK);
}
