/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_DEVICES_H
#define GUARD_DEVICES_H

#include "base/err.h"
#include "domain/domain.h"
#include "domain/objects.h"
#include "host/conf.h"

/* The device rules of a guest: which device nodes its cgroup lets QEMU open, as the devices controller of
 * cgroup v1 and a BPF program of v2 take them. Rules go by number, so nodes are looked at now. */
struct device_rule {
    char type; /* b, c */
    unsigned major;
    unsigned minor;
    bool any_minor;
    const char *access; /* r, rw */
    const char *path;   /* NULL: a whole major */
    const char *why;    /* "shared", "disk vda" */
};

struct device_rules {
    LIST(struct device_rule) all;
};

/* Fills *rules: the shared nodes (cgroup_device_acl of qemu.conf), then the domain's own. A node that is not there is left out with a note; a
 * disk of type block that is no block device is one, too. */
void devices_plan(const struct domain *d, const struct conf *conf, struct arena *a, struct device_rules *rules,
                  struct notes *notes);

/* The same with a list of objects of the caller's, who knows more than the document: the images below its disks. */
void devices_plan_objects(const struct domain *d, const struct objects *o, const struct conf *conf, struct arena *a,
                          struct device_rules *rules, struct notes *notes);

/* Where c sets no cgroup_device_acl: as if it set the list of libvirt `version` ("5", "5.6", "5.6.0"). The lists are those of its
 * manuals: before 5.6 with kqemu, rtc, hpet and net/tun, before 6.0 with rtc and hpet. False if it is no version. */
bool devices_compat(struct conf *c, struct arena *a, const char *version, struct err *e);

#endif
