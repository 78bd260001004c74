/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_REDIRDEV_H
#define DOMAIN_REDIRDEV_H

#include "domain/chardev.h"
#include "domain/domain.h"

struct redirdev {
    struct meta meta;
    const char *bus; /* usb */
    struct chardev_host host;
    struct device_info info;
};
extern const struct element redirdev_element;

struct usb_filter {
    struct meta meta;
    const char *class, *vendor, *product; /* "-1" or hexadecimal, as written */
    const char *version; /* "-1" or "1.10" */
    enum tri allow;
};
struct redirfilter {
    struct meta meta;
    LIST(struct usb_filter) filters;
};
extern const struct element redirfilter_element;

#endif
