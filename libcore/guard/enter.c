/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/enter.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/resource.h>

#include "guard/apparmor.h"

static bool set_limit(int which, unsigned long long value, bool exactly)
{
    struct rlimit now;
    if (!value && !exactly)
        return true;
    if (getrlimit(which, &now) < 0)
        return false;
    now.rlim_cur = value;
    if (now.rlim_max < value || exactly)
        now.rlim_max = value;
    return setrlimit(which, &now) == 0;
}

bool limits_enter(const struct enter_limits *l)
{
    return set_limit(RLIMIT_NOFILE, l->files, false) && set_limit(RLIMIT_NPROC, l->processes, false) &&
           set_limit(RLIMIT_CORE, l->core_zero ? 0 : l->core, l->core_zero);
}

/* The bounding set can only be dropped while the caller is still root, hence all in one step. */
bool user_enter(const struct enter_user *u)
{
    if (!u->change)
        return true;
    capng_clear(CAPNG_SELECT_BOTH);
    int r = capng_change_id((int)u->uid, (int)u->gid, CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
    if (r < 0 && errno == 0)
        errno = EPERM;
    return r == 0;
}

bool guard_enter(const struct enter *x, const char **what)
{
    *what = "cannot join its control groups";
    if (!cgroup_enter(&x->cgroup))
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
    *what = "cannot change to QEMU's user";
    return user_enter(&x->user);
}
