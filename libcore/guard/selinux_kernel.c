/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/selinux_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <selinux/selinux.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "guard/enter.h"
#include "guard/selinux.h"
#include "guard/selinux_row.h"

bool selinux_at_work(void)
{
    return is_selinux_enabled() > 0;
}

bool selinux_enforcing(void)
{
    return selinux_at_work() && security_getenforce() != 0;
}

const char *selinux_own(struct arena *a)
{
    char *own = NULL;
    if (!selinux_at_work() || getcon_raw(&own) < 0)
        return NULL;
    const char *copy = arena_strdup(a, own);
    freecon(own);
    return copy;
}

bool selinux_allows(const char *subject, const char *object, const char *class, const char *perm)
{
    struct av_decision d;
    if (!selinux_at_work())
        return true;
    security_class_t c = string_to_security_class(class);
    access_vector_t p = c ? string_to_av_perm(c, perm) : 0;
    /* A class or permission that this policy does not know is not controlled by it. */
    if (!p)
        return security_deny_unknown() != 1;
    /* Whoever may not ask learns it from exec. */
    if (security_compute_av_flags_raw(subject, object, c, p, &d) < 0)
        return errno == EACCES || errno == EPERM;
    return (d.allowed & p) || (d.flags & SELINUX_AVD_FLAGS_PERMISSIVE);
}

int selinux_boolean(const char *name)
{
    return selinux_at_work() ? security_get_boolean_active(name) : -1;
}

bool selinux_valid(const char *context)
{
    return !selinux_at_work() || security_check_context_raw(context) == 0;
}

bool selinux_enter(const struct enter_selinux *x)
{
    return !x->label || setexeccon_raw(x->label) == 0;
}

bool selinux_make(const struct enter_selinux *x, bool on, struct err *e)
{
    return !x->label || (setsockcreatecon_raw(on ? x->label : NULL) == 0 && setfscreatecon_raw(on ? x->image : NULL) == 0) ||
           err_errno(e, "SELinux: cannot make sockets with the label %s", x->label);
}

bool selinux_hand_over(const struct enter_selinux *x, int fd, struct err *e)
{
    struct selinux_state now;
    struct stat st;
    if (!x->label || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return true;
    if (!selinux_look(fd, &now))
        return err_errno(e, "SELinux: cannot tell the label of a descriptor that QEMU inherits");
    int flags = fcntl(fd, F_GETFL);
    bool appends = flags >= 0 && flags & O_APPEND && (flags & O_ACCMODE) == O_WRONLY;
    if (appends && selinux_allows(x->label, now.label, "file", "append"))
        return true;
    if (!appends && selinux_allows(x->label, now.label, "file", "read") && selinux_allows(x->label, now.label, "file", "write"))
        return true;
    return fsetfilecon_raw(fd, x->shared) == 0 || err_errno(e, "SELinux: cannot change a label from %s to %s", now.label, x->shared);
}
