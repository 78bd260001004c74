/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "domain/disk.h"
#include "domain/expand_private.h"
#include "domain/hostdev.h"

struct controller *controller_find(const struct domain *d, enum controller_type type, uint64_t index)
{
    for (size_t i = 0; i < d->devices->controllers.n; i++) {
        struct controller *c = d->devices->controllers.v[i];
        if (c->type == type && c->index.v == index)
            return c;
    }
    return NULL;
}

struct controller *controller_need(struct expansion *x, enum controller_type type, uint64_t index,
                                   enum controller_model model)
{
    struct devices *d = x->d->devices;
    struct controller *c = controller_find(x->d, type, index);
    if (c)
        return c;
    c = arena_alloc(x->p->arena, sizeof *c);
    c->type = type;
    c->index = NUM(index);
    c->model = model;
    size_t at = d->controllers.n;
    for (size_t i = 0; i < d->controllers.n; i++) {
        const struct controller *o = d->controllers.v[i];
        if (o->type != type)
            continue;
        if (o->index.v > index) {
            at = i;
            break;
        }
        at = i + 1;
    }
    list_insert(x->p->arena, &d->controllers, at, c);
    return c;
}

static bool is_companion(enum controller_model m)
{
    return m == MODEL_ICH9_UHCI1 || m == MODEL_ICH9_UHCI2 || m == MODEL_ICH9_UHCI3;
}

static bool is_ich9(enum controller_model m)
{
    return m == MODEL_ICH9_EHCI1 || is_companion(m);
}

static bool index_taken(const struct domain *d, enum controller_type type, uint64_t index)
{
    for (size_t i = 0; i < d->devices->controllers.n; i++) {
        const struct controller *c = d->devices->controllers.v[i];
        if (c->type == type && c->index.set && c->index.v == index)
            return true;
    }
    return false;
}

/* The ICH9 controllers of one group share an index; a new group begins when a model of it comes again. */
static bool joins_ich9_group(const struct expansion *x, size_t at, uint64_t *index)
{
    const struct devices *d = x->d->devices;
    const struct controller *c = d->controllers.v[at];
    if (c->type != CONTROLLER_USB || !is_ich9(c->model))
        return false;
    const struct controller *last = NULL;
    for (size_t i = 0; i < at; i++) {
        const struct controller *o = d->controllers.v[i];
        if (o->type == CONTROLLER_USB && is_ich9(o->model) && o->index.set)
            last = o;
    }
    for (size_t i = 0; last && i < d->controllers.n; i++) {
        const struct controller *o = d->controllers.v[i];
        if (o->type == CONTROLLER_USB && o->index.set && o->index.v == last->index.v && o->model == c->model)
            return false;
    }
    if (last)
        *index = last->index.v;
    return last != NULL;
}

static void number_controllers(struct expansion *x)
{
    struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->controllers.n; i++) {
        struct controller *c = d->controllers.v[i];
        uint64_t index = 0;
        if (c->index.set)
            continue;
        bool first_root = controller_is_root(c) && !index_taken(x->d, CONTROLLER_PCI, 0);
        if (!first_root && !joins_ich9_group(x, i, &index))
            for (index = c->type == CONTROLLER_PCI ? 1 : 0; index_taken(x->d, c->type, index);)
                index++;
        c->index = NUM(index);
    }
}

static const struct {
    enum controller_model model;
    uint64_t startport;
} companions[] = { { MODEL_ICH9_UHCI1, 0 }, { MODEL_ICH9_UHCI2, 2 }, { MODEL_ICH9_UHCI3, 4 } };

static void controller_defaults(struct expansion *x, struct controller *c)
{
    if (c->type == CONTROLLER_USB && !c->model)
        c->model = x->m->usb;
    if (c->type == CONTROLLER_SCSI && (!c->model || c->model == MODEL_SCSI_AUTO))
        c->model = x->m->scsi;
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++)
        if (c->type == CONTROLLER_USB && c->model == companions[i].model && !c->master_startport.set)
            c->master_startport = NUM(companions[i].startport);
}

bool expand_machine_controllers(struct expansion *x)
{
    bool usb = false;
    const struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->controllers.n; i++)
        usb |= d->controllers.v[i]->type == CONTROLLER_USB;
    if (x->m->usb_added && !usb)
        controller_need(x, CONTROLLER_USB, 0, x->m->usb_added);
    if (x->m->sata)
        controller_need(x, CONTROLLER_SATA, 0, MODEL_UNSET);
    if (x->m->root)
        controller_need(x, CONTROLLER_PCI, 0, x->m->root);
    return true;
}

