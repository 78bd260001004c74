/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/disk.h"
#include "domain/expand_private.h"
#include "domain/filesystem.h"
#include "domain/hostdev.h"
#include "domain/input.h"
#include "domain/interface.h"
#include "domain/iommu.h"
#include "domain/memory_device.h"
#include "domain/misc.h"
#include "domain/tpm.h"

/* Buses that are flat numbers: channel devices of s390, spapr-vio, virtio-mmio. */

static bool controller_is_virtio(const struct controller *c)
{
    return c->type == CONTROLLER_VIRTIO_SERIAL ||
           (c->type == CONTROLLER_SCSI && (c->model == MODEL_VIRTIO_SCSI || c->model == MODEL_VIRTIO_TRANSITIONAL ||
                                           c->model == MODEL_VIRTIO_NON_TRANSITIONAL));
}

bool device_is_virtio(const struct device *dev)
{
    switch (dev->kind) {
    case DEVICE_DISK:
        return ((const struct disk *)dev->dev)->bus == BUS_VIRTIO;
    case DEVICE_CONTROLLER:
        return controller_is_virtio(dev->dev);
    case DEVICE_FILESYSTEM:
        return true;
    case DEVICE_INTERFACE: {
        const char *model = ((const struct interface *)dev->dev)->model;
        return model && str_starts(model, "virtio");
    }
    case DEVICE_INPUT:
        return ((const struct input *)dev->dev)->bus == INPUT_BUS_VIRTIO;
    case DEVICE_VIDEO:
        return ((const struct video *)dev->dev)->model == VIDEO_VIRTIO;
    case DEVICE_HOSTDEV:
        return ((const struct hostdev *)dev->dev)->type == HOSTDEV_SCSI_HOST;
    case DEVICE_MEMBALLOON: {
        enum memballoon_model m = ((const struct memballoon *)dev->dev)->model;
        return m == MEMBALLOON_VIRTIO || m == MEMBALLOON_TRANSITIONAL || m == MEMBALLOON_NON_TRANSITIONAL;
    }
    case DEVICE_MEMORY: {
        enum memory_model m = ((const struct memory_device *)dev->dev)->model;
        return m == MEMORY_VIRTIO_PMEM || m == MEMORY_VIRTIO_MEM;
    }
    case DEVICE_RNG:
    case DEVICE_VSOCK:
        return true;
    default:
        return false;
    }
}

static bool has_address_type(const struct domain *d, enum address_type type)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(d, &at, &dev))
        if (dev.info->address && dev.info->address->type == type)
            return true;
    return false;
}

static void all_virtio(struct expansion *x, enum address_type type)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(x->d, &at, &dev))
        if (device_is_virtio(&dev) && (!dev.info->address || !dev.info->address->type))
            address_new(x, dev.info, type);
}

/* ccw: FE.0.nnnn in the order of the families below. */
static const enum device_kind ccw_order[] = {
    DEVICE_DISK,       DEVICE_INTERFACE,  DEVICE_HOSTDEV, DEVICE_VIDEO, DEVICE_CONTROLLER, DEVICE_INPUT,
    DEVICE_FILESYSTEM, DEVICE_MEMBALLOON, DEVICE_RNG,     DEVICE_VSOCK, DEVICE_MEMORY,
};

static bool ccw_used(const struct domain *d, const struct address *self, uint64_t devno)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(d, &at, &dev)) {
        const struct address *a = dev.info->address;
        if (a && a != self && a->type == ADDRESS_CCW && a->devno.set && a->cssid.v == 0xfe && a->ssid.v == 0 &&
            a->devno.v == devno)
            return true;
    }
    return false;
}

static bool wants_ccw(const struct device *dev)
{
    const struct hostdev *h = dev->dev;
    bool vfio = dev->kind == DEVICE_HOSTDEV && h->type == HOSTDEV_MDEV && h->model == HOSTDEV_VFIO_CCW;
    return (vfio || device_is_virtio(dev)) && address_wanted(dev->info, ADDRESS_CCW);
}

