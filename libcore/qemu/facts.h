/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_FACTS_H
#define QEMU_FACTS_H

#include "domain/expand.h"
#include "qemu/caps.h"

/* What expansion asks of an emulator, answered from its capabilities. caps stays the caller's and must
 * outlive the result. */
struct emulator_facts facts_of_caps(struct caps *caps);

#endif
