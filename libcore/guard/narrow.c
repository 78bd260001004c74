/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/narrow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "base/str.h"
#include "guard/refuse.h"
#include "guard/ruleset.h"

const struct reach_row reach_rows[] = {
    { "caps-probe", REACH_NAMES | REACH_RUN, { { "--export", REACH_FILE } } },
    { "cg-acl", REACH_NAMES, { { "--show", REACH_INSPECT }, { "--apply, --remove, -- CMD", REACH_ALL } } },
    { "qmp-send", REACH_TALK, { { 0 } } },
    { "seclabel", REACH_NAMES, { { "--apply, --restore, -- CMD", REACH_ALL } } },
    { "vm-autostart", REACH_STORE, { { "--start, --stop", REACH_ALL } } },
    { "vm-conf", REACH_NAMES, { { 0 } } },
    { "vm-console", REACH_TALK, { { 0 } } },
    { "vm-define", REACH_RUN | REACH_STORE | REACH_REPAIR, { { 0 } } },
    { "vm-dumpxml", REACH_READ, { { 0 } } },
    { "vm-edit", REACH_RUN | REACH_STORE | REACH_REPAIR, { { 0 } } },
    { "vm-list", REACH_READ, { { 0 } } },
    { "vm-reap", REACH_ALL, { { 0 } } },
    { "vm-reset", REACH_TALK | REACH_REPAIR, { { 0 } } },
    { "vm-resume", REACH_TALK | REACH_REPAIR, { { 0 } } },
    { "vm-start", REACH_ALL, { { 0 } } },
    { "vm-stop", REACH_TALK | REACH_REPAIR, { { "several guests", REACH_ALL } } },
    { "vm-suspend", REACH_TALK | REACH_REPAIR, { { 0 } } },
    { "vm-undefine", REACH_STORE | REACH_OWN | REACH_REPAIR, { { "--nvram", REACH_REMOVE } } },
    { "vm-wait", REACH_TALK, { { 0 } } },
    { "xml-expand", REACH_RUN, { { 0 } } },
    { "xml-to-argv", REACH_RUN, { { 0 } } },
    { NULL, 0, { { 0 } } },
};

static const struct {
    unsigned reach;
    int dir; /* enum root_dir */
} writable[] = {
    { REACH_TALK | REACH_STORE, ROOT_STATE }, { REACH_TALK | REACH_STORE, ROOT_CLAIMS },
    { REACH_RUN | REACH_STORE, ROOT_PROBES }, { REACH_STORE, ROOT_ETC },
    { REACH_STORE, ROOT_AUTOSTART },          { REACH_STORE, ROOT_RUN },
};

static const struct reach_row *row_of(const char *program)
{
    for (const struct reach_row *row = reach_rows; row->program; row++)
        if (streq(row->program, program))
            return row;
    return NULL;
}

unsigned reach_of(const char *program)
{
    const struct reach_row *row = row_of(program);
    return row ? row->reach : REACH_ALL;
}

/* Whether options, "--apply, --restore", has that one. */
static bool has_option(const char *options, const char *option)
{
    size_t n = strlen(option);
    for (const char *at = options; at && (at = strstr(at, option)); at += n)
        if (at[n] == '\0' || at[n] == ',')
            return true;
    return false;
}

static unsigned reach_with(const char *program, const char *option)
{
    const struct reach_row *row = row_of(program);
    unsigned reach = reach_of(program);
    for (size_t i = 0; row && option && i < sizeof row->with / sizeof *row->with; i++)
        if (has_option(row->with[i].options, option))
            reach |= row->with[i].reach;
    return reach;
}

