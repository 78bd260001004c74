/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static bool put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) >= 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

bool user_namespace_enter(void)
{
    char uids[32], gids[32];
    snprintf(uids, sizeof uids, "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    snprintf(gids, sizeof gids, "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && put("/proc/self/setgroups", "deny") && put("/proc/self/uid_map", uids) &&
           put("/proc/self/gid_map", gids) && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) == 0;
}

bool user_namespace_works(void)
{
    static int known = -1;
    int status = -1;
    if (known >= 0)
        return known;
    pid_t child = fork();
    if (child == 0)
        _exit(user_namespace_enter() && mount("none", "/", "tmpfs", 0, "size=4k") == 0 ? 0 : 1);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    known = status == 0;
    return known;
}
