/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/nodes.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"

struct search {
    const char *sysroot, *why;
    struct arena *a;
    struct nodes *n;
    struct notes *notes;
};

static void add(struct search *s, const char *path)
{
    for (size_t i = 0; i < s->n->path.n; i++)
        if (streq(s->n->path.v[i], path))
            return;
    list_add(s->a, &s->n->path, path);
}

/* The last part of what a link in sysfs leads to; NULL if there is none. */
static const char *link_name(struct search *s, const char *path)
{
    char to[PATH_MAX];
    ssize_t n = readlink(path, to, sizeof to - 1);
    if (n <= 0)
        return NULL;
    to[n] = '\0';
    const char *slash = strrchr(to, '/');
    return arena_strdup(s->a, slash ? slash + 1 : to);
}

static void vfio(struct search *s, const char *device)
{
    const char *group = link_name(s, arena_printf(s->a, "%s%s/iommu_group", s->sysroot, device));
    add(s, "/dev/vfio/vfio");
    if (group)
        add(s, arena_printf(s->a, "/dev/vfio/%s", group));
    else
        note_add(s->notes, "%s: %s is in no IOMMU group", s->why, device);
}

static unsigned of(struct num n)
{
    return n.set ? (unsigned)n.v : 0;
}

static void pci(struct search *s, const struct address *x)
{
    vfio(s, arena_printf(s->a, "/sys/bus/pci/devices/%04x:%02x:%02x.%x", of(x->domain), of(x->bus), of(x->slot), of(x->function)));
}

static unsigned long number_in(int dir, const char *name, int base)
{
    autostr struct str text = STR_INIT;
    return file_read_at(dir, name, 64, false, &text) == 0 ? strtoul(str_text(&text), NULL, base) : 0;
}

size_t nodes_find_usb(const char *sysroot, unsigned vendor, unsigned product, struct usb_place *at, size_t max)
{
    char path[PATH_MAX];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/sys/bus/usb/devices", sysroot ? sysroot : "");
    autoclose int all = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autoclose int again = all < 0 ? -1 : dup(all);
    autodir DIR *d = again < 0 ? NULL : fdopendir(steal_fd(&again));
    for (struct dirent *f; d && (f = readdir(d));) {
        autoclose int one = *f->d_name == '.' ? -1 : openat(all, f->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (one < 0 || number_in(one, "idVendor", 16) != vendor || number_in(one, "idProduct", 16) != product)
            continue;
        if (n < max)
            at[n] = (struct usb_place){ (unsigned)number_in(one, "busnum", 10), (unsigned)number_in(one, "devnum", 10) };
        n++;
    }
    return n;
}

static void usb(struct search *s, const struct hostdev *h)
{
    struct usb_place at;
    if (h->source && h->source->bus.set && h->source->device.set)
        add(s, arena_printf(s->a, "/dev/bus/usb/%03u/%03u", of(h->source->bus), of(h->source->device)));
    else if (h->vendor.set && nodes_find_usb(s->sysroot, of(h->vendor), of(h->product), &at, 1))
        add(s, arena_printf(s->a, "/dev/bus/usb/%03u/%03u", at.bus, at.device));
    else if (h->vendor.set)
        note_add(s->notes, "%s: no USB device %04x:%04x is plugged in", s->why, of(h->vendor), of(h->product));
}

static void scsi(struct search *s, const struct hostdev *h)
{
    unsigned host;
    int end = 0;
    if (!h->adapter || !h->source || sscanf(h->adapter, "scsi_host%u%n", &host, &end) != 1 || h->adapter[end])
        return;
    const char *dir = arena_printf(s->a, "%s/sys/bus/scsi/devices/%u:%u:%u:%u/scsi_generic", s->sysroot, host, of(h->source->bus),
                                   of(h->source->target), of(h->source->unit));
    autodir DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));)
        if (*f->d_name != '.')
            add(s, arena_printf(s->a, "/dev/%s", f->d_name));
    if (!d)
        note_add(s->notes, "%s: no SCSI device %s %u:%u:%u", s->why, h->adapter, of(h->source->bus), of(h->source->target),
                 of(h->source->unit));
}

void nodes_of_pci(const struct address *address, const char *sysroot, const char *why, struct arena *a, struct nodes *n,
                  struct notes *notes)
{
    struct search s = { sysroot ? sysroot : "", why, a, n, notes };
    pci(&s, address);
}

void nodes_of_hostdev(const struct hostdev *h, const char *sysroot, const char *why, struct arena *a, struct nodes *n,
                      struct notes *notes)
{
    struct search s = { sysroot ? sysroot : "", why, a, n, notes };
    if (h->block)
        add(&s, h->block);
    if (h->character)
        add(&s, h->character);
    if (h->type == HOSTDEV_USB)
        usb(&s, h);
    else if (h->type == HOSTDEV_PCI && h->source)
        pci(&s, h->source);
    else if (h->type == HOSTDEV_MDEV && h->source && h->source->uuid)
        vfio(&s, arena_printf(a, "/sys/bus/mdev/devices/%s", h->source->uuid));
    else if (h->type == HOSTDEV_SCSI)
        scsi(&s, h);
    else if (h->type == HOSTDEV_SCSI_HOST)
        add(&s, "/dev/vhost-scsi");
}
