/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_PRIVILEGES_H
#define GUARD_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* User, groups and capabilities of QEMU's process. As root it keeps all capabilities, since whoever is root gets them back
 * by a file or a cron job anyway, unless clear_emulator_capabilities = 1; as anyone else it has none. */

struct guard;
struct enter;

/* Whom it becomes. change=false: it stays what the caller is. */
struct enter_user {
    bool change;
    uid_t uid;
    gid_t gid;
    bool keep; /* all capabilities */
    uint64_t caps; /* root keeps these alone (1 << CAP_…); 0: none, unless keep */
    size_t n_groups;
    const gid_t *groups; /* supplementary */
};

bool privileges_layer(struct guard *g, struct err *e);

/* Supplementary groups of u->uid: in the child Landlock is in the way of the tables of users. */
void privileges_find_groups(struct arena *a, struct enter_user *u);

/* "all", "none", "sys_rawio setuid". */
const char *privileges_words(struct arena *a, const struct enter_user *u);

/* no_new_privs, but where a label is taken on at exec. */
bool privileges_forbid_new(const struct enter *x);

/* Bounding set, groups, user and the other capabilities: in this order, as only root can do the first ones. */
bool user_enter(const struct enter_user *u);

#endif
