/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_ARGV_BLOCKDEV_H
#define QEMU_ARGV_BLOCKDEV_H

#include "domain/disk.h"
#include "qemu/argv.h"

/* A disk's chain as -blockdev nodes, the deepest first: for each image a node that reads the storage
 * ("libvirt-N-storage") and one that knows the format ("libvirt-N-format"). first is the number N of the
 * image on top; backing images count on from it. Returns the node that the device takes, NULL with
 * a->err set. */
const char *argv_chain(struct argv *a, const struct disk *d, unsigned first);

/* <iotune>: adds to the command's set-up what limits the device; argv_throttle, on a standalone line, puts a
 * filter over node instead and returns it. */
void argv_iotune(struct argv *a, const struct disk *d);
const char *argv_throttle(struct argv *a, const struct disk *d, const char *node);

/* How many images the document names for the disk: 0 for an empty drive. */
unsigned argv_chain_length(const struct disk *d);

#endif