/* The directory, or the nearest above it that is there: the program makes what is missing below. */
static bool allow_below(int ruleset, const struct ruleset_wants *wants, const char *path)
{
    char at[PATH_MAX];
    snprintf(at, sizeof at, "%s", path);
    for (;;) {
        autoclose int fd = open(*at ? at : *path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            return ruleset_allow_fd(ruleset, wants, fd, LL_CHANGE);
        char *slash = strrchr(at, '/');
        if ((errno != ENOENT && errno != ENOTDIR && errno != EACCES) || !*at)
            return false;
        *(slash ? slash : at) = '\0';
    }
}

static bool fill(int ruleset, const struct ruleset_wants *wants, unsigned reach, const struct root *r, const char *file)
{
    const char *tmp = getenv("TMPDIR");
    for (size_t i = 0; i < sizeof writable / sizeof *writable; i++)
        if (r && reach & writable[i].reach && !allow_below(ruleset, wants, r->dir[writable[i].dir]))
            return false;
    if (reach & REACH_RUN && !allow_below(ruleset, wants, tmp && *tmp == '/' ? tmp : "/tmp"))
        return false;
    if (reach & REACH_FILE && file && !allow_below(ruleset, wants, file))
        return false;
    if (reach & REACH_OWN && r && !ruleset_allow(ruleset, wants, r->dir[ROOT_LIB_SWTPM], LL_REMOVE_FILE | LL_REMOVE_DIR))
        return false;
    if (reach & REACH_REMOVE && !ruleset_allow(ruleset, wants, "/", LL_REMOVE_FILE))
        return false;
    /* What SELinux's policy and AppArmor's profiles allow is asked by writing the question. */
    if (reach & REACH_NAMES && !(ruleset_allow(ruleset, wants, "/sys/fs/selinux/access", LL_WRITE_FILE) &&
                                 ruleset_allow(ruleset, wants, "/sys/fs/selinux/context", LL_WRITE_FILE) &&
                                 ruleset_allow(ruleset, wants, "/sys/kernel/security/apparmor/.access", LL_WRITE_FILE)))
        return false;
    /* Under SELinux, sockets are made at the level of the guest that they are for (base/sock.h). */
    if (reach & REACH_TALK && !ruleset_allow(ruleset, wants, SOCKET_ATTRIBUTES, LL_WRITE_FILE))
        return false;
    /* Terminals, and /dev/kvm for emulators. */
    return ruleset_allow(ruleset, wants, reach & (REACH_RUN | REACH_TALK) ? "/dev" : "/dev/null", LL_WRITE_FILE | LL_TRUNCATE);
}

static bool by_landlock(unsigned reach, const struct root *r, const char *file, struct err *e)
{
    struct ruleset_wants wants = {
        .fs = LL_CHANGE | (reach & REACH_RUN ? 0 : LL_EXECUTE),
        .net = LL_BIND_TCP | LL_CONNECT_TCP,
        .scoped = LL_SCOPE_ABSTRACT | (reach & REACH_TALK ? 0 : LL_SCOPE_SIGNAL),
    };
    autoclose int ruleset = ruleset_new(&wants);
    if (ruleset < 0)
        return true; /* an older kernel, or switched off */
    return (fill(ruleset, &wants, reach, r, file) && ruleset_enter(ruleset)) || err_errno(e, "cannot narrow itself by Landlock");
}

/* For each set of system calls, what a program must be able to have use for it. */
static const struct {
    unsigned set, reach;
} used[] = {
    { REFUSE_EXEC, REACH_RUN },
    { REFUSE_FORK, REACH_RUN | REACH_NAMES },   /* a child looks at files whose server may be dead */
    { REFUSE_SIGNAL, REACH_RUN | REACH_TALK },  /* vm-stop --force; who takes a console over tells the other */
    { REFUSE_SOCKET, REACH_TALK | REACH_NAMES },
    { REFUSE_BPF, REACH_INSPECT },
};

bool narrow_with(const char *program, const char *option, const char *file, const struct root *r, struct err *e)
{
    unsigned refuse = 0, reach = reach_with(program, option);
    if (reach & REACH_ALL)
        return true;
    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        if (!(reach & used[i].reach))
            refuse |= used[i].set;
    umask(022); /* a mode that comes out wrong cannot be mended from here on */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return true; /* a kernel older than either */
    return by_landlock(reach, r, file, e) && refuse_calls(refuse, e);
}

bool narrow(const char *program, const struct root *r, struct err *e)
{
    return narrow_with(program, NULL, NULL, r, e);
}
