/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/video.h"

const char *const video_model_names[13] = {
    NULL, "vga", "cirrus", "vmvga", "xen", "vbox", "qxl", "parallels", "virtio", "gop", "none", "bochs", "ramfb",
};

static const struct field video_fields[] = {
    { "driver@name", K_STR, AT(struct video, driver) },
    { "driver@vgaconf", K_STR, AT(struct video, vgaconf) },
    VIRTIO_FIELDS(struct video, virtio),
    { "model@type", K_ENUM, AT(struct video, model), NAMES(video_model_names) },
    { "model@ram", K_U32, AT(struct video, ram) },
    { "model@vram", K_U32, AT(struct video, vram) },
    { "model@vram64", K_U32, AT(struct video, vram64) },
    { "model@vgamem", K_U32, AT(struct video, vgamem) },
    { "model@heads", K_U32, AT(struct video, heads) },
    { "model@primary", K_YESNO, AT(struct video, primary) },
    { "model@blob", K_ONOFF, AT(struct video, blob) },
    { "model/acceleration@accel2d", K_YESNO, AT(struct video, accel2d) },
    { "model/acceleration@accel3d", K_YESNO, AT(struct video, accel3d) },
    { "model/acceleration@rendernode", K_STR, AT(struct video, rendernode) },
    { "model/resolution@x", K_U32, AT(struct video, res_x) },
    { "model/resolution@y", K_U32, AT(struct video, res_y) },
    DEVICE_FIELDS(struct video),
};
const struct element video_element = { "video", sizeof(struct video), FIELDS(video_fields) };
