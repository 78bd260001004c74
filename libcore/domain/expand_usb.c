/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "domain/disk.h"
#include "domain/expand_private.h"
#include "domain/hostdev.h"
#include "domain/input.h"
#include "domain/interface.h"
#include "domain/misc.h"
#include "domain/redirdev.h"
#include "domain/sound.h"

/* USB ports: a tree of hubs below each controller. A port's path is written "1.2.3". */

enum { HUB_PORTS = 8, USB_DEPTH = 6 };

struct hub_node {
    unsigned ports;
    struct usb_port {
        bool used;
        struct hub_node *hub; /* a hub sits in it */
    } *port; /* 1-based: ports + 1 of them */
};

struct usb_set {
    struct arena *arena;
    size_t n;
    struct hub_node **bus; /* by index; NULL: no controller */
};

static const struct {
    enum controller_model model;
    unsigned ports; /* 0: a companion, its ports are those of its master */
} usb_models[] = {
    { MODEL_PIIX3_UHCI, 2 },     { MODEL_PIIX4_UHCI, 2 }, { MODEL_EHCI, 6 },     { MODEL_ICH9_EHCI1, 6 }, { MODEL_ICH9_UHCI1, 0 },
    { MODEL_ICH9_UHCI2, 0 },     { MODEL_ICH9_UHCI3, 0 }, { MODEL_PCI_OHCI, 3 }, { MODEL_NEC_XHCI, 4 },   { MODEL_QEMU_XHCI, 4 },
    { MODEL_VT82C686B_UHCI, 2 }, { MODEL_QUSB1, 0 },      { MODEL_QUSB2, 0 },
};

static unsigned usb_ports(const struct controller *c)
{
    for (size_t i = 0; i < sizeof usb_models / sizeof *usb_models; i++)
        if (c->model == usb_models[i].model)
            return c->ports.set && usb_models[i].ports ? (unsigned)c->ports.v : usb_models[i].ports;
    return 0;
}

static struct hub_node *node_new(struct arena *a, unsigned ports)
{
    struct hub_node *h = arena_alloc(a, sizeof *h);
    h->ports = ports;
    h->port = arena_array(a, ports + 1, sizeof *h->port);
    return h;
}

static void set_controllers(struct expansion *x, struct usb_set *s)
{
    const struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->controllers.n; i++) {
        const struct controller *c = d->controllers.v[i];
        if (c->type != CONTROLLER_USB || c->index.v > 255 || usb_ports(c) == 0)
            continue;
        if (!s->bus[c->index.v])
            s->bus[c->index.v] = node_new(s->arena, usb_ports(c) < 256 ? usb_ports(c) : 255);
        if (c->index.v >= s->n)
            s->n = c->index.v + 1;
    }
}

/* The port that path names, NULL with err. */
static struct usb_port *port_at(const struct usb_set *s, uint64_t bus, const char *path, struct err *e)
{
    if (bus >= s->n || !s->bus[bus]) {
        err_set(e, ST_FAILED, "USB address bus %llu: there is no USB controller with that index", (unsigned long long)bus);
        return NULL;
    }
    struct hub_node *h = s->bus[bus];
    for (const char *c = path;;) {
        char *end;
        unsigned long port = strtoul(c, &end, 10);
        if (end == c || port == 0 || port > h->ports || (*end && *end != '.')) {
            err_set(e, ST_FAILED, "USB address bus %llu port %s: this hub or controller has ports 1 to %u",
                    (unsigned long long)bus, path, h->ports);
            return NULL;
        }
        if (!*end)
            return &h->port[port];
        h = h->port[port].hub;
        if (!h) {
            err_set(e, ST_FAILED, "USB address bus %llu port %s: there is no hub at port %.*s", (unsigned long long)bus,
                    path, (int)(end - path), path);
            return NULL;
        }
        c = end + 1;
    }
}

static bool device_is_usb(const struct device *dev)
{
    switch (dev->kind) {
    case DEVICE_DISK:
        return ((const struct disk *)dev->dev)->bus == BUS_USB;
    case DEVICE_CONTROLLER:
        return ((const struct controller *)dev->dev)->type == CONTROLLER_CCID;
    case DEVICE_INTERFACE:
        return streq(((const struct interface *)dev->dev)->model, "usb-net");
    case DEVICE_INPUT:
        return ((const struct input *)dev->dev)->bus == INPUT_BUS_USB;
    case DEVICE_SOUND:
        return ((const struct sound *)dev->dev)->model == SOUND_USB;
    case DEVICE_SERIAL:
        return ((const struct chardev *)dev->dev)->target == TARGET_USB_SERIAL;
    case DEVICE_HOSTDEV:
        return ((const struct hostdev *)dev->dev)->type == HOSTDEV_USB;
    case DEVICE_REDIRDEV:
    case DEVICE_HUB:
        return true;
    default:
        return false;
    }
}

/* The order in which devices without a port get one: part of the guest ABI. Hubs go first. */
static const enum device_kind order[] = {
    DEVICE_HUB,    DEVICE_HOSTDEV,   DEVICE_DISK,  DEVICE_CONTROLLER, DEVICE_INPUT,
    DEVICE_SERIAL, DEVICE_INTERFACE, DEVICE_SOUND, DEVICE_REDIRDEV,
};

