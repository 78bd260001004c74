/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/input.h"

const char *const input_type_names[6] = { NULL, "mouse", "tablet", "keyboard", "passthrough", "evdev" };
const char *const input_bus_names[7] = { NULL, "ps2", "usb", "xen", "parallels", "virtio", "none" };
const char *const virtio_flavour_names[4] = { NULL, "virtio", "virtio-transitional", "virtio-non-transitional" };

static const struct field input_fields[] = {
    { "@type", K_ENUM, AT(struct input, type), NAMES(input_type_names), .flags = F_REQUIRED },
    { "@bus", K_ENUM, AT(struct input, bus), NAMES(input_bus_names) },
    { "@model", K_ENUM, AT(struct input, model), NAMES(virtio_flavour_names) },
    VIRTIO_FIELDS(struct input, virtio),
    { "source@evdev", K_STR, AT(struct input, evdev) },
    { "source@dev", K_STR, AT(struct input, dev) },
    { "source@grab", K_STR, AT(struct input, grab) },
    { "source@grabToggle", K_STR, AT(struct input, grab_toggle) },
    { "source@repeat", K_ONOFF, AT(struct input, repeat) },
    DEVICE_FIELDS(struct input),
};
const struct element input_element = { "input", sizeof(struct input), FIELDS(input_fields) };
