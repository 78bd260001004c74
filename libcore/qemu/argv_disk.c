/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/controller.h"
#include "domain/disk.h"
#include "qemu/argv.h"
#include "qemu/argv_blockdev.h"

/* Disks as the guest sees them. */

static bool is_cdrom(const struct disk *d)
{
    return d->device == DISK_CDROM;
}

static const struct controller *controller_of(struct argv *a, const struct disk *d, enum controller_type type)
{
    const struct devices *v = a->domain->devices;
    for (size_t i = 0; i < v->controllers.n && d->info.address; i++)
        if (v->controllers.v[i]->type == type && v->controllers.v[i]->index.v == d->info.address->controller.v)
            return v->controllers.v[i];
    return NULL;
}

static const struct address *drive_address(struct argv *a, const struct disk *d)
{
    if (d->info.address && d->info.address->type == ADDRESS_DRIVE)
        return d->info.address;
    argv_fail(a, &d->meta, "<disk> %s on bus %s needs an <address type='drive'>", d->target ? d->target : "?", disk_bus_names[d->bus]);
    return NULL;
}

static bool ide(struct argv *a, const struct disk *d, struct props *p)
{
    const struct address *at = drive_address(a, d);
    bool sata = d->bus == BUS_SATA;
    const char *bus = at ? argv_controller(a, sata ? CONTROLLER_SATA : CONTROLLER_IDE, at->controller.v) : NULL;
    if (!at || !bus)
        return at ? argv_fail(a, &d->meta, "<disk> %s: there is no %s controller with index %llu", d->target,
                              disk_bus_names[d->bus], (unsigned long long)at->controller.v)
                  : false;
    props_str(p, "driver", is_cdrom(d) ? "ide-cd" : "ide-hd");
    /* SATA has a bus for each drive. */
    props_fmt(p, "bus", "%s.%llu", bus, (unsigned long long)(sata ? at->unit.v : at->bus.v));
    if (!sata)
        props_uint(p, "unit", at->unit.v);
    return true;
}

static bool scsi(struct argv *a, const struct disk *d, struct props *p)
{
    const struct address *at = drive_address(a, d);
    const struct controller *c = controller_of(a, d, CONTROLLER_SCSI);
    if (!at || !c)
        return at ? argv_fail(a, &d->meta, "<disk> %s: there is no scsi controller with index %llu", d->target,
                              (unsigned long long)at->controller.v)
                  : false;
    props_str(p, "driver", d->device == DISK_LUN ? "scsi-block" : is_cdrom(d) ? "scsi-cd" : "scsi-hd");
    props_fmt(p, "bus", "%s.0", c->info.alias);
    if (c->model == MODEL_LSILOGIC) {
        props_uint(p, "scsi-id", at->unit.v);
    } else {
        props_uint(p, "channel", at->bus.v);
        props_uint(p, "scsi-id", at->target.v);
        props_uint(p, "lun", at->unit.v);
    }
    /* Guests find their disk by this name; it was the drive's id in the days of -drive. */
    if (d->device != DISK_LUN)
        props_str(p, "device_id", d->serial ? d->serial : arena_printf(a->arena, "drive-%s", d->info.alias));
    return true;
}

static bool virtio(struct argv *a, const struct disk *d, struct props *p)
{
    const char *name = argv_virtio(a, "virtio-blk", d->info.address);
    if (d->model == FLAVOUR_TRANSITIONAL)
        name = arena_printf(a->arena, "%s-transitional", name);
    else if (d->model == FLAVOUR_NON_TRANSITIONAL)
        name = arena_printf(a->arena, "%s-non-transitional", name);
    props_str(p, "driver", name);
    if (d->iothread.set)
        props_fmt(p, "iothread", "iothread%llu", (unsigned long long)d->iothread.v);
    props_tri(p, "ioeventfd", d->ioeventfd);
    props_tri(p, "event_idx", d->event_idx);
    if (d->device == DISK_LUN)
        props_bool(p, "scsi", true);
    props_num(p, "num-queues", d->queues);
    props_num(p, "queue-size", d->queue_size);
    argv_virtio_options(p, d->virtio.iommu, d->virtio.ats, d->virtio.packed, d->virtio.page_per_vq);
    return argv_address(a, p, &d->meta, d->info.address);
}

