/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SELINUX_CONTEXT_H
#define GUARD_SELINUX_CONTEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/* Contexts and levels as texts, and what the policy's files say of guests. Texts live in the arena. */

/* Of virtual_domain_context (its second line, where there is one, is for guests without KVM) and virtual_image_context (its
 * second is for what is only read). */
struct selinux_contexts {
    const char *kvm, *tcg;
    const char *image, *content;
};

/* Makes libselinux read the policy below sysroot (NULL: this host's). */
bool selinux_use_policy(const char *sysroot, struct err *e);

/* False with e: the policy has no such file, or what is in it is no context. */
bool selinux_contexts(struct arena *a, struct selinux_contexts *c, struct err *e);

/* What the policy's file_contexts give a path of that file type (mode_t, 0: any). NULL: it does not say. */
const char *selinux_default(struct arena *a, const char *path, unsigned mode);

/* The level of a context ("s0:c1,c2"); NULL: it has none, or is no context. */
const char *selinux_level(struct arena *a, const char *context);

/* The same context at another level; a context of a policy without levels stays as it is. NULL: it is no context. */
const char *selinux_at_level(struct arena *a, const char *context, const char *level);

/* The context with the user, and, role: with the role, of another. */
const char *selinux_as(struct arena *a, const char *context, const char *other, bool role);

enum { SELINUX_CATEGORIES = 1024 };

/* Categories that one may use who runs at such a range ("s0-s0:c0.c1023"): those of its upper end. */
struct selinux_categories {
    unsigned n;
    unsigned short v[SELINUX_CATEGORIES]; /* ascending */
};
bool selinux_categories(const char *range, struct selinux_categories *c);

/* Pair number i of c->n * (c->n - 1) / 2, lower category first. */
void selinux_pair(const struct selinux_categories *c, unsigned i, unsigned pair[2]);

#endif
