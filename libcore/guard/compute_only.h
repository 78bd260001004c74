/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_COMPUTE_ONLY_H
#define GUARD_COMPUTE_ONLY_H

#include "base/err.h"

/* Leaves the calling process nothing but to compute: it keeps the descriptors that are open, may read, write,
 * receive and map memory, and cannot open, connect, fork, exec or signal: opening and the like fail with EPERM,
 * a try of the others kills it. For whoever parses what strangers wrote. There is no way back. False with err where the kernel has no seccomp.
 * In builds with sanitizers, whose runtime needs more, it does nothing. */
bool guard_compute_only(struct err *e);

#endif