static void ccw(struct expansion *x)
{
    uint64_t devno = 0;
    struct device dev;
    for (size_t k = 0; k < sizeof ccw_order / sizeof *ccw_order; k++)
        for (size_t i = 0; device_at(x->d, ccw_order[k], i, &dev); i++) {
            if (!wants_ccw(&dev))
                continue;
            struct address *a = address_new(x, dev.info, ADDRESS_CCW);
            while (ccw_used(x->d, a, devno))
                devno++;
            a->cssid = NUM(0xfe);
            a->ssid = NUM(0);
            a->devno = NUM(devno++);
        }
}

static bool reg_used(const struct domain *d, const struct address *self, uint64_t reg)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(d, &at, &dev)) {
        const struct address *a = dev.info->address;
        if (a && a != self && a->type == ADDRESS_SPAPR_VIO && a->reg.set && a->reg.v == reg)
            return true;
    }
    return false;
}

static void spapr(struct expansion *x, struct device_info *i, uint64_t reg)
{
    if (!address_wanted(i, ADDRESS_SPAPR_VIO))
        return;
    struct address *a = address_new(x, i, ADDRESS_SPAPR_VIO);
    while (reg_used(x->d, a, reg))
        reg += 0x1000;
    a->reg = NUM(reg);
}

static void spapr_vio(struct expansion *x)
{
    const struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->interfaces.n; i++)
        if (streq(d->interfaces.v[i]->model, "spapr-vlan"))
            spapr(x, &d->interfaces.v[i]->info, 0x1000);
    for (size_t i = 0; i < d->controllers.n; i++)
        if (d->controllers.v[i]->type == CONTROLLER_SCSI && d->controllers.v[i]->model == MODEL_IBMVSCSI)
            spapr(x, &d->controllers.v[i]->info, 0x2000);
    for (size_t i = 0; i < d->serials.n; i++)
        if (d->serials.v[i]->target == TARGET_SPAPR_VIO_SERIAL)
            spapr(x, &d->serials.v[i]->info, 0x30000000);
    if (d->nvram)
        spapr(x, &d->nvram->info, 0x3000);
    for (size_t i = 0; i < d->tpms.n; i++)
        if (d->tpms.v[i]->model == TPM_SPAPR)
            spapr(x, &d->tpms.v[i]->info, 0x4000);
}

/* Slots of memory modules; what sits in none counts from the first free. */
static void dimm_slots(struct expansion *x)
{
    const struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->memories.n; i++) {
        struct memory_device *m = d->memories.v[i];
        if ((m->model != MEMORY_DIMM && m->model != MEMORY_NVDIMM) || (m->info.address && m->info.address->slot.set))
            continue;
        struct address *a = address_new(x, &m->info, ADDRESS_DIMM);
        for (uint64_t slot = 0; !a->slot.set; slot++) {
            bool used = false;
            for (size_t o = 0; o < d->memories.n; o++) {
                const struct address *other = d->memories.v[o]->info.address;
                used |= other && other != a && other->slot.set && other->slot.v == slot;
            }
            if (!used)
                a->slot = NUM(slot);
        }
    }
}

bool expand_bus(struct expansion *x)
{
    dimm_slots(x);
    bool mmio = has_address_type(x->d, ADDRESS_VIRTIO_MMIO);
    bool board = x->m->family == MACHINE_ARM_VIRT || x->m->family == MACHINE_RISCV_VIRT;
    if (x->m->family == MACHINE_S390)
        ccw(x);
    if (x->m->family == MACHINE_PSERIES)
        spapr_vio(x);
    if (x->m->virtio == ADDRESS_VIRTIO_MMIO || (board && mmio))
        all_virtio(x, ADDRESS_VIRTIO_MMIO);
    return true;
}