static bool usb(struct argv *a, const struct disk *d, struct props *p)
{
    props_str(p, "driver", "usb-storage");
    props_bool(p, "removable", d->removable == TRI_YES);
    return argv_address(a, p, &d->meta, d->info.address);
}

static bool floppy(struct argv *a, const struct disk *d, struct props *p)
{
    const struct address *at = drive_address(a, d);
    if (!at)
        return false;
    props_str(p, "driver", "floppy");
    props_uint(p, "unit", at->unit.v);
    return true;
}

/* Boards have their card readers on board: a drive is put in by its number. */
static bool sd_card(struct argv *a, const struct disk *d)
{
    static const char *const caches[7] = { NULL, NULL, "none", "writethrough", "writeback", "directsync", "unsafe" };
    autostr struct str s = STR_INIT;
    if (d->type != STORAGE_FILE && d->type != STORAGE_BLOCK)
        return argv_fail(a, &d->meta, "<disk type='%s'> is not supported on bus 'sd'", enum_name(storage_type_names, d->type));
    if (disk_has_medium(d))
        str_addf(&s, "file=%s,", argv_escape(a, d->source->file ? d->source->file : d->source->dev));
    str_addf(&s, "format=%s,if=sd,index=%llu", d->format ? storage_format_names[d->format] : "raw",
             (unsigned long long)(d->info.address ? d->info.address->unit.v : 0));
    if (d->readonly == TRI_YES)
        str_add(&s, ",readonly=on");
    if (caches[d->cache])
        str_addf(&s, ",cache=%s", caches[d->cache]);
    argv_add(a, "-drive", arena_strdup(a->arena, str_text(&s)));
    return true;
}

static void write_cache(const struct disk *d, struct props *p)
{
    /* What the mode says of the guest's own write cache; a passed-through LUN has the host's. */
    static const char *const modes[7] = {
        [CACHE_NONE] = "on", [CACHE_WRITEBACK] = "on", [CACHE_UNSAFE] = "on",
        [CACHE_WRITETHROUGH] = "off", [CACHE_DIRECTSYNC] = "off",
    };
    if (d->device != DISK_LUN)
        props_str(p, "write-cache", modes[disk_cache_mode(d)]);
}

static void error_policy(const struct disk *d, struct props *p)
{
    static const char *const names[5] = { NULL, "stop", "report", "ignore", "enospc" };
    enum disk_error reads = d->rerror_policy ? d->rerror_policy : d->error_policy;
    props_str(p, "werror", names[d->error_policy]);
    /* There is no such thing as a full disk when reading. */
    if (reads != ERROR_ENOSPACE)
        props_str(p, "rerror", names[reads]);
}

static bool identity(struct argv *a, const struct disk *d, struct props *p)
{
    if (d->wwn) {
        char *end;
        unsigned long long wwn = strtoull(d->wwn, &end, 16);
        if (*end)
            return argv_fail(a, &d->meta, "<disk> wwn '%s': not a hexadecimal number", d->wwn);
        props_uint(p, "wwn", wwn);
    }
    props_num(p, "rotation_rate", d->rotation_rate);
    props_str(p, "vendor", d->vendor);
    props_str(p, "product", d->product);
    props_str(p, "serial", d->serial);
    return true;
}

static void geometry(const struct disk *d, struct props *p)
{
    static const char *const trans[4] = { NULL, "auto", "none", "lba" };
    if (d->cylinders.v && d->heads.v && d->sectors.v) {
        props_uint(p, "cyls", d->cylinders.v);
        props_uint(p, "heads", d->heads.v);
        props_uint(p, "secs", d->sectors.v);
        props_str(p, "bios-chs-trans", trans[d->trans]);
    }
    props_num(p, "logical_block_size", d->logical_block_size);
    props_num(p, "physical_block_size", d->physical_block_size);
    props_num(p, "discard_granularity", d->discard_granularity);
}

