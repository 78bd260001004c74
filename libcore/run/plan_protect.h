/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_PROTECT_H
#define RUN_PLAN_PROTECT_H

#include "domain/domain.h"
#include "host/conf.h"

/* Keys of qemu.conf that ask for a protection which vmutils does not have (passwords, SASL, TLS by default, disk locks, filters): false with
 * the key's line if d has a device that would be without it. Where it has none they are as harmless as any key that is passed over. */
bool plan_protect(const struct domain *d, const struct conf *conf, struct arena *a, struct err *e);

#endif
