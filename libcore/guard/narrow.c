/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/narrow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "base/str.h"
#include "guard/refuse.h"
#include "guard/ruleset.h"

const char *const reach_names[5] = { "names", "talk", "run", "store", "all" };

const struct reach_row reach_rows[] = {
    { "caps-probe", REACH_RUN, "--export" },
    { "cg-acl", REACH_NAMES, "--apply, --show, --remove, -- CMD" },
    { "qmp-send", REACH_TALK, NULL },
    { "seclabel", REACH_NAMES, "--apply, --restore, --show, --check, -- CMD" },
    { "vm-autostart", REACH_STORE, "--start, --stop" },
    { "vm-conf", REACH_NAMES, NULL },
    { "vm-console", REACH_TALK, NULL },
    { "vm-define", REACH_RUN | REACH_STORE, NULL },
    { "vm-dumpxml", REACH_READ, NULL },
    { "vm-edit", REACH_ALL, NULL },
    { "vm-list", REACH_READ, NULL },
    { "vm-reap", REACH_ALL, NULL },
    { "vm-reset", REACH_ALL, NULL },
    { "vm-resume", REACH_ALL, NULL },
    { "vm-start", REACH_ALL, NULL },
    { "vm-stop", REACH_ALL, NULL },
    { "vm-suspend", REACH_ALL, NULL },
    { "vm-undefine", REACH_ALL, NULL }, /* undoes what a start that was killed has left, wherever it is */
    { "vm-wait", REACH_TALK, NULL },
    { "xml-expand", REACH_RUN, NULL },
    { "xml-to-argv", REACH_RUN, NULL },
    { NULL, 0, NULL },
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

/* The directory, or the nearest above it that is there: the program makes what is missing below. */
static bool allow_below(int ruleset, const struct ruleset_wants *wants, const char *path)
{
    char at[PATH_MAX];
    snprintf(at, sizeof at, "%s", path);
    for (;;) {
        autoclose int fd = open(*at ? at : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            return ruleset_allow_fd(ruleset, wants, fd, LL_CHANGE);
        char *slash = strrchr(at, '/');
        if ((errno != ENOENT && errno != ENOTDIR && errno != EACCES) || !slash)
            return false;
        *slash = '\0';
    }
}

static bool fill(int ruleset, const struct ruleset_wants *wants, unsigned reach, const struct root *r)
{
    const char *tmp = getenv("TMPDIR");
    for (size_t i = 0; i < sizeof writable / sizeof *writable; i++)
        if (r && reach & writable[i].reach && !allow_below(ruleset, wants, r->dir[writable[i].dir]))
            return false;
    if (reach & REACH_RUN && !allow_below(ruleset, wants, tmp && *tmp == '/' ? tmp : "/tmp"))
        return false;
    /* What SELinux's policy allows is asked by writing the question. */
    if (reach & REACH_NAMES && !(ruleset_allow(ruleset, wants, "/sys/fs/selinux/access", LL_WRITE_FILE) &&
                                 ruleset_allow(ruleset, wants, "/sys/fs/selinux/context", LL_WRITE_FILE)))
        return false;
    /* Under SELinux, sockets are made at the level of the guest that they are for (base/sock.h). */
    if (reach & REACH_TALK && !ruleset_allow(ruleset, wants, SOCKET_ATTRIBUTES, LL_WRITE_FILE))
        return false;
    /* Terminals, and /dev/kvm for emulators. */
    return ruleset_allow(ruleset, wants, reach & (REACH_RUN | REACH_TALK) ? "/dev" : "/dev/null", LL_WRITE_FILE | LL_TRUNCATE);
}

static bool by_landlock(unsigned reach, const struct root *r, struct err *e)
{
    struct ruleset_wants wants = {
        .fs = LL_CHANGE | (reach & REACH_RUN ? 0 : LL_EXECUTE),
        .net = LL_BIND_TCP | LL_CONNECT_TCP,
        .scoped = LL_SCOPE_ABSTRACT | (reach & REACH_TALK ? 0 : LL_SCOPE_SIGNAL),
    };
    autoclose int ruleset = ruleset_new(&wants);
    if (ruleset < 0)
        return true; /* an older kernel, or switched off */
    return (fill(ruleset, &wants, reach, r) && ruleset_enter(ruleset)) || err_errno(e, "cannot narrow itself by Landlock");
}

bool narrow(const char *program, const struct root *r, struct err *e)
{
    const struct reach_row *row = row_of(program);
    unsigned refuse = 0;
    if (!row || row->reach & REACH_ALL)
        return true;
    if (!(row->reach & REACH_RUN))
        refuse |= REFUSE_EXEC;
    if (!(row->reach & (REACH_RUN | REACH_NAMES)))
        refuse |= REFUSE_FORK; /* a child looks at files whose server may be dead */
    if (!(row->reach & (REACH_RUN | REACH_TALK)))
        refuse |= REFUSE_SIGNAL; /* who takes a console over tells the other */
    if (!(row->reach & (REACH_RUN | REACH_TALK | REACH_NAMES)))
        refuse |= REFUSE_SOCKET;
    if (!(row->reach & REACH_STORE))
        refuse |= REFUSE_METADATA;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return true; /* a kernel older than either */
    return by_landlock(row->reach, r, e) && refuse_calls(refuse, e);
}
