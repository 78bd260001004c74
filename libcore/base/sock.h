/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

/* A stream socket (AF_UNIX, close-on-exec) fit to be connected to the socket file behind the descriptor path (O_PATH will do). Under
 * SELinux the listener's end of a connection takes the level of whoever connects, and a confined listener may then not read from it: so the
 * socket is made at the file's level. Descriptor, or -1 with errno. */
int socket_towards(int path);

/* The directory that it writes to for that. */
#define SOCKET_ATTRIBUTES "/proc/thread-self/attr"

#endif
