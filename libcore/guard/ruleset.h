/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_RULESET_H
#define GUARD_RULESET_H

#include <stdbool.h>
#include <stdint.h>

/* Landlock's system calls, for kernels newer than the headers that this was built with. No library is needed. */

enum {
    LL_EXECUTE = 1 << 0,
    LL_WRITE_FILE = 1 << 1,
    LL_READ_FILE = 1 << 2,
    LL_READ_DIR = 1 << 3,
    LL_REMOVE_DIR = 1 << 4,
    LL_REMOVE_FILE = 1 << 5,
    LL_MAKE_CHAR = 1 << 6,
    LL_MAKE_DIR = 1 << 7,
    LL_MAKE_REG = 1 << 8,
    LL_MAKE_SOCK = 1 << 9,
    LL_MAKE_FIFO = 1 << 10,
    LL_MAKE_BLOCK = 1 << 11,
    LL_MAKE_SYM = 1 << 12,
    LL_REFER = 1 << 13,     /* from ABI 2 */
    LL_TRUNCATE = 1 << 14,  /* from ABI 3 */
    LL_IOCTL_DEV = 1 << 15, /* from ABI 5 */

    LL_MAKE = LL_MAKE_CHAR | LL_MAKE_DIR | LL_MAKE_REG | LL_MAKE_SOCK | LL_MAKE_FIFO | LL_MAKE_BLOCK | LL_MAKE_SYM,
    LL_CHANGE = LL_WRITE_FILE | LL_REMOVE_DIR | LL_REMOVE_FILE | LL_MAKE | LL_REFER | LL_TRUNCATE,
    /* What makes sense for a file; a rule on one must have nothing else. */
    LL_OF_FILE = LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE | LL_IOCTL_DEV,
};
enum { LL_BIND_TCP = 1 << 0, LL_CONNECT_TCP = 1 << 1 };      /* from ABI 4 */
enum { LL_SCOPE_ABSTRACT = 1 << 0, LL_SCOPE_SIGNAL = 1 << 1 }; /* from ABI 6 */

struct ruleset_wants {
    uint64_t fs, net, scoped; /* what is refused unless a rule allows it; as far as the kernel knows of it */
};

/* Version of Landlock's interface in this kernel; 0: there is none, or it is switched off. */
int ruleset_abi(void);

/* A new ruleset, close-on-exec; *wants becomes what the kernel knows. -1 with errno (EOPNOTSUPP: no Landlock). */
int ruleset_new(struct ruleset_wants *wants);

/* Allows fs (of those that are refused; cut to what makes sense where at is no directory) for what at, an
 * O_PATH descriptor, is, and for all beneath. False with errno. */
bool ruleset_allow_fd(int ruleset, const struct ruleset_wants *wants, int at, uint64_t fs);
/* The same by path. What is not there is passed over: true. */
bool ruleset_allow(int ruleset, const struct ruleset_wants *wants, const char *path, uint64_t fs);
/* A TCP port for LL_BIND_TCP, LL_CONNECT_TCP. */
bool ruleset_allow_port(int ruleset, const struct ruleset_wants *wants, uint16_t port, uint64_t net);

/* From now on, for this process and all that come of it. Without CAP_SYS_ADMIN no_new_privs must be set. */
bool ruleset_enter(int ruleset);
/* The same; what programs that are executed later are refused goes to the audit log, too (from ABI 7). */
bool ruleset_enter_logged(int ruleset, int abi);

#endif
