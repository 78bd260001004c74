/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/hostdev.h"

const char *const hostdev_mode_names[3] = { NULL, "subsystem", "capabilities" };
const char *const hostdev_type_names[9] = { NULL, "usb", "pci", "scsi", "scsi_host", "mdev", "storage", "misc", "net" };
const char *const hostdev_model_names[7] = {
    NULL, "virtio", "virtio-transitional", "virtio-non-transitional", "vfio-pci", "vfio-ccw", "vfio-ap",
};
const char *const hostdev_guest_reset_names[4] = { NULL, "off", "uninitialized", "on" };

static const struct field fields[] = {
    { "@mode", K_ENUM, AT(struct hostdev, mode), NAMES(hostdev_mode_names) },
    { "@type", K_ENUM, AT(struct hostdev, type), NAMES(hostdev_type_names), .flags = F_REQUIRED },
    { "@managed", K_YESNO, AT(struct hostdev, managed) },
    { "@sgio", K_ENUM, AT(struct hostdev, sgio), NAMES(disk_sgio_names) },
    { "@rawio", K_YESNO, AT(struct hostdev, rawio) },
    { "@model", K_ENUM, AT(struct hostdev, model), NAMES(hostdev_model_names) },
    { "@display", K_ONOFF, AT(struct hostdev, display) },
    { "@ramfb", K_ONOFF, AT(struct hostdev, ramfb) },
    { "driver@name", K_STR, AT(struct hostdev, driver) },
    { "source@startupPolicy", K_ENUM, AT(struct hostdev, startup_policy), NAMES(startup_policy_names) },
    { "source@guestReset", K_ENUM, AT(struct hostdev, guest_reset), NAMES(hostdev_guest_reset_names) },
    { "source@writeFiltering", K_YESNO, AT(struct hostdev, write_filtering) },
    { "source@missing", K_YESNO, AT(struct hostdev, missing), .flags = F_READONLY },
    { "source@protocol", K_STR, AT(struct hostdev, protocol) },
    { "source@name", K_STR, AT(struct hostdev, name) },
    { "source@wwpn", K_STR, AT(struct hostdev, wwpn) },
    { "source/vendor@id", K_HEX, AT(struct hostdev, vendor), .width = 4, .max = 0xffff },
    { "source/product@id", K_HEX, AT(struct hostdev, product), .width = 4, .max = 0xffff },
    { "source/adapter@name", K_STR, AT(struct hostdev, adapter) },
    { "source/address", K_STRUCT, AT(struct hostdev, source), .sub = &address_element },
    { "source/host", K_LIST, AT(struct hostdev, hosts), .sub = &storage_host_element },
    { "source/auth", K_STRUCT, AT(struct hostdev, auth), .sub = &storage_auth_element },
    { "source/initiator/iqn@name", K_STR, AT(struct hostdev, initiator_iqn) },
    { "source/block", K_STR, AT(struct hostdev, block) },
    { "source/char", K_STR, AT(struct hostdev, character) },
    { "source/interface", K_STR, AT(struct hostdev, interface) },
    { "ip", K_LIST, AT(struct hostdev, ips), .sub = &ip_element },
    { "route", K_LIST, AT(struct hostdev, routes), .sub = &route_element },
    { "teaming@type", K_STR, AT(struct hostdev, teaming_type) },
    { "teaming@persistent", K_STR, AT(struct hostdev, teaming_persistent) },
    { "readonly", K_FLAG, AT(struct hostdev, readonly) },
    { "shareable", K_FLAG, AT(struct hostdev, shareable) },
    DEVICE_FIELDS(struct hostdev),
};
const struct element hostdev_element = { "hostdev", sizeof(struct hostdev), FIELDS(fields) };
