/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_DRIVER_H
#define GUARD_DRIVER_H

#include <stdbool.h>

#include "base/err.h"
#include "domain/domain.h"
#include "domain/objects.h"
#include "domain/seclabel.h"
#include "host/conf.h"
#include "host/root.h"

/* Mandatory access control: which of its two drivers guests of a root are under, and which labels of a domain are for
 * it. Keys security_driver, security_default_confined and security_require_confined of qemu.conf. */

enum mac { MAC_NONE, MAC_SELINUX, MAC_APPARMOR };
extern const char *const mac_names[3]; /* "none", "selinux", "apparmor": models of <seclabel> and values of security_driver */

struct mac_driver {
    enum mac which;
    const char *why;       /* "enabled in this kernel", "/etc/libvirt/qemu.conf:12" */
    bool default_confined; /* a guest without a <seclabel> for it gets a label */
    bool require_confined; /* one that wants none is refused */
    const char *sysroot;   /* in place of /, for tests: VMUTILS_SYSROOT, in embed roots only; NULL: none */
};

/* The driver: the one that qemu.conf names (ST_FAILED with file and line where this host does not have it, or nobody has), else
 * the one that the kernel has enabled. Looks at a few files; loads nothing. why lives in a. */
bool mac_driver(struct mac_driver *m, const struct conf *conf, const struct root *r, struct arena *a, struct err *e);

/* Whether qemu.conf lets guests be under that driver, wherever a kernel has it. */
bool mac_wanted(const struct conf *conf, enum mac which);

/* The domain's <seclabel> for the driver: of that model, or of no model, which means whatever driver is active. NULL: none. */
const struct seclabel *mac_label(const struct mac_driver *m, const struct domain *d);

/* The same for one source of the domain. */
const struct seclabel *mac_object_label(const struct mac_driver *m, const struct object *o);

/* Whether the guest is to be confined by the driver; *why says why not. False: it must be and does not want to (ST_FAILED, names the
 * line), or it asks for a model that is not active. */
bool mac_confined(const struct mac_driver *m, const struct domain *d, bool *confined, const char **why, struct err *e);

#endif
