/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CGROUP_LAYER_H
#define GUARD_CGROUP_LAYER_H

#include "guard/guard.h"

/* The control groups of a guest in its plan: rows for each, where its process goes, and where its threads go once
 * they are there (g->threads). What the domain asks for and the host does not have is an error; without any control
 * groups a guest that asks for nothing starts, with a note for root. */
bool cgroup_layer(struct guard *g, struct err *e);

#endif