/* Which controller a disk's bus means, in the order in which they are added. */
static const struct {
    enum disk_bus bus;
    enum controller_type type;
} disk_controllers[] = {
    { BUS_SCSI, CONTROLLER_SCSI }, { BUS_FDC, CONTROLLER_FDC }, { BUS_IDE, CONTROLLER_IDE }, { BUS_SATA, CONTROLLER_SATA },
};

/* All controllers of the type from 0 to the one on which the device sits. */
static void need_for(struct expansion *x, enum controller_type type, enum controller_model model,
                     const struct device_info *i, enum address_type address)
{
    if (!i->address || i->address->type != address)
        return;
    for (uint64_t n = 0; n <= i->address->controller.v && n < 256; n++)
        controller_need(x, type, n, model);
}

static void need_virtio_serial(struct expansion *x, const struct chardev *c)
{
    const struct address *a = c->info.address;
    if (c->target == TARGET_VIRTIO)
        controller_need(x, CONTROLLER_VIRTIO_SERIAL, a && a->type == ADDRESS_VIRTIO_SERIAL ? a->controller.v : 0, MODEL_UNSET);
}

/* Controllers of one type stand in the order of their indexes. */
static void sort_controllers(struct devices *d)
{
    struct controller **v = d->controllers.v;
    for (size_t n = 0; n < d->controllers.n; n++) {
        struct controller *c = v[n];
        size_t at = n;
        bool placed = false;
        for (size_t i = n; i-- > 0;) {
            if (v[i]->type != c->type)
                continue;
            if (v[i]->index.v > c->index.v ||
                (v[i]->index.v == c->index.v && !c->master_startport.set && v[i]->master_startport.set)) {
                at = i;
                placed = true;
            } else if (!placed) {
                at = i + 1;
                placed = true;
            }
        }
        memmove(&v[at + 1], &v[at], (n - at) * sizeof *v);
        v[at] = c;
    }
}

uint64_t free_target_index(const struct expansion *x)
{
    const struct devices *d = x->d->devices;
    for (uint64_t n = 1;; n++) {
        bool used = false;
        for (size_t i = 0; i < d->controllers.n; i++)
            used |= d->controllers.v[i]->target_index.set && d->controllers.v[i]->target_index.v == n;
        if (!used)
            return n;
    }
}

bool expand_controllers(struct expansion *x)
{
    const struct devices *d = x->d->devices;
    x->express = x->m->root == MODEL_PCIE_ROOT;
    number_controllers(x);
    for (size_t i = 0; x->m->family == MACHINE_PSERIES && i < d->controllers.n; i++)
        if (d->controllers.v[i]->model == MODEL_PCI_ROOT && !d->controllers.v[i]->target_index.set)
            d->controllers.v[i]->target_index = NUM(d->controllers.v[i]->index.v ? free_target_index(x) : 0);
    for (size_t i = 0; i < d->controllers.n; i++)
        controller_defaults(x, d->controllers.v[i]);
    sort_controllers(x->d->devices);
    return true;
}


/* Further SCSI controllers are like the one before them. */
static enum controller_model last_scsi_model(const struct expansion *x)
{
    const struct devices *d = x->d->devices;
    enum controller_model model = x->m->scsi;
    for (size_t i = 0; i < d->controllers.n; i++)
        if (d->controllers.v[i]->type == CONTROLLER_SCSI)
            model = d->controllers.v[i]->model;
    return model;
}

bool expand_needed_controllers(struct expansion *x)
{
    const struct devices *d = x->d->devices;
    for (size_t t = 0; t < sizeof disk_controllers / sizeof *disk_controllers; t++)
        for (size_t i = 0; i < d->disks.n; i++)
            if (d->disks.v[i]->bus == disk_controllers[t].bus)
                need_for(x, disk_controllers[t].type, disk_controllers[t].type == CONTROLLER_SCSI ? x->m->scsi : MODEL_UNSET,
                         &d->disks.v[i]->info, ADDRESS_DRIVE);
    for (size_t i = 0; i < d->channels.n; i++)
        need_virtio_serial(x, d->channels.v[i]);
    for (size_t i = 0; i < d->consoles.n; i++)
        need_virtio_serial(x, d->consoles.v[i]);
    for (size_t i = 0; i < d->smartcards.n; i++)
        need_for(x, CONTROLLER_CCID, MODEL_UNSET, &d->smartcards.v[i]->info, ADDRESS_CCID);
    for (size_t i = 0; i < d->hostdevs.n; i++)
        if (d->hostdevs.v[i]->type == HOSTDEV_SCSI)
            need_for(x, CONTROLLER_SCSI, last_scsi_model(x), &d->hostdevs.v[i]->info, ADDRESS_DRIVE);
    return true;
}
