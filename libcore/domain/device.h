/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_DEVICE_H
#define DOMAIN_DEVICE_H

#include "domain/domain.h"

/* Every device of a domain alike, for what concerns all: addresses, aliases, boot order. */
enum device_kind {
    DEVICE_DISK,
    DEVICE_CONTROLLER,
    DEVICE_FILESYSTEM,
    DEVICE_INTERFACE,
    DEVICE_SMARTCARD,
    DEVICE_SERIAL,
    DEVICE_PARALLEL,
    DEVICE_CONSOLE,
    DEVICE_CHANNEL,
    DEVICE_INPUT,
    DEVICE_TPM,
    DEVICE_SOUND,
    DEVICE_VIDEO,
    DEVICE_HOSTDEV,
    DEVICE_REDIRDEV,
    DEVICE_HUB,
    DEVICE_WATCHDOG,
    DEVICE_MEMBALLOON,
    DEVICE_RNG,
    DEVICE_NVRAM,
    DEVICE_PANIC,
    DEVICE_SHMEM,
    DEVICE_MEMORY,
    DEVICE_IOMMU,
    DEVICE_VSOCK,
    DEVICE_KINDS
};
/* The element's name: "disk", "interface". */
extern const char *const device_kind_names[DEVICE_KINDS];

struct device {
    enum device_kind kind;
    size_t index; /* among those of its kind */
    void *dev;    /* struct disk *, struct controller *, … */
    struct meta *meta;
    struct device_info *info;
};

/* The number-th device of that kind; false if there are fewer. */
bool device_at(const struct domain *d, enum device_kind kind, size_t number, struct device *out);

/* Walks all devices, kind by kind in the order of the enum. Start with *at = { 0 }. */
struct device_walk {
    enum device_kind kind;
    size_t number;
};
bool device_next(const struct domain *d, struct device_walk *at, struct device *out);

#endif
