/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/disk.h"

const char *const disk_device_names[5] = { NULL, "disk", "cdrom", "floppy", "lun" };
const char *const disk_bus_names[10] = { NULL, "ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd" };
const char *const disk_snapshot_names[5] = { NULL, "no", "internal", "external", "manual" };
const char *const disk_cache_names[7] = { NULL, "default", "none", "writethrough", "writeback", "directsync", "unsafe" };
const char *const disk_error_names[5] = { NULL, "stop", "report", "ignore", "enospace" };
const char *const disk_io_names[4] = { NULL, "native", "threads", "io_uring" };
const char *const disk_discard_names[3] = { NULL, "unmap", "ignore" };
const char *const disk_detect_zeroes_names[4] = { NULL, "off", "on", "unmap" };
const char *const disk_tray_names[3] = { NULL, "closed", "open" };
const char *const disk_trans_names[4] = { NULL, "auto", "none", "lba" };
const char *const disk_sgio_names[3] = { NULL, "filtered", "unfiltered" };

#define TUNE(name, member) { name, K_U64, AT(struct iotune, member) }
static const struct field iotune_fields[] = {
    TUNE("total_bytes_sec", total_bytes),
    TUNE("read_bytes_sec", read_bytes),
    TUNE("write_bytes_sec", write_bytes),
    TUNE("total_iops_sec", total_iops),
    TUNE("read_iops_sec", read_iops),
    TUNE("write_iops_sec", write_iops),
    TUNE("total_bytes_sec_max", total_bytes_max),
    TUNE("read_bytes_sec_max", read_bytes_max),
    TUNE("write_bytes_sec_max", write_bytes_max),
    TUNE("total_iops_sec_max", total_iops_max),
    TUNE("read_iops_sec_max", read_iops_max),
    TUNE("write_iops_sec_max", write_iops_max),
    TUNE("size_iops_sec", size_iops),
    { "group_name", K_STR, AT(struct iotune, group_name) },
    TUNE("total_bytes_sec_max_length", total_bytes_max_length),
    TUNE("read_bytes_sec_max_length", read_bytes_max_length),
    TUNE("write_bytes_sec_max_length", write_bytes_max_length),
    TUNE("total_iops_sec_max_length", total_iops_max_length),
    TUNE("read_iops_sec_max_length", read_iops_max_length),
    TUNE("write_iops_sec_max_length", write_iops_max_length),
};
static const struct element iotune_element = { "iotune", sizeof(struct iotune), FIELDS(iotune_fields) };

static const struct field mirror_fields[] = {
    { "@type", K_ENUM, AT(struct disk_mirror, type), NAMES(storage_type_names) },
    { "@file", K_STR, AT(struct disk_mirror, old_file) },
    { "@format", K_STR, AT(struct disk_mirror, old_format) },
    { "@job", K_STR, AT(struct disk_mirror, job) },
    { "@ready", K_STR, AT(struct disk_mirror, ready) },
    { "format@type", K_ENUM, AT(struct disk_mirror, format), NAMES(storage_format_names) },
    { "source", K_STRUCT, AT(struct disk_mirror, source), .sub = &storage_source_element },
    { "backingStore", K_STRUCT, AT(struct disk_mirror, backing), .sub = &backing_store_element },
};
static const struct element mirror_element = { "mirror", sizeof(struct disk_mirror), FIELDS(mirror_fields) };

/* aio was how Xen's tools said raw. */
static bool disk_parsed(void *self, struct parse *p)
{
    struct disk *d = self;
    (void)p;
    if (d->format == FORMAT_AIO)
        d->format = FORMAT_RAW;
    return true;
}

