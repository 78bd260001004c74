/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_INPUT_H
#define DOMAIN_INPUT_H

#include "domain/domain.h"
#include "domain/virtio.h"

enum input_type { INPUT_UNSET, INPUT_MOUSE, INPUT_TABLET, INPUT_KEYBOARD, INPUT_PASSTHROUGH, INPUT_EVDEV };
extern const char *const input_type_names[6];
enum input_bus { INPUT_BUS_UNSET, INPUT_BUS_PS2, INPUT_BUS_USB, INPUT_BUS_XEN, INPUT_BUS_PARALLELS, INPUT_BUS_VIRTIO, INPUT_BUS_NONE };
extern const char *const input_bus_names[7];
/* Shared by devices that come in two virtio flavours beside their plain one. */
enum virtio_flavour { FLAVOUR_UNSET, FLAVOUR_VIRTIO, FLAVOUR_TRANSITIONAL, FLAVOUR_NON_TRANSITIONAL };
extern const char *const virtio_flavour_names[4];

struct input {
    struct meta meta;
    enum input_type type;
    enum input_bus bus;
    enum virtio_flavour model;
    struct virtio_options virtio;
    const char *evdev; /* source@evdev */
    const char *dev;   /* source@dev */
    const char *grab;  /* all */
    enum tri repeat;
    const char *grab_toggle;
    struct device_info info;
};
extern const struct element input_element;

#endif
