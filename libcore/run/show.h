/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_SHOW_H
#define RUN_SHOW_H

#include "base/str.h"
#include "run/plan.h"

/* A plan for people: its rows as a table and the command as a line of shell; as JSON:
 * {"rows": […], "user": "UID:GID", "env": […], "argv": […]}. */
void show_plan(const struct plan *p, bool json, struct str *out);

#endif
