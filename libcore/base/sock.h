/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

#include <stddef.h>
#include <sys/types.h>

/* One message with a descriptor beside it; fd -1: none. As send() with MSG_NOSIGNAL. */
ssize_t send_with_fd(int sock, const void *data, size_t n, int fd);
/* As recv(); *fd: the descriptor that came with it, close-on-exec, the caller's to close; -1: none. */
ssize_t recv_with_fd(int sock, void *data, size_t n, int *fd);

/* A stream socket (AF_UNIX, close-on-exec) fit to be connected to the socket file behind the descriptor path (O_PATH will do). Under
 * SELinux the listener's end of a connection takes the level of whoever connects, and a confined listener may then not read from it: so the
 * socket is made at the file's level. Descriptor, or -1 with errno. */
int socket_towards(int path);

/* The directory that it writes to for that. */
#define SOCKET_ATTRIBUTES "/proc/thread-self/attr"

#endif
