/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_MEMORY_DEVICE_H
#define DOMAIN_MEMORY_DEVICE_H

#include "domain/domain.h"
#include "domain/general.h"

enum memory_model {
    MEMORY_UNSET,
    MEMORY_DIMM,
    MEMORY_NVDIMM,
    MEMORY_VIRTIO_PMEM,
    MEMORY_VIRTIO_MEM,
    MEMORY_SGX_EPC,
};
extern const char *const memory_model_names[6];



/* Sizes in KiB. */
struct memory_device {
    struct meta meta;
    enum memory_model model;
    enum memory_access access;
    enum tri discard;
    const char *uuid;
    struct num pagesize;
    const char *nodemask;
    const char *path;
    struct num alignsize;
    enum tri pmem;
    struct num size, node;
    struct num block, requested, current; /* virtio-mem */
    struct num label_size;                /* nvdimm */
    enum tri readonly;
    struct device_info info;
};
extern const struct element memory_device_element;

#endif
