/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/alias.h"

#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "domain/chardev.h"
#include "domain/controller.h"
#include "domain/disk.h"
#include "domain/filesystem.h"
#include "domain/hostdev.h"
#include "domain/input.h"
#include "domain/interface.h"
#include "domain/iommu.h"
#include "domain/memory_device.h"
#include "domain/misc.h"
#include "domain/os.h"
#include "domain/redirdev.h"
#include "domain/sound.h"
#include "domain/tpm.h"
#include "domain/video.h"

static bool users_own(const struct device_info *info)
{
    return str_starts(info->alias, "ua-");
}

static void name(struct arena *a, struct device_info *info, const char *prefix, unsigned long long n)
{
    if (!users_own(info))
        info->alias = arena_printf(a, "%s%llu", prefix, n);
}

/* Names all members of a list by their place in it. */
#define NAME_ALL(a, list, prefix)                           \
    for (size_t i_ = 0; i_ < (list).n; i_++)                \
        name((a), &(list).v[i_]->info, (prefix), i_)

int disk_target_index(const char *target)
{
    if (!target)
        return -1;
    const char *s = target;
    static const char *const prefixes[] = { "fd", "hd", "vd", "sd", "xvd", "ubd" };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (!str_starts(target, prefixes[i]))
            continue;
        s = target + strlen(prefixes[i]);
        int n = 0;
        for (; *s >= 'a' && *s <= 'z'; s++) {
            if (n > INT_MAX / 26 - 26)
                return -1;
            n = n * 26 + (*s - 'a') + 1;
        }
        size_t digits = strspn(s, "0123456789"); /* a partition: vda1 */
        return n && !s[digits] ? n - 1 : -1;
    }
    return -1;
}

static bool is_lsi(const struct domain *d, uint64_t index)
{
    for (size_t i = 0; i < d->devices->controllers.n; i++) {
        const struct controller *c = d->devices->controllers.v[i];
        if (c->type == CONTROLLER_SCSI && c->index.v == index)
            return c->model == MODEL_LSILOGIC;
    }
    return false;
}

static void name_disk(const struct domain *d, struct arena *a, struct disk *disk)
{
    const struct address *at = disk->info.address;
    const char *bus = disk_bus_names[disk->bus];
    if (users_own(&disk->info))
        return;
    if (at && at->type == ADDRESS_DRIVE && disk->bus == BUS_SCSI && !is_lsi(d, at->controller.v))
        disk->info.alias = arena_printf(a, "%s%llu-%llu-%llu-%llu", bus, (unsigned long long)at->controller.v,
                                        (unsigned long long)at->bus.v, (unsigned long long)at->target.v,
                                        (unsigned long long)at->unit.v);
    else if (at && at->type == ADDRESS_DRIVE)
        disk->info.alias = arena_printf(a, "%s%llu-%llu-%llu", bus, (unsigned long long)at->controller.v,
                                        (unsigned long long)at->bus.v, (unsigned long long)at->unit.v);
    else
        disk->info.alias = arena_printf(a, "%s-disk%d", bus ? bus : "disk", disk_target_index(disk->target));
}

/* Machines bring a few controllers along, whose buses have names of their own in QEMU. */
static void name_controller(const struct domain *d, struct arena *a, struct controller *c)
{
    bool q35 = str_starts(d->os->machine, "pc-q35") || streq(d->os->machine, "q35");
    bool pc = str_starts(d->os->machine, "pc-i440fx") || streq(d->os->machine, "pc") || str_starts(d->os->machine, "pc-0.") ||
              str_starts(d->os->machine, "pc-1.");
    unsigned long long n = c->index.v;
    const char *type = controller_type_names[c->type];
    if (users_own(&c->info))
        return;
    if (c->type == CONTROLLER_PCI)
        c->info.alias = arena_printf(a, c->model == MODEL_PCIE_ROOT ? "pcie.%llu" : "pci.%llu", n);
    else if (n == 0 && ((c->type == CONTROLLER_IDE && pc) || (c->type == CONTROLLER_SATA && q35)))
        c->info.alias = "ide";
    else if (n == 0 && c->type == CONTROLLER_USB)
        c->info.alias = "usb";
    else
        c->info.alias = arena_printf(a, "%s%llu", type, n);
}

