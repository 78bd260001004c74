/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CHAIN_H
#define GUARD_CHAIN_H

#include "guard/guard.h"

enum { CHAIN_MAX = 200 };

/* Adds to g->objects what QEMU opens besides the disks that the document names: the images below them and the files
 * that hold their data, as headers tell, each after its disk ("backing file 1 of vda", "data file of vda"). What lies
 * on a network or behind a driver of QEMU's becomes an entry and is not followed.
 *
 * A header gives no more than the owner of its image has: unless that is root or the caller, a file that it names and he
 * may not open is refused; so is an image whose format nothing records, a loop, and a chain of CHAIN_MAX images. A disk
 * that is neither a regular file nor a block device is refused; one that is not there is passed over. */
bool chain_add(struct guard *g, struct err *e);

#endif
