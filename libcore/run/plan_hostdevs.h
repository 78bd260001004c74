/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_HOSTDEVS_H
#define RUN_PLAN_HOSTDEVS_H

#include "base/err.h"
#include "domain/domain.h"
#include "domain/hostdev.h"
#include "host/root.h"

/* Finds the host devices of d, which is about to start: a USB device that is named by vendor and product gets the address
 * of the one that is plugged in, so that QEMU opens that one and no other; with startupPolicy='optional' one that is not
 * there is left out, with a note that begins with name. PCI devices must be vfio-pci's; SCSI devices get their generic node.
 * False: one is missing, several would do, or another driver has it. In a. */
bool plan_hostdevs(struct domain *d, const char *name, const struct root *r, struct arena *a, struct notes *notes, struct err *e);

/* The claim that a guest takes on a device, which only one can have unless it is shareable; NULL: any number can. In a. */
const char *plan_hostdev_claim(const struct hostdev *h, struct arena *a);

#endif
