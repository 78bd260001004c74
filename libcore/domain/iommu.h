/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_IOMMU_H
#define DOMAIN_IOMMU_H

#include "domain/domain.h"

enum iommu_model { IOMMU_UNSET, IOMMU_INTEL, IOMMU_SMMUV3, IOMMU_VIRTIO };
extern const char *const iommu_model_names[4];

struct iommu {
    struct meta meta;
    enum iommu_model model;
    enum tri intremap, caching_mode, eim, iotlb;
    struct num aw_bits;
    struct device_info info;
};
extern const struct element iommu_element;

/* <nvram>: where spapr's own NVRAM stands. */
struct nvram_device {
    struct meta meta;
    struct device_info info;
};
extern const struct element nvram_element;

/* <lease> of a lock manager. */
struct lease {
    struct meta meta;
    const char *lockspace, *key, *path;
    struct num offset;
};
extern const struct element lease_element;

#endif
