/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_DISK_H
#define DOMAIN_DISK_H

#include "domain/domain.h"
#include "domain/input.h"
#include "domain/storage.h"
#include "domain/virtio.h"

enum disk_device { DISK_DEVICE_UNSET, DISK_DISK, DISK_CDROM, DISK_FLOPPY, DISK_LUN };
extern const char *const disk_device_names[5];

enum disk_bus {
    BUS_UNSET,
    BUS_IDE,
    BUS_FDC,
    BUS_SCSI,
    BUS_VIRTIO,
    BUS_XEN,
    BUS_USB,
    BUS_UML,
    BUS_SATA,
    BUS_SD,
};
extern const char *const disk_bus_names[10];

enum disk_snapshot { SNAPSHOT_UNSET, SNAPSHOT_NO, SNAPSHOT_INTERNAL, SNAPSHOT_EXTERNAL, SNAPSHOT_MANUAL };
extern const char *const disk_snapshot_names[5];
enum disk_cache {
    CACHE_UNSET,
    CACHE_DEFAULT,
    CACHE_NONE,
    CACHE_WRITETHROUGH,
    CACHE_WRITEBACK,
    CACHE_DIRECTSYNC,
    CACHE_UNSAFE,
};
extern const char *const disk_cache_names[7];
enum disk_error { ERROR_UNSET, ERROR_STOP, ERROR_REPORT, ERROR_IGNORE, ERROR_ENOSPACE };
extern const char *const disk_error_names[5];
enum disk_io { IO_UNSET, IO_NATIVE, IO_THREADS, IO_URING };
extern const char *const disk_io_names[4];
enum disk_discard { DISCARD_UNSET, DISCARD_UNMAP, DISCARD_IGNORE };
extern const char *const disk_discard_names[3];
enum disk_detect_zeroes { DETECT_UNSET, DETECT_OFF, DETECT_ON, DETECT_UNMAP };
extern const char *const disk_detect_zeroes_names[4];
enum disk_tray { TRAY_UNSET, TRAY_CLOSED, TRAY_OPEN };
extern const char *const disk_tray_names[3];
enum disk_trans { TRANS_UNSET, TRANS_AUTO, TRANS_NONE, TRANS_LBA };
extern const char *const disk_trans_names[4];
enum disk_sgio { SGIO_UNSET, SGIO_FILTERED, SGIO_UNFILTERED };
extern const char *const disk_sgio_names[3];

/* <iotune>: bytes per second, operations per second, seconds (…_max_length). */
struct iotune {
    struct meta meta;
    struct num total_bytes, read_bytes, write_bytes;
    struct num total_iops, read_iops, write_iops;
    struct num total_bytes_max, read_bytes_max, write_bytes_max;
    struct num total_iops_max, read_iops_max, write_iops_max;
    struct num size_iops;
    const char *group_name;
    struct num total_bytes_max_length, read_bytes_max_length, write_bytes_max_length;
    struct num total_iops_max_length, read_iops_max_length, write_iops_max_length;
};

/* <mirror>: a running copy; only in live documents. */
struct disk_mirror {
    struct meta meta;
    enum storage_type type;
    const char *job, *ready;
    const char *old_file, *old_format; /* the older spelling */
    enum storage_format format;
    struct storage_source *source;
    struct backing_store *backing;
};

struct disk {
    struct meta meta;
    enum storage_type type;
    enum disk_device device;
    enum virtio_flavour model;
    enum tri rawio;
    enum disk_sgio sgio;
    enum disk_snapshot snapshot;
    /* driver */
    const char *driver_name;
    enum storage_format format;
    enum disk_cache cache;
    enum disk_error error_policy, rerror_policy;
    enum disk_io io;
    enum tri ioeventfd, event_idx, copy_on_read;
    enum disk_discard discard;
    struct num iothread, queues, queue_size;
    enum disk_detect_zeroes detect_zeroes;
    struct virtio_options virtio;
    struct num metadata_cache; /* bytes */

    struct storage_auth *auth; /* an older place than source->auth */
    struct storage_source *source;
    struct backing_store *backing;
    const char *backend_domain;
    /* geometry, blockio */
    struct num cylinders, heads, sectors;
    enum disk_trans trans;
    struct num logical_block_size, physical_block_size; /* bytes */
    struct num discard_granularity;                     /* bytes */
    struct disk_mirror *mirror;
    const char *target; /* vda */
    enum disk_bus bus;
    enum disk_tray tray;
    enum tri removable;
    struct num rotation_rate;
    struct iotune *iotune;
    enum tri readonly, shareable;
    enum tri transient, transient_share_backing;
    const char *serial, *wwn, *vendor, *product;
    struct encryption *encryption; /* an older place than source->encryption */
    struct device_info info;
};
extern const struct element disk_element;

/* The device's authentication and encryption, wherever they stand; NULL: none. */
const struct storage_auth *disk_auth(const struct disk *d);
const struct encryption *disk_encryption(const struct disk *d);

/* The cache mode that counts: a writable disk shared between guests is never cached on the host. */
enum disk_cache disk_cache_mode(const struct disk *d);

/* There is a medium: a source that names something. */
bool disk_has_medium(const struct disk *d);
bool storage_is_empty(enum storage_type type, const struct storage_source *s);

#endif