static void name_memory(struct arena *a, struct devices *v)
{
    static const char *const prefixes[] = {
        [MEMORY_DIMM] = "dimm", [MEMORY_NVDIMM] = "nvdimm", [MEMORY_VIRTIO_PMEM] = "virtiopmem",
        [MEMORY_VIRTIO_MEM] = "virtiomem", [MEMORY_SGX_EPC] = "epc",
    };
    for (size_t i = 0; i < v->memories.n; i++) {
        struct memory_device *m = v->memories.v[i];
        const struct address *at = m->info.address;
        bool slotted = (m->model == MEMORY_DIMM || m->model == MEMORY_NVDIMM) && at && at->type == ADDRESS_DIMM && at->slot.set;
        unsigned before = 0; /* of the same model: virtio devices have no slots to be named by */
        for (size_t k = 0; k < i; k++)
            before += v->memories.v[k]->model == m->model;
        name(a, &m->info, prefixes[m->model] ? prefixes[m->model] : "dimm", slotted ? at->slot.v : before);
    }
}

/* Interfaces that pass a host device through are counted with the host devices, before them. */
static void name_interfaces(struct arena *a, struct devices *v)
{
    size_t host = 0;
    for (size_t i = 0; i < v->interfaces.n; i++)
        if (v->interfaces.v[i]->type == INTERFACE_HOSTDEV)
            name(a, &v->interfaces.v[i]->info, "hostdev", host++);
        else
            name(a, &v->interfaces.v[i]->info, "net", i);
    for (size_t i = 0; i < v->hostdevs.n; i++)
        name(a, &v->hostdevs.v[i]->info, "hostdev", host++);
}

/* The first console of target serial is the first serial device under another name. */
static void name_consoles(struct arena *a, struct devices *v)
{
    for (size_t i = 0; i < v->consoles.n; i++)
        if (i == 0 && v->consoles.v[i]->target == TARGET_SERIAL && v->serials.n)
            v->consoles.v[i]->info.alias = v->serials.v[0]->info.alias;
        else
            name(a, &v->consoles.v[i]->info, "console", i);
}

void domain_assign_aliases(struct domain *d, struct arena *a)
{
    struct devices *v = d->devices;
    for (size_t i = 0; i < v->disks.n; i++)
        name_disk(d, a, v->disks.v[i]);
    for (size_t i = 0; i < v->controllers.n; i++)
        name_controller(d, a, v->controllers.v[i]);
    name_interfaces(a, v);
    name_memory(a, v);
    NAME_ALL(a, v->filesystems, "fs");
    NAME_ALL(a, v->smartcards, "smartcard");
    NAME_ALL(a, v->serials, "serial");
    NAME_ALL(a, v->parallels, "parallel");
    NAME_ALL(a, v->channels, "channel");
    name_consoles(a, v);
    NAME_ALL(a, v->inputs, "input");
    NAME_ALL(a, v->tpms, "tpm");
    NAME_ALL(a, v->sounds, "sound");
    NAME_ALL(a, v->videos, "video");
    NAME_ALL(a, v->redirdevs, "redir");
    NAME_ALL(a, v->hubs, "hub");
    NAME_ALL(a, v->watchdogs, "watchdog");
    NAME_ALL(a, v->memballoons, "balloon");
    NAME_ALL(a, v->rngs, "rng");
    NAME_ALL(a, v->panics, "panic");
    NAME_ALL(a, v->shmems, "shmem");
    if (v->vsock)
        name(a, &v->vsock->info, "vsock", 0);
    if (v->iommu)
        name(a, &v->iommu->info, "iommu", 0);
}
