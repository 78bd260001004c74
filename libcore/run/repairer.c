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
#include "run/life.h"
#include "store/guest.h"

/* More guests than this are not looked at one by one. */
enum { LOOK_MAX = 64 };

struct reply {
    bool ok;
    struct err err;
    char note[1024]; /* the first */
};

static bool repair(const struct root *root, const char *name, struct notes *notes, struct err *e)
{
    autoarena struct arena *a = arena_new();
    enum life_is is;
    autoclose int pidfd = -1;
    struct life l;
    if (!life_open(&l, root, a, name, false, e))
        return false;
    bool ok = life_repair(&l, &is, &pidfd, notes, e);
    life_close(&l);
    return ok;
}

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

static _Noreturn void serve(const struct root *root, int fd)
{
    char name[GUEST_NAME_MAX + 1];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++) /* the end of the caller's output must show when the caller ends */
        dup2(null, i);
    for (;;) {
        autoarena struct arena *a = arena_new();
        struct notes notes = { .arena = a };
        struct reply r = { 0 };
        ssize_t n = recv(fd, name, sizeof name - 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0);
        name[n] = '\0';
        r.ok = guest_name_ok(name, &r.err) && repair(root, name, &notes, &r.err);
        snprintf(r.note, sizeof r.note, "%s", notes.n ? notes.text[0] : "");
        send(fd, &r, sizeof r, MSG_NOSIGNAL);
    }
}

bool repairer_open(struct repairer *r, const struct root *root, struct err *e)
{
    int pair[2];
    r->fd = -1;
    if (!some_journal(root))
        return true;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(e, "cannot make a socket pair");
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        serve(root, pair[1]);
    }
    close(pair[1]);
    r->fd = pair[0];
    if (child > 0)
        return true;
    repairer_close(r);
    return err_errno(e, "cannot fork");
}

bool repairer_ask(void *repairer, const char *name, struct notes *notes, struct err *e)
{
    const struct repairer *r = repairer;
    struct reply reply;
    ssize_t n;
    if (r->fd < 0)
        return err_set(e, ST_BUSY, "%s: has been started since this command began (try again)", name);
    if (send(r->fd, name, strlen(name), MSG_NOSIGNAL) < 0)
        return err_errno(e, "%s: cannot ask for its repair", name);
    while ((n = recv(r->fd, &reply, sizeof reply, 0)) < 0 && errno == EINTR)
        ;
    if (n != sizeof reply)
        return err_set(e, ST_FAILED, "%s: the process that repairs has gone", name);
    if (*reply.note)
        note_add(notes, "%s", reply.note);
    if (!reply.ok)
        *e = reply.err;
    return reply.ok;
}

void repairer_close(struct repairer *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}
