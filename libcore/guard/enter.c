/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/enter.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "guard/apparmor.h"

bool enter_takes_label(const struct enter *x)
{
    return x->apparmor || x->selinux.label;
}

bool enter_hold(struct enter *x, int fd, size_t *at, struct err *e)
{
    if (x->n_fds == ENTER_FDS) {
        close(fd);
        return err_set(e, ST_FAILED, "too many descriptors for one guest");
    }
    x->fds[x->n_fds++] = fd;
    *at = x->n_fds;
    return true;
}

bool guard_prepare(struct enter *x, struct notes *notes, struct err *e)
{
    /* Landlock's rules go by file, and those of the new /dev are others than the host's. */
    return mounts_prepare(x, notes, e) && landlock_prepare(x, notes, e) && sockets_prepare(x, e);
}

const char *guard_attributes(const struct enter *x, struct arena *a)
{
    autostr struct str text = STR_INIT;
    if (x->landlock.abi)
        str_addf(&text, " landlock='%d'", x->landlock.abi);
    str_addf(&text, " sockets='%s'", x->sockets.no_unix ? "denied" : x->mounts.hides_monitors ? "hidden" : "open");
    if (x->tainted)
        str_addf(&text, " taint='%s'", x->tainted);
    return arena_strdup(a, str_text(&text));
}

void guard_release(struct enter *x)
{
    for (size_t i = 0; i < x->n_fds; i++)
        close(x->fds[i]);
    x->n_fds = 0;
    sockets_release(&x->sockets);
}

bool guard_enter(const struct enter *x, const char **what)
{
    *what = "cannot join its control groups";
    if (!cgroup_enter(&x->cgroup))
        return false;
    *what = "cannot take a mount namespace of its own";
    if (!mounts_enter(x))
        return false;
    *what = "cannot set resource limits";
    if (!limits_enter(&x->limits))
        return false;
    *what = "cannot take on the SELinux label";
    if (!selinux_enter(&x->selinux))
        return false;
    *what = "cannot change into the guest's AppArmor profile";
    if (!apparmor_enter(x->apparmor))
        return false;
    *what = "cannot forbid new privileges";
    if (!privileges_forbid_new(x))
        return false;
    *what = "cannot confine QEMU by Landlock";
    if (!landlock_enter(x))
        return false;
    /* Before the user changes: root needs no no_new_privs for it. */
    *what = "cannot confine QEMU by seccomp";
    if (!sockets_enter(&x->sockets))
        return false;
    *what = "cannot change to QEMU's user";
    return user_enter(&x->user);
}