static const struct field disk_fields[] = {
    { "@type", K_ENUM, AT(struct disk, type), NAMES(storage_type_names) },
    { "@device", K_ENUM, AT(struct disk, device), NAMES(disk_device_names) },
    { "@model", K_ENUM, AT(struct disk, model), NAMES(virtio_flavour_names) },
    { "@rawio", K_YESNO, AT(struct disk, rawio) },
    { "@sgio", K_ENUM, AT(struct disk, sgio), NAMES(disk_sgio_names) },
    { "@snapshot", K_ENUM, AT(struct disk, snapshot), NAMES(disk_snapshot_names) },
    { "driver@name", K_STR, AT(struct disk, driver_name) },
    { "driver@type", K_ENUM, AT(struct disk, format), NAMES(storage_format_names) },
    { "driver@cache", K_ENUM, AT(struct disk, cache), NAMES(disk_cache_names) },
    { "driver@error_policy", K_ENUM, AT(struct disk, error_policy), NAMES(disk_error_names) },
    { "driver@rerror_policy", K_ENUM, AT(struct disk, rerror_policy), NAMES(disk_error_names) },
    { "driver@io", K_ENUM, AT(struct disk, io), NAMES(disk_io_names) },
    { "driver@ioeventfd", K_ONOFF, AT(struct disk, ioeventfd) },
    { "driver@event_idx", K_ONOFF, AT(struct disk, event_idx) },
    { "driver@copy_on_read", K_ONOFF, AT(struct disk, copy_on_read) },
    { "driver@discard", K_ENUM, AT(struct disk, discard), NAMES(disk_discard_names) },
    { "driver@iothread", K_U32, AT(struct disk, iothread) },
    { "driver@detect_zeroes", K_ENUM, AT(struct disk, detect_zeroes), NAMES(disk_detect_zeroes_names) },
    { "driver@queues", K_U32, AT(struct disk, queues) },
    { "driver@queue_size", K_U32, AT(struct disk, queue_size) },
    VIRTIO_FIELDS(struct disk, virtio),
    { "driver/metadata_cache/max_size", K_SIZE, AT(struct disk, metadata_cache), .unit = 1, .unit_name = "bytes" },
    { "auth", K_STRUCT, AT(struct disk, auth), .sub = &storage_auth_element },
    { "source", K_STRUCT, AT(struct disk, source), .sub = &storage_source_element },
    { "backingStore", K_STRUCT, AT(struct disk, backing), .sub = &backing_store_element },
    { "backenddomain@name", K_STR, AT(struct disk, backend_domain) },
    { "geometry@cyls", K_U32, AT(struct disk, cylinders) },
    { "geometry@heads", K_U32, AT(struct disk, heads) },
    { "geometry@secs", K_U32, AT(struct disk, sectors) },
    { "geometry@trans", K_ENUM, AT(struct disk, trans), NAMES(disk_trans_names) },
    { "blockio@logical_block_size", K_U32, AT(struct disk, logical_block_size) },
    { "blockio@physical_block_size", K_U32, AT(struct disk, physical_block_size) },
    { "blockio@discard_granularity", K_U32, AT(struct disk, discard_granularity) },
    { "mirror", K_STRUCT, AT(struct disk, mirror), .sub = &mirror_element, .flags = F_READONLY },
    { "target@dev", K_STR, AT(struct disk, target) },
    { "target@bus", K_ENUM, AT(struct disk, bus), NAMES(disk_bus_names) },
    { "target@tray", K_ENUM, AT(struct disk, tray), NAMES(disk_tray_names) },
    { "target@removable", K_ONOFF, AT(struct disk, removable) },
    { "target@rotation_rate", K_U32, AT(struct disk, rotation_rate) },
    { "iotune", K_STRUCT, AT(struct disk, iotune), .sub = &iotune_element },
    { "readonly", K_FLAG, AT(struct disk, readonly) },
    { "shareable", K_FLAG, AT(struct disk, shareable) },
    { "transient", K_FLAG, AT(struct disk, transient) },
    { "transient@shareBacking", K_YESNO, AT(struct disk, transient_share_backing) },
    { "serial", K_STR, AT(struct disk, serial) },
    { "wwn", K_STR, AT(struct disk, wwn) },
    { "vendor", K_STR, AT(struct disk, vendor) },
    { "product", K_STR, AT(struct disk, product) },
    { "encryption", K_STRUCT, AT(struct disk, encryption), .sub = &encryption_element },
    DEVICE_FIELDS(struct disk),
};
const struct element disk_element = { "disk", sizeof(struct disk), FIELDS(disk_fields), .parsed = disk_parsed };

const struct storage_auth *disk_auth(const struct disk *d)
{
    return d->source && d->source->auth ? d->source->auth : d->auth;
}

const struct encryption *disk_encryption(const struct disk *d)
{
    return d->source && d->source->encryption ? d->source->encryption : d->encryption;
}

bool storage_is_empty(enum storage_type type, const struct storage_source *s)
{
    if (!s)
        return true;
    switch (type) {
    case STORAGE_UNSET:
    case STORAGE_FILE: return !s->file;
    case STORAGE_BLOCK: return !s->dev;
    case STORAGE_DIR: return !s->dir;
    case STORAGE_NETWORK: return !s->protocol;
    case STORAGE_VOLUME: return !s->volume;
    case STORAGE_NVME: return !s->address;
    case STORAGE_VHOST_USER: return !s->path;
    }
    return true;
}

bool disk_has_medium(const struct disk *d)
{
    return !storage_is_empty(d->type, d->source);
}

enum disk_cache disk_cache_mode(const struct disk *d)
{
    if (d->cache > CACHE_DEFAULT)
        return d->cache;
    return d->shareable == TRI_YES && d->readonly != TRI_YES && disk_has_medium(d) ? CACHE_NONE : CACHE_UNSET;
}
