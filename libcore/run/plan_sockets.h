/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_SOCKETS_H
#define RUN_PLAN_SOCKETS_H

#include "run/plan.h"

/* Sockets that QEMU itself binds. */

/* For argv_options: a path that the kernel takes for a socket's, or one through a descriptor of its directory that QEMU is to
 * inherit (plan->dirs). plan: a struct plan. */
const char *plan_socket_path(void *plan, const char *path);

/* Names sockets whose place the document leaves to us, so that live.xml tells it. After aliases were given. */
void plan_name_sockets(struct plan *p, struct domain *d, const char *private_dir, const char *channel_dir);

/* Rows for those that lie in neither of the guest's own directories, with which they would go. */
void plan_sockets(struct plan *p, const struct domain *d, const char *private_dir, const char *channel_dir);

/* Opens plan->dirs, to be given to QEMU with plan->fds. After the rows are done. */
bool plan_open_dirs(struct plan *p, struct err *e);

#endif
