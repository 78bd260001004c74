/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_VIRTIO_H
#define DOMAIN_VIRTIO_H

#include "xml/vocab.h"

/* Attributes of <driver> that every virtio device may have. */
struct virtio_options {
    enum tri iommu, ats, packed, page_per_vq;
};
#define VIRTIO_FIELDS(type, member)                                  \
    { "driver@iommu", K_ONOFF, AT(type, member.iommu) },             \
    { "driver@ats", K_ONOFF, AT(type, member.ats) },                 \
    { "driver@packed", K_ONOFF, AT(type, member.packed) },           \
    { "driver@page_per_vq", K_ONOFF, AT(type, member.page_per_vq) }

#endif
