/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/iommu.h"

const char *const iommu_model_names[4] = { NULL, "intel", "smmuv3", "virtio" };

static const struct field iommu_fields[] = {
    { "@model", K_ENUM, AT(struct iommu, model), NAMES(iommu_model_names), .flags = F_REQUIRED },
    { "driver@intremap", K_ONOFF, AT(struct iommu, intremap) },
    { "driver@caching_mode", K_ONOFF, AT(struct iommu, caching_mode) },
    { "driver@eim", K_ONOFF, AT(struct iommu, eim) },
    { "driver@iotlb", K_ONOFF, AT(struct iommu, iotlb) },
    { "driver@aw_bits", K_U32, AT(struct iommu, aw_bits), .max = 255 },
    DEVICE_FIELDS(struct iommu),
};
const struct element iommu_element = { "iommu", sizeof(struct iommu), FIELDS(iommu_fields) };

static const struct field nvram_fields[] = { DEVICE_FIELDS(struct nvram_device) };
const struct element nvram_element = { "nvram", sizeof(struct nvram_device), FIELDS(nvram_fields) };

static const struct field lease_fields[] = {
    { "lockspace", K_STR, AT(struct lease, lockspace) },
    { "key", K_STR, AT(struct lease, key), .flags = F_REQUIRED },
    { "target@path", K_STR, AT(struct lease, path), .flags = F_REQUIRED },
    { "target@offset", K_U64, AT(struct lease, offset) },
};
const struct element lease_element = { "lease", sizeof(struct lease), FIELDS(lease_fields) };
