/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/hostdevs.h"

#include <sys/stat.h>

#include "base/str.h"
#include "guard/nodes.h"
#include "host/machine.h"

static bool everybodys(const char *node)
{
    return streq(node, "/dev/vfio/vfio") || streq(node, "/dev/vhost-scsi");
}

static void add(struct guard *g, const struct hostdev *h, const char *node, const char *why)
{
    struct stat st;
    struct object *x = arena_alloc(g->arena, sizeof *x);
    if (stat(node, &st) < 0)
        return;
    *x = (struct object){ .path = node, .why = why, .owned = !everybodys(node), .at = &h->meta };
    x->kind = S_ISBLK(st.st_mode) ? OBJECT_BLOCK : OBJECT_CHARACTER;
    x->use = h->readonly == TRI_YES ? OBJECT_READONLY : h->shareable == TRI_YES || !x->owned ? OBJECT_SHARED : OBJECT_EXCLUSIVE;
    list_add(g->arena, &g->objects.all, x);
}

void hostdevs_add(struct guard *g)
{
    const char *sysroot = root_sysroot(g->root);
    for (size_t i = 0; i < g->domain->devices->hostdevs.n; i++) {
        const struct hostdev *h = g->domain->devices->hostdevs.v[i];
        const char *why = arena_printf(g->arena, "host device %zu", i);
        struct nodes n = { 0 };
        /* What cannot be found is told by the device rules. */
        nodes_of_hostdev(h, sysroot, why, g->arena, &n, NULL);
        for (size_t k = 0; k < n.path.n; k++)
            add(g, h, n.path.v[k], why);
    }
}
