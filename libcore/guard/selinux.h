/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SELINUX_H
#define GUARD_SELINUX_H

#include <stdbool.h>

#include "base/err.h"
#include "guard/guard.h"
#include "guard/kind.h"

/* SELinux: the guest's process runs in the policy's domain for guests, at a level of its own (a pair of categories that no
 * other guest of this host has), and what it uses is labelled for that. Contexts are those of the policy's own files
 * virtual_domain_context and virtual_image_context; what the running policy allows is asked of the kernel.
 *
 * Rows of kind "selinux", and "label" where nothing is to be remembered with the file (remember_owner = 0), have contexts as states; "bare:CONTEXT" is one whose attribute has no final NUL, "none" an object
 * without the attribute, "new" (before) one that is made by the same start and goes with it. Those of kind "labels" are of a directory with the
 * files in it: the state of a helper. */
extern const struct row_kind selinux_kinds[];

/* Labels of the process and of each object of the domain. Does nothing where SELinux is not the security driver. */
bool selinux_layer(struct guard *g, struct err *e);

/* Sockets and files that the calling process makes from now on are the guest's, which is to inherit them; off: they are its own
 * again. */
bool selinux_make(const struct enter_selinux *x, bool on, struct err *e);

/* A descriptor that the guest is to inherit: its file gets a label that lets the guest have it, if what it has does not.
 * Without that, exec would put /dev/null in its place, and its locks would be lost. */
bool selinux_hand_over(const struct enter_selinux *x, int fd, struct err *e);

#endif
