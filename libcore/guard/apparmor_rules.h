/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_APPARMOR_RULES_H
#define GUARD_APPARMOR_RULES_H

#include "base/str.h"
#include "guard/guard.h"

/* Appends the rules for what this guest uses beyond what every guest does: its objects (which get an entry each),
 * its log, directories and sockets, the descriptors it inherits. Paths are the real ones, as AppArmor sees them. */
bool apparmor_rules(struct guard *g, struct str *out, struct err *e);

#endif
