/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_ARGV_CHARDEV_H
#define QEMU_ARGV_CHARDEV_H

#include "domain/chardev.h"
#include "qemu/argv.h"

/* The host's end of a character device: -chardev with id "char" + alias, and the TLS credentials or log
 * that go with it. what names it for QEMU's side of spicevmc ("vdagent", "usbredir", "smartcard");
 * path is used where the document leaves a unix socket's path to us, NULL: such a source is refused.
 * Returns the chardev's id, NULL with a->err set. */
const char *argv_chardev(struct argv *a, const struct meta *at, const struct chardev_host *h, const char *alias,
                         const char *what, const char *path);

/* Where a channel's unix socket is if the document does not say: dir/NAME, or dir/vioser-CC-BB-PP.sock. In a. */
const char *argv_channel_path(struct arena *a, const char *dir, const struct chardev *c);

#endif
