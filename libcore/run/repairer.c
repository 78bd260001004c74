/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/repairer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "guard/narrow.h"
#include "run/bindir.h"
#include "store/guest.h"

/* More guests than this are not looked at one by one. */
enum { LOOK_MAX = 64 };

static bool some_journal(const struct root *root)
{
    struct err e;
    char path[GUEST_NAME_MAX + 16];
    autoclose int state = root_open(root, ROOT_STATE, false, &e);
    autodir DIR *d = state < 0 ? NULL : fdopendir(steal_fd(&state));
    size_t n = 0;
    for (struct dirent *f; d && (f = readdir(d));) {
        snprintf(path, sizeof path, "%.*s/journal", (int)GUEST_NAME_MAX, f->d_name);
        if (*f->d_name != '.' && (++n > LOOK_MAX || faccessat(dirfd(d), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0))
            return true;
    }
    return false;
}

/* Until someone asks, or is gone. Not by ^C: what is begun then is done. */
static bool wait_for_order(int fd)
{
    char c;
    ssize_t n;
    setsid();
    while ((n = recv(fd, &c, 1, MSG_PEEK)) < 0 && errno == EINTR)
        ;
    return n > 0;
}

static _Noreturn void attend(const struct root *root, const char *path, int fd)
{
    struct repair_order unread;
    struct repair_said no = { .last = true };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* The end of the caller's output must show when the caller ends. */
    if (null < 0 || dup2(fd, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 || close_range(3, ~0U, 0) < 0 || !wait_for_order(0))
        _exit(0);
    execl(path, "vm-reap", "--connect", root->uri, "--repair-locked", (char *)NULL);
    err_errno(&no.err, "cannot run %s", path);
    /* Closed with something unread in it, the socket would lose the answer. */
    _exit(recv(0, &unread, sizeof unread, 0) < 0 || send(0, &no, sizeof no, MSG_NOSIGNAL) < 0);
}

static bool known(const struct notes *notes, const char *text)
{
    for (size_t i = 0; notes && i < notes->n; i++)
        if (streq(notes->text[i], text))
            return true;
    return false;
}

static bool order(const struct undoer *by, const struct life *l, int pidfd, const char *why, struct notes *notes, struct err *e)
{
    const struct repairer *r = (const struct repairer *)by;
    struct repair_order o = { 0 };
    struct repair_said said;
    (void)pidfd; /* it finds the process by itself */
    if (r->fd < 0)
        return err_set(e, ST_BUSY, "%s: has been started since this command began (try again)", l->name);
    snprintf(o.name, sizeof o.name, "%s", l->name);
    snprintf(o.why, sizeof o.why, "%s", why);
    if (send_with_fd(r->fd, &o, sizeof o, l->lock) < 0)
        return err_errno(e, "%s: cannot ask for its repair", l->name);
    for (;;) {
        ssize_t n = recv(r->fd, &said, sizeof said, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != sizeof said)
            return err_set(e, ST_FAILED, "%s: the process that repairs has gone (try: vm-reap)", l->name);
        if (said.last)
            break;
        if (!known(notes, said.err.text))
            note_add(notes, "%s", said.err.text);
    }
    if (!said.ok)
        *e = said.err;
    return said.ok;
}

bool repairer_open(struct repairer *r, const char *program, const struct root *root, bool always, struct err *e)
{
    autoarena struct arena *a = arena_new();
    int pair[2];
    *r = (struct repairer){ .by = { order }, .fd = -1 };
    if (!(reach_of(program) & REACH_REPAIR) || (!always && !some_journal(root)))
        return true;
    const char *path = arena_printf(a, "%s/vm-start", bindir_find(a));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, "cannot make a socket pair");
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        attend(root, path, pair[1]);
    }
    close(pair[1]);
    r->fd = pair[0];
    if (child > 0)
        return true;
    repairer_close(r);
    return err_errno(e, "cannot fork");
}

void repairer_close(struct repairer *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}
