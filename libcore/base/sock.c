/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"

/* user:role:type:level */
static const char *level_of(const char *context)
{
    for (int i = 0; i < 3 && context; i++) {
        context = strchr(context, ':');
        context = context ? context + 1 : NULL;
    }
    return context;
}

static bool own_context(char *context, size_t size)
{
    autoclose int fd = open(SOCKET_ATTRIBUTES "/current", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, context, size - 1);
    if (n <= 0)
        return false;
    context[n] = '\0';
    context[strcspn(context, "\n")] = '\0';
    return true;
}

/* As libselinux's setsockcreatecon(), which programs that only talk to QEMU would load for this alone. */
static void make_sockets_as(const char *context)
{
    autoclose int fd = open(SOCKET_ATTRIBUTES "/sockcreate", O_RDWR | O_CLOEXEC);
    /* Refused: the socket is made as ever, and the connection tells whether that will do. */
    if (fd >= 0 && write(fd, context, strlen(context) + 1) < 0)
        return;
}

int socket_towards(int path)
{
    char self[40], label[1024], own[1024], wanted[2048];
    snprintf(self, sizeof self, "/proc/self/fd/%d", path);
    ssize_t n = getxattr(self, "security.selinux", label, sizeof label - 1);
    label[n > 0 ? n : 0] = '\0';
    const char *level = level_of(label);
    bool set = level && own_context(own, sizeof own) && level_of(own);
    if (set) {
        snprintf(wanted, sizeof wanted, "%.*s%s", (int)(level_of(own) - own), own, level);
        make_sockets_as(wanted);
    }
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), why = errno;
    if (set)
        make_sockets_as("");
    errno = why;
    return s;
}

ssize_t send_with_fd(int sock, const void *data, size_t n, int fd)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fd)] = { 0 };
    struct iovec iov = { (void *)data, n };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (fd >= 0) {
        m.msg_control = control;
        m.msg_controllen = sizeof control;
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        *h = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd) };
        memcpy(CMSG_DATA(h), &fd, sizeof fd);
    }
    return sendmsg(sock, &m, MSG_NOSIGNAL);
}

ssize_t recv_with_fd(int sock, void *data, size_t n, int *fd)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof *fd)];
    struct iovec iov = { data, n };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    *fd = -1;
    ssize_t got = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
    struct cmsghdr *h = got < 0 ? NULL : CMSG_FIRSTHDR(&m);
    if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(h), sizeof *fd);
    return got;
}
