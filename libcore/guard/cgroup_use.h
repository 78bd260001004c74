/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CGROUP_USE_H
#define GUARD_CGROUP_USE_H

#include "guard/guard.h"

/* A guest's control groups without its start, as cg-acl makes them: g->journal has their rows and no others, and is not
 * written anywhere. Such a group is marked as made by hand, and goes by hand. */

/* cgroup_layer() for the groups that are there, else for those to be made: directories, even on a host that systemd
 * runs, which would remove a scope without processes. */
bool cgroup_by_hand(struct guard *g, struct err *e);

/* Whether all of the guest's groups are there. */
bool cgroup_exists(const struct guard *g);

/* Makes them; what is there already without a process is made anew. On failure nothing is left. ST_BUSY: a guest is in one. */
bool cgroup_make(const struct guard *g, struct err *e);

/* Removes them with what is in them. ST_NOENT: there is none; ST_STATE: they are those of a guest that runs. */
bool cgroup_remove(const struct guard *g, struct err *e);

/* The calling process, which has one thread, joins them. */
bool cgroup_join(const struct guard *g, struct err *e);

/* The directories of the guest, one for each hierarchy. */
struct cgroup_dirs {
    LIST(const char) path;
    LIST(const char) version; /* "v1", "v2" */
};
void cgroup_dirs(const struct guard *g, struct cgroup_dirs *dirs);

#endif
