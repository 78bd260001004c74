/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Debian 12's <linux/landlock.h> ends with ABI 2. */
enum { CREATE_VERSION = 1, RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2, LOG_NEW_EXEC_ON = 2, LOG_FROM = 7 };

struct path_rule {
    uint64_t fs;
    int32_t at;
} __attribute__((packed));

struct port_rule {
    uint64_t net, port;
};

/* What each version added; a kernel takes no attribute that is longer than it knows, and no right. */
static const struct {
    size_t attr;
    uint64_t fs, net, scoped;
} versions[] = {
    { 0, 0, 0, 0 },
    { 8, (1 << 13) - 1, 0, 0 },
    { 8, (1 << 14) - 1, 0, 0 },
    { 8, (1 << 15) - 1, 0, 0 },
    { 16, (1 << 15) - 1, LL_BIND_TCP | LL_CONNECT_TCP, 0 },
    { 16, (1 << 16) - 1, LL_BIND_TCP | LL_CONNECT_TCP, 0 },
    { 24, (1 << 16) - 1, LL_BIND_TCP | LL_CONNECT_TCP, LL_SCOPE_ABSTRACT | LL_SCOPE_SIGNAL },
};

int ruleset_abi(void)
{
    static int abi = -1; /* the kernel's for good */
    if (abi < 0) {
        long now = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
        abi = now > 0 ? (int)now : 0;
    }
    return abi;
}

int ruleset_new(struct ruleset_wants *wants)
{
    int abi = ruleset_abi(), last = sizeof versions / sizeof *versions - 1;
    if (abi > last)
        abi = last;
    wants->fs &= versions[abi].fs;
    wants->net &= versions[abi].net;
    wants->scoped &= versions[abi].scoped;
    if (abi == 0) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_landlock_create_ruleset, wants, versions[abi].attr, 0);
}

bool ruleset_allow_fd(int ruleset, const struct ruleset_wants *wants, int at, uint64_t fs)
{
    struct stat st;
    if (fstat(at, &st) < 0)
        return false;
    struct path_rule rule = { fs & wants->fs & (S_ISDIR(st.st_mode) ? ~0ULL : LL_OF_FILE), at };
    return !rule.fs || syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
}

bool ruleset_allow(int ruleset, const struct ruleset_wants *wants, const char *path, uint64_t fs)
{
    autoclose int at = open(path, O_PATH | O_CLOEXEC);
    if (at < 0)
        return errno == ENOENT || errno == ENOTDIR;
    return ruleset_allow_fd(ruleset, wants, at, fs);
}

bool ruleset_allow_port(int ruleset, const struct ruleset_wants *wants, uint16_t port, uint64_t net)
{
    struct port_rule rule = { net & wants->net, port };
    return !rule.net || syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) == 0;
}

bool ruleset_enter(int ruleset)
{
    return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

bool ruleset_enter_logged(int ruleset, int abi)
{
    return syscall(SYS_landlock_restrict_self, ruleset, abi >= LOG_FROM ? LOG_NEW_EXEC_ON : 0) == 0;
}