/* Another process does the reading and writing, at the other end of a socket. */
static bool vhost_user(struct argv *a, const struct disk *d)
{
    const struct storage_source *s = d->source;
    const char *id = arena_printf(a->arena, "chr-vu-%s", d->info.alias);
    if (d->bus != BUS_VIRTIO || !s || !s->path)
        return argv_fail(a, &d->meta, "<disk type='vhostuser'> needs <source type='unix' path=> and bus 'virtio'");
    if (s->reconnect == TRI_YES)
        argv_addf(a, "-chardev", "socket,id=%s,path=%s,reconnect=%llu", id, argv_escape(a, s->path),
                  (unsigned long long)s->reconnect_timeout.v);
    else
        argv_addf(a, "-chardev", "socket,id=%s,path=%s%s", id, argv_escape(a, s->path),
                  s->reconnect == TRI_NO ? ",reconnect=0" : "");
    struct props *p = props_new(a->arena);
    props_str(p, "driver", argv_virtio(a, "vhost-user-blk", d->info.address));
    argv_virtio_options(p, d->virtio.iommu, d->virtio.ats, d->virtio.packed, d->virtio.page_per_vq);
    props_num(p, "num-queues", d->queues);
    props_num(p, "queue-size", d->queue_size);
    if (!argv_address(a, p, &d->meta, d->info.address))
        return false;
    props_str(p, "chardev", id);
    props_str(p, "id", d->info.alias);
    props_num(p, "bootindex", argv_boot_index(a, &d->info));
    argv_device(a, p);
    return true;
}

static bool disk(struct argv *a, const struct disk *d, unsigned number)
{
    static bool (*const build[10])(struct argv *, const struct disk *, struct props *) = {
        [BUS_IDE] = ide,       [BUS_SATA] = ide, [BUS_SCSI] = scsi, [BUS_VIRTIO] = virtio,
        [BUS_USB] = usb, [BUS_FDC] = floppy,
    };
    const char *node = NULL;
    if (d->transient == TRI_YES) {
        argv_beyond(a, "disk %s: <transient/> needs an overlay, which is not supported yet", d->target);
        if (d->transient_share_backing == TRI_YES)
            return true; /* plugged in once the overlay is there */
    }
    if (d->bus == BUS_SD)
        return sd_card(a, d);
    if (d->type == STORAGE_VHOST_USER)
        return vhost_user(a, d);
    if (number && !(node = argv_chain(a, d, number)))
        return false;
    if (!build[d->bus])
        return argv_fail(a, &d->meta, "<disk> bus '%s' is not supported on this machine", enum_name(disk_bus_names, d->bus));
    struct props *p = props_new(a->arena);
    if (!build[d->bus](a, d, p))
        return false;
    if (d->shareable == TRI_YES)
        props_bool(p, "share-rw", true);
    props_str(p, "drive", node);
    props_str(p, "id", d->info.alias);
    if (d->bus != BUS_FDC)
        props_num(p, "bootindex", argv_boot_index(a, &d->info));
    geometry(d, p);
    if (!identity(a, d, p))
        return false;
    write_cache(d, p);
    error_policy(d, p);
    argv_device(a, p);
    argv_iotune(a, d);
    return true;
}

/* An empty drive takes a number for what may be put in. */
static unsigned numbers_of(const struct disk *d)
{
    unsigned n = argv_chain_length(d);
    return n || d->type == STORAGE_VHOST_USER ? n : 1;
}

/* Images are numbered from the last disk to the first, as libvirt does. */
bool argv_disks(struct argv *a)
{
    const struct devices *v = a->domain->devices;
    unsigned number = 1;
    for (size_t i = 0; i < v->disks.n; i++)
        number += numbers_of(v->disks.v[i]);
    a->next_node = number;
    for (size_t i = 0; i < v->disks.n; i++) {
        unsigned n = argv_chain_length(v->disks.v[i]);
        number -= numbers_of(v->disks.v[i]);
        if (!disk(a, v->disks.v[i], n ? number : 0))
            return false;
    }
    return true;
}
