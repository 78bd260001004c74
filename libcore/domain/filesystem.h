/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_FILESYSTEM_H
#define DOMAIN_FILESYSTEM_H

#include "domain/domain.h"
#include "domain/input.h"
#include "domain/virtio.h"

enum filesystem_type {
    FILESYSTEM_UNSET,
    FILESYSTEM_MOUNT,
    FILESYSTEM_BLOCK,
    FILESYSTEM_FILE,
    FILESYSTEM_TEMPLATE,
    FILESYSTEM_RAM,
    FILESYSTEM_BIND,
    FILESYSTEM_VOLUME,
};
extern const char *const filesystem_type_names[8];
enum filesystem_driver {
    FS_DRIVER_UNSET,
    FS_DRIVER_PATH,
    FS_DRIVER_HANDLE,
    FS_DRIVER_LOOP,
    FS_DRIVER_NBD,
    FS_DRIVER_PLOOP,
    FS_DRIVER_VIRTIOFS,
};
extern const char *const filesystem_driver_names[7];
enum filesystem_access { ACCESS_UNSET, ACCESS_PASSTHROUGH, ACCESS_MAPPED, ACCESS_SQUASH };
extern const char *const filesystem_access_names[4];
enum filesystem_multidevs { MULTIDEVS_UNSET, MULTIDEVS_DEFAULT, MULTIDEVS_REMAP, MULTIDEVS_FORBID, MULTIDEVS_WARN };
extern const char *const filesystem_multidevs_names[5];

struct filesystem {
    struct meta meta;
    enum filesystem_type type;
    enum filesystem_access accessmode;
    enum filesystem_multidevs multidevs;
    const char *fmode, *dmode; /* octal */
    enum virtio_flavour model;
    enum filesystem_driver driver;
    const char *format, *wrpolicy;
    struct num queue;
    struct virtio_options virtio;
    /* virtiofsd */
    const char *binary;
    enum tri xattr;
    const char *cache_mode;   /* none, always */
    const char *sandbox_mode; /* namespace, chroot */
    enum tri lock_posix, lock_flock;
    struct inum thread_pool;
    /* source, by type */
    const char *dir, *socket, *file, *dev, *name, *pool, *volume;
    struct num usage; /* ram, in units */
    const char *units;
    const char *target; /* mount tag */
    enum tri readonly;
    struct num hard_limit, soft_limit; /* bytes */
    struct device_info info;
};
extern const struct element filesystem_element;

#endif
