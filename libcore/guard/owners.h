/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_OWNERS_H
#define GUARD_OWNERS_H

#include <sys/types.h>

#include "base/err.h"
#include "domain/domain.h"
#include "domain/objects.h"
#include "host/conf.h"

/* Who owns the guest's files now and who is to own them while it runs: the DAC layer. Nothing is changed here;
 * vm-start makes journal rows of it, seclabel prints it. */
struct owner {
    const struct object *object;
    bool exists;
    uid_t uid;         /* now */
    gid_t gid;
    mode_t mode;
    bool change;       /* is to become want_uid:want_gid before QEMU starts */
    uid_t want_uid;
    gid_t want_gid;
    const char *kept;  /* why it is left as it is; NULL when change */
};

struct owners {
    uid_t uid; /* QEMU's process */
    gid_t gid;
    LIST(struct owner) all;
};

/* Whom QEMU runs as: a static DAC label of the domain, else qemu.conf's user and group where root starts it
 * (privileged), else the caller. */
bool owners_process(const struct domain *d, const struct conf *conf, bool privileged, uid_t *uid, gid_t *gid, struct err *e);

/* One entry for each object of the domain. Labels "USER:GROUP" by name or +number. A missing file is no error
 * here (exists = false); a label that names no user is. */
bool owners_plan(const struct domain *d, const struct conf *conf, bool privileged, struct arena *a, struct owners *o,
                 struct err *e);

#endif
