/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_DAC_H
#define GUARD_DAC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "guard/guard.h"
#include "guard/kind.h"

/* Discretionary access control: QEMU's user and group, and owners of what a guest uses. Rows of kind "owner" have states
 * "UID:GID". The object is opened without following a link and changed through that descriptor, so that what was
 * looked at is what is changed. Guests that use one object share a claim on it; the last one gives the owner back. */
extern const struct row_kind dac_kinds[];

/* Whom QEMU runs as: a static DAC label of the domain, else qemu.conf's user and group where root starts it
 * (privileged), else the caller. A label that names no user is an error. */
bool dac_process(const struct domain *d, const struct conf *conf, bool privileged, uid_t *uid, gid_t *gid, struct err *e);

/* One entry for each object of the domain, and rows for those whose owner changes. A missing file is no error here. */
bool dac_layer(struct guard *g, struct err *e);

#endif
