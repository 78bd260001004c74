/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_VIDEO_H
#define DOMAIN_VIDEO_H

#include "domain/domain.h"
#include "domain/virtio.h"

enum video_model {
    VIDEO_UNSET,
    VIDEO_VGA,
    VIDEO_CIRRUS,
    VIDEO_VMVGA,
    VIDEO_XEN,
    VIDEO_VBOX,
    VIDEO_QXL,
    VIDEO_PARALLELS,
    VIDEO_VIRTIO,
    VIDEO_GOP,
    VIDEO_NONE,
    VIDEO_BOCHS,
    VIDEO_RAMFB,
};
extern const char *const video_model_names[13];

struct video {
    struct meta meta;
    const char *driver; /* qemu, vhostuser */
    const char *vgaconf; /* io, on, off */
    struct virtio_options virtio;
    enum video_model model;
    struct num ram, vram, vram64, vgamem; /* KiB */
    struct num heads;
    enum tri primary, blob;
    enum tri accel2d, accel3d;
    const char *rendernode;
    struct num res_x, res_y;
    struct device_info info;
};
extern const struct element video_element;

#endif
