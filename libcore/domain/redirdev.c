/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/redirdev.h"

static const struct field redirdev_fields[] = {
    { "@bus", K_STR, AT(struct redirdev, bus) },
    { "@type", K_ENUM, AT(struct redirdev, host.type), NAMES(chardev_type_names) },
    CHARDEV_HOST_FIELDS(struct redirdev),
    DEVICE_FIELDS(struct redirdev),
};
const struct element redirdev_element = { "redirdev", sizeof(struct redirdev), FIELDS(redirdev_fields) };

static const struct field filter_fields[] = {
    { "@class", K_STR, AT(struct usb_filter, class) },
    { "@vendor", K_STR, AT(struct usb_filter, vendor) },
    { "@product", K_STR, AT(struct usb_filter, product) },
    { "@version", K_STR, AT(struct usb_filter, version) },
    { "@allow", K_YESNO, AT(struct usb_filter, allow), .flags = F_REQUIRED },
};
static const struct element filter_element = { "usbdev", sizeof(struct usb_filter), FIELDS(filter_fields) };

static const struct field redirfilter_fields[] = {
    { "usbdev", K_LIST, AT(struct redirfilter, filters), .sub = &filter_element },
};
const struct element redirfilter_element = { "redirfilter", sizeof(struct redirfilter), FIELDS(redirfilter_fields) };
