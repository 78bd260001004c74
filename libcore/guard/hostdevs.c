/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/hostdevs.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "domain/disk.h"
#include "domain/interface.h"
#include "guard/nodes.h"
#include "host/machine.h"

static bool everybodys(const char *node)
{
    return streq(node, "/dev/vfio/vfio") || streq(node, "/dev/vhost-scsi");
}

static void add(struct guard *g, const struct nodes *n, enum object_use use, const char *why, const struct meta *at)
{
    struct stat st;
    for (size_t i = 0; i < n->path.n; i++) {
        const char *node = n->path.v[i];
        if (stat(node, &st) < 0)
            continue;
        struct object *x = arena_alloc(g->arena, sizeof *x);
        *x = (struct object){ .path = node, .why = why, .use = use, .owned = !everybodys(node), .at = at };
        x->kind = S_ISBLK(st.st_mode) ? OBJECT_BLOCK : OBJECT_CHARACTER;
        if (!x->owned && use == OBJECT_EXCLUSIVE)
            x->use = OBJECT_SHARED;
        list_add(g->arena, &g->objects.all, x);
    }
}

/* Those through which a device can be reached without VFIO: its configuration space, its memory, its ROM. */
static bool reaches(const char *name)
{
    return streq(name, "config") || streq(name, "rom") || str_starts(name, "resource");
}

static void add_sysfs(struct guard *g, const char *sysroot, const struct address *x, const char *why, const struct meta *at)
{
    const char *dir = arena_printf(g->arena, "%s/sys/bus/pci/devices/%04x:%02x:%02x.%x", sysroot ? sysroot : "", (unsigned)x->domain.v,
                                   (unsigned)x->bus.v, (unsigned)x->slot.v, (unsigned)x->function.v);
    autodir DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        struct object *o = arena_alloc(g->arena, sizeof *o);
        *o = (struct object){ .path = arena_printf(g->arena, "%s/%s", dir, f->d_name), .why = why, .use = OBJECT_EXCLUSIVE,
                              .kind = OBJECT_FILE, .owned = true, .at = at };
        if (reaches(f->d_name))
            list_add(g->arena, &g->sysfs.all, o);
    }
}

static void host_device(struct guard *g, const char *sysroot, const struct hostdev *h, const char *why)
{
    struct nodes n = { 0 };
    /* What cannot be found is told by the device rules. */
    nodes_of_hostdev(h, sysroot, why, g->arena, &n, NULL);
    add(g, &n, h->readonly == TRI_YES ? OBJECT_READONLY : h->shareable == TRI_YES ? OBJECT_SHARED : OBJECT_EXCLUSIVE, why, &h->meta);
    if (h->type == HOSTDEV_PCI && h->source)
        add_sysfs(g, sysroot, h->source, why, &h->meta);
}

static void nvme(struct guard *g, const char *sysroot, enum storage_type type, const struct storage_source *s, const char *why)
{
    struct nodes n = { 0 };
    if (type != STORAGE_NVME || !s || !s->address)
        return;
    nodes_of_pci(s->address, sysroot, why, g->arena, &n, NULL);
    add(g, &n, OBJECT_EXCLUSIVE, why, &s->meta);
    add_sysfs(g, sysroot, s->address, why, &s->meta);
}

static void disk(struct guard *g, const char *sysroot, const struct disk *d)
{
    const char *why = arena_printf(g->arena, "disk %s", d->target ? d->target : "?");
    nvme(g, sysroot, d->type, d->source, why);
    for (const struct backing_store *b = d->backing; b && b->type; b = b->backing)
        nvme(g, sysroot, b->type, b->source, why);
}

static void interface(struct guard *g, const char *sysroot, const struct interface *x, const char *why)
{
    struct nodes n = { 0 };
    if (x->type == INTERFACE_HOSTDEV && x->source_address) {
        nodes_of_pci(x->source_address, sysroot, why, g->arena, &n, NULL);
        add_sysfs(g, sysroot, x->source_address, why, &x->meta);
    }
    if (x->type == INTERFACE_VDPA && x->dev)
        list_add(g->arena, &n.path, x->dev);
    add(g, &n, OBJECT_EXCLUSIVE, why, &x->meta);
}

void hostdevs_add(struct guard *g)
{
    const struct devices *d = g->domain->devices;
    const char *sysroot = root_sysroot(g->root);
    for (size_t i = 0; i < d->hostdevs.n; i++)
        host_device(g, sysroot, d->hostdevs.v[i], arena_printf(g->arena, "host device %zu", i));
    for (size_t i = 0; i < d->disks.n; i++)
        disk(g, sysroot, d->disks.v[i]);
    for (size_t i = 0; i < d->interfaces.n; i++)
        interface(g, sysroot, d->interfaces.v[i], arena_printf(g->arena, "interface %zu", i));
}