static bool fail_at(struct expansion *x, const struct device *dev)
{
    struct err why = *x->p->err;
    return parse_error(x->p, dev->meta->line, "<%s> %s", device_kind_names[dev->kind], why.text);
}

static unsigned depth_of(const char *path)
{
    unsigned n = 1;
    for (; *path; path++)
        n += *path == '.';
    return n;
}

/* Ports that the document gives: hubs of one depth, or (depth 0) all other devices. */
static bool take_given(struct expansion *x, struct usb_set *s, unsigned depth)
{
    bool hubs = depth > 0;
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(x->d, &at, &dev)) {
        const struct address *a = dev.info->address;
        if (!device_is_usb(&dev) || (dev.kind == DEVICE_HUB) != hubs || !a || a->type != ADDRESS_USB || !a->usb_port ||
            (hubs && depth_of(a->usb_port) != depth))
            continue;
        struct usb_port *p = port_at(s, a->bus.v, a->usb_port, x->p->err);
        if (!p)
            return fail_at(x, &dev);
        if (p->used)
            return parse_error(x->p, dev.meta->line, "<%s> USB address bus %llu port %s is used twice",
                               device_kind_names[dev.kind], (unsigned long long)a->bus.v, a->usb_port);
        p->used = true;
        if (hubs)
            p->hub = node_new(s->arena, HUB_PORTS);
    }
    return true;
}

/* The first free port below h: its own, then those of its hubs. */
static const char *free_port(struct usb_set *s, struct hub_node *h, const char *prefix, unsigned depth, struct usb_port **port)
{
    for (unsigned i = 1; i <= h->ports; i++)
        if (!h->port[i].used) {
            *port = &h->port[i];
            return arena_printf(s->arena, "%s%s%u", prefix, *prefix ? "." : "", i);
        }
    for (unsigned i = 1; i <= h->ports && depth < USB_DEPTH; i++)
        if (h->port[i].hub) {
            const char *below = arena_printf(s->arena, "%s%s%u", prefix, *prefix ? "." : "", i);
            const char *found = free_port(s, h->port[i].hub, below, depth + 1, port);
            if (found)
                return found;
        }
    return NULL;
}

static bool take_next(struct expansion *x, struct usb_set *s, const struct device *dev)
{
    const struct address *given = dev->info->address;
    bool on_bus = given && given->type == ADDRESS_USB && given->bus.set;
    for (size_t bus = 0; bus < s->n; bus++) {
        struct usb_port *port;
        if (!s->bus[bus] || (on_bus && given->bus.v != bus))
            continue;
        const char *path = free_port(s, s->bus[bus], "", 1, &port);
        if (!path)
            continue;
        struct address *a = address_new(x, dev->info, ADDRESS_USB);
        a->bus = NUM(bus);
        a->usb_port = path;
        port->used = true;
        if (dev->kind == DEVICE_HUB)
            port->hub = node_new(s->arena, HUB_PORTS);
        return true;
    }
    return parse_error(x->p, dev->meta->line, "<%s> there is no free USB port%s", device_kind_names[dev->kind],
                       s->n ? "" : ": the domain has no USB controller");
}

static size_t free_ports(const struct hub_node *h)
{
    size_t n = 0;
    for (unsigned i = 1; h && i <= h->ports; i++)
        n += h->port[i].hub ? free_ports(h->port[i].hub) : !h->port[i].used;
    return n;
}

/* Hubs for the devices that find no port; one port of each is counted as lost to the next hub. */
static void add_hubs(struct expansion *x, const struct usb_set *s)
{
    size_t wanted = 0, have = 0;
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(x->d, &at, &dev)) {
        bool counts = device_is_usb(&dev) && address_wanted(dev.info, ADDRESS_USB);
        wanted += counts;
        have += counts && dev.kind == DEVICE_HUB ? HUB_PORTS : 0;
    }
    for (size_t i = 0; i < s->n; i++)
        have += free_ports(s->bus[i]);
    if (wanted <= have || have == 0)
        return;
    size_t hubs = (wanted - have + 1 + HUB_PORTS - 2) / (HUB_PORTS - 1);
    for (size_t i = 0; i < hubs; i++) {
        struct hub *h = arena_alloc(x->p->arena, sizeof *h);
        h->type = "usb";
        list_add(x->p->arena, &x->d->devices->hubs, h);
    }
}

bool expand_usb(struct expansion *x)
{
    struct usb_set s = { x->p->arena, 0, arena_array(x->p->arena, 256, sizeof(struct hub_node *)) };
    set_controllers(x, &s);
    for (unsigned depth = 1; depth <= USB_DEPTH; depth++)
        if (!take_given(x, &s, depth))
            return false;
    if (!take_given(x, &s, 0))
        return false;
    add_hubs(x, &s);
    struct device dev;
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; device_at(x->d, order[k], i, &dev); i++)
            if (device_is_usb(&dev) && address_wanted(dev.info, ADDRESS_USB) && !take_next(x, &s, &dev))
                return false;
    return true;
}
