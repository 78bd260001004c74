/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_hostdevs.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "guard/nodes.h"
#include "host/machine.h"

enum { TOLD = 8 };

static bool is_at(const struct address *x, const struct usb_place *p)
{
    return x && x->bus.set && x->device.set && x->bus.v == p->bus && x->device.v == p->device;
}

static bool ambiguous(const struct hostdev *h, const struct usb_place *at, size_t n, struct err *e)
{
    err_set(e, ST_FAILED, "line %d: <hostdev>: several devices are %04x:%04x (try:", h->meta.line, (unsigned)h->vendor.v,
            (unsigned)h->product.v);
    for (size_t i = 0; i < n && i < TOLD; i++)
        err_add(e, "%s <address bus='%u' device='%u'/>", i ? " or" : "", at[i].bus, at[i].device);
    err_add(e, " in its <source>)");
    return false;
}

/* *found: it is there. */
static bool find_usb(struct hostdev *h, const char *sysroot, struct arena *a, bool *found, struct err *e)
{
    struct usb_place at[TOLD];
    bool placed = h->source && h->source->bus.set && h->source->device.set;
    *found = true;
    if (!h->vendor.set)
        return true;
    size_t n = nodes_find_usb(sysroot, (unsigned)h->vendor.v, (unsigned)h->product.v, at, TOLD);
    for (size_t i = 0; placed && i < n && i < TOLD; i++)
        if (is_at(h->source, &at[i]))
            return true;
    *found = n > 0 && !placed;
    if (!*found && h->startup_policy == STARTUP_OPTIONAL)
        return true;
    if (!*found)
        return err_set(e, ST_NOENT, "line %d: <hostdev>: no USB device %04x:%04x is plugged in%s", h->meta.line, (unsigned)h->vendor.v,
                       (unsigned)h->product.v, placed ? " at its <address>" : "");
    if (n > 1)
        return ambiguous(h, at, n, e);
    if (!h->source)
        h->source = arena_alloc(a, sizeof *h->source);
    h->source->bus = (struct num){ .set = true, .v = at->bus };
    h->source->device = (struct num){ .set = true, .v = at->device };
    return true;
}

static const char *pci_name(const struct address *x, struct arena *a)
{
    return arena_printf(a, "%04x:%02x:%02x.%x", (unsigned)x->domain.v, (unsigned)x->bus.v, (unsigned)x->slot.v, (unsigned)x->function.v);
}

const char *plan_hostdev_claim(const struct hostdev *h, struct arena *a)
{
    const struct address *x = h->source;
    if (h->type == HOSTDEV_USB && x && x->bus.set && x->device.set)
        return arena_printf(a, "usb-%u-%u", (unsigned)x->bus.v, (unsigned)x->device.v);
    if (h->type == HOSTDEV_SCSI && h->node)
        return arena_printf(a, "scsi-%s", strrchr(h->node, '/') + 1);
    return h->type == HOSTDEV_PCI && x ? arena_printf(a, "pci-%s", pci_name(x, a)) : NULL;
}

static bool check_pci(const struct hostdev *h, const char *sysroot, struct arena *a, struct err *e)
{
    const struct address *x = h->source;
    char to[PATH_MAX];
    if (!x)
        return true;
    const char *bdf = pci_name(x, a);
    const char *device = arena_printf(a, "%s/sys/bus/pci/devices/%s", sysroot ? sysroot : "", bdf);
    if (access(device, F_OK) < 0)
        return err_set(e, ST_NOENT, "line %d: <hostdev>: there is no PCI device %s", h->meta.line, bdf);
    ssize_t n = readlink(arena_printf(a, "%s/driver", device), to, sizeof to - 1);
    to[n > 0 ? n : 0] = '\0';
    const char *slash = strrchr(to, '/'), *driver = slash ? slash + 1 : to;
    if (str_starts(driver, "vfio")) /* variants of single vendors, too */
        return true;
    err_set(e, ST_FAILED, "line %d: <hostdev>: PCI device %s %s%s, not vfio-pci's (try: modprobe vfio-pci; echo vfio-pci > %s/driver_override; ",
            h->meta.line, bdf, *driver ? "is of driver " : "has no driver", driver, device);
    if (*driver)
        err_add(e, "echo %s > %s/driver/unbind; ", bdf, device);
    err_add(e, "echo %s > /sys/bus/pci/drivers_probe)", bdf);
    return false;
}

static bool find_scsi(struct hostdev *h, const char *sysroot, struct arena *a, struct err *e)
{
    struct nodes n = { 0 };
    const struct address *x = h->source;
    if (streq(h->protocol, "iscsi") || !h->adapter || !x)
        return true;
    nodes_of_hostdev(h, sysroot, "<hostdev>", a, &n, NULL);
    if (!n.path.n)
        return err_set(e, ST_NOENT, "line %d: <hostdev>: there is no SCSI device %s %u:%u:%u (try: modprobe sg)", h->meta.line, h->adapter,
                       (unsigned)x->bus.v, (unsigned)x->target.v, (unsigned)x->unit.v);
    h->node = n.path.v[0];
    return true;
}

bool plan_hostdevs(struct domain *d, const char *name, const struct root *r, struct arena *a, struct notes *notes, struct err *e)
{
    const char *sysroot = root_sysroot(r);
    struct devices *v = d->devices;
    size_t kept = 0;
    for (size_t i = 0; i < v->hostdevs.n; i++) {
        struct hostdev *h = v->hostdevs.v[i];
        bool found = true;
        if ((h->type == HOSTDEV_USB && !find_usb(h, sysroot, a, &found, e)) || (h->type == HOSTDEV_PCI && !check_pci(h, sysroot, a, e)) ||
            (h->type == HOSTDEV_SCSI && !find_scsi(h, sysroot, a, e)))
            return false;
        if (!found)
            note_add(notes, "%s: USB device %04x:%04x is not plugged in: started without it", name, (unsigned)h->vendor.v,
                     (unsigned)h->product.v);
        else
            v->hostdevs.v[kept++] = h;
    }
    v->hostdevs.n = kept;
    return true;
}
