/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_HOSTDEVS_H
#define GUARD_HOSTDEVS_H

#include "guard/guard.h"

/* Adds to g->objects the nodes of the domain's host devices that are there now ("host device 0"): of USB devices, VFIO groups,
 * SCSI, block and character devices. What all guests share, such as /dev/vfio/vfio, keeps its owner. */
void hostdevs_add(struct guard *g);

#endif
