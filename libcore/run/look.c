/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/look.h"

#include <errno.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/alive.h"

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool open_or_none(const struct root *r, enum root_dir which, int *fd, struct err *e)
{
    *fd = root_open(r, which, false, e);
    return *fd >= 0 || e->status == ST_NOENT;
}

bool look_again(struct look *l, struct err *e)
{
    autoclose int state = -1, run = -1;
    look_close(l);
    if (!open_or_none(l->root, ROOT_STATE, &state, e) || !open_or_none(l->root, ROOT_RUN, &run, e))
        return false;
    l->dir = state < 0 ? -1 : guest_dir(state, l->name, false, e);
    if (state >= 0 && l->dir < 0 && e->status != ST_NOENT)
        return false;
    guest_status(state, run, l->name, &l->s);
    if (!l->s.active || l->s.pid <= 0)
        return true;
    l->pidfd = l->s.libvirt || l->dir < 0 ? pidfd_open(l->s.pid, 0) : alive_pidfd(l->dir, "alive", &l->s.pid);
    /* Gone between the two questions: what is true now is asked anew. */
    if (l->pidfd < 0 && errno == ESRCH)
        guest_status(state, run, l->name, &l->s);
    return true;
}

bool look_open(struct look *l, const struct root *root, struct arena *a, const char *word,
               enum guest_by by, struct err *e)
{
    *l = (struct look){ .root = root, .dir = -1, .pidfd = -1 };
    l->name = guest_find(root, a, word, by, e);
    return l->name && look_again(l, e);
}

void look_close(struct look *l)
{
    close_fd(&l->dir);
    close_fd(&l->pidfd);
}

bool look_need_on(const struct look *l, bool starting, struct err *e)
{
    if (l->s.libvirt)
        return err_set(e, ST_STATE, "%s: runs under libvirt, as process %d (try: virsh)", l->name, (int)l->s.pid);
    if (l->s.active && l->s.pid <= 0)
        return err_set(e, ST_BUSY, "%s: runs on another machine or in another pid namespace", l->name);
    if (l->s.state == GUEST_STARTING)
        return starting || err_set(e, ST_STATE, "%s: is still starting", l->name);
    return l->s.active || err_set(e, ST_STATE, "%s: not running", l->name);
}
