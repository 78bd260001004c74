/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_DEVICES_H
#define RUN_PLAN_DEVICES_H

#include <jansson.h>

#include "qemu/argv.h"
#include "run/plan.h"

/* Opens what the command line expects at given numbers: taps (which vanish with their last descriptor), vhost, device
 * nodes. dry_run: nothing is opened. */
bool plan_devices(struct plan *p, const struct root *r, const struct command *c, bool dry_run, struct err *e);

/* The bridge of a libvirt network of the root, for <interface type='network'>: read from its definition. Whether the
 * network is up, the bridge's presence tells when the tap joins it. ST_NOENT: no such network, or it has no bridge. */
const char *plan_network_bridge(const struct root *r, struct arena *a, const char *network, struct err *e);

/* Writes the names of ptys (answer to query-chardev) into the domain's character devices. Only a character
 * device on devpts that belongs to owner is believed. */
void plan_ptys(struct domain *d, const json_t *chardevs, struct arena *a, uid_t owner);

#endif
