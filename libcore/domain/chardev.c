/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/chardev.h"

#include "domain/seclabel.h"

const char *const chardev_type_names[16] = {
    NULL,  "null", "vc",   "pty",      "dev",       "file", "pipe",         "stdio",
    "udp", "tcp",  "unix", "spicevmc", "spiceport", "nmdm", "qemu-vdagent", "dbus",
};
const char *const socket_mode_names[5] = { NULL, "connect", "bind", "server", "client" };
const char *const tcp_protocol_names[5] = { NULL, "raw", "telnet", "telnets", "tls" };
const char *const chardev_target_names[17] = {
    NULL,     "isa-serial", "usb-serial", "pci-serial", "spapr-vio-serial", "system-serial",
    "sclp-serial", "isa-debug", "serial", "virtio", "xen", "uml", "lxc", "openvz", "sclp", "sclplm", "guestfwd",
};
const char *const smartcard_mode_names[4] = { NULL, "host", "host-certificates", "passthrough" };

static const struct field source_fields[] = {
    { "@mode", K_ENUM, AT(struct chardev_source, mode), NAMES(socket_mode_names) },
    { "@path", K_STR, AT(struct chardev_source, path) },
    { "@host", K_STR, AT(struct chardev_source, host) },
    { "@service", K_STR, AT(struct chardev_source, service) },
    { "@tls", K_YESNO, AT(struct chardev_source, tls) },
    { "@tlsFromConfig", K_STR, AT(struct chardev_source, tls_from_config), .flags = F_READONLY },
    { "@channel", K_STR, AT(struct chardev_source, channel) },
    { "@append", K_ONOFF, AT(struct chardev_source, append) },
    { "@master", K_STR, AT(struct chardev_source, master) },
    { "@slave", K_STR, AT(struct chardev_source, slave) },
    { "reconnect@enabled", K_YESNO, AT(struct chardev_source, reconnect) },
    { "reconnect@timeout", K_U32, AT(struct chardev_source, reconnect_timeout) },
    { "seclabel", K_LIST, AT(struct chardev_source, seclabels), .sub = &seclabel_element },
};
const struct element chardev_source_element = { "source", sizeof(struct chardev_source), FIELDS(source_fields) };

const struct chardev_source *chardev_first(const struct chardev_host *h)
{
    static const struct chardev_source none;
    return h->sources.n ? h->sources.v[0] : &none;
}

static const struct field chardev_fields[] = {
    { "@type", K_ENUM, AT(struct chardev, host.type), NAMES(chardev_type_names) },
    { "@tty", K_STR, AT(struct chardev, tty), .flags = F_READONLY },
    CHARDEV_HOST_FIELDS(struct chardev),
    { "target@type", K_ENUM, AT(struct chardev, target), NAMES(chardev_target_names) },
    { "target@address", K_STR, AT(struct chardev, target_address) },
    { "target@port", K_U32, AT(struct chardev, port) },
    { "target@name", K_STR, AT(struct chardev, target_name) },
    { "target@state", K_STR, AT(struct chardev, target_state), .flags = F_READONLY },
    { "target/model@name", K_STR, AT(struct chardev, target_model) },
    { "clipboard@copypaste", K_YESNO, AT(struct chardev, host.clipboard_copypaste) },
    { "mouse@mode", K_STR, AT(struct chardev, host.mouse_mode) },
    DEVICE_FIELDS(struct chardev),
};
const struct element chardev_element = { "chardev", sizeof(struct chardev), FIELDS(chardev_fields) };

static const struct field smartcard_fields[] = {
    { "@mode", K_ENUM, AT(struct smartcard, mode), NAMES(smartcard_mode_names), .flags = F_REQUIRED },
    { "@type", K_ENUM, AT(struct smartcard, host.type), NAMES(chardev_type_names) },
    { "certificate", K_STRS, AT(struct smartcard, certificates) },
    { "database", K_STR, AT(struct smartcard, database) },
    CHARDEV_HOST_FIELDS(struct smartcard),
    DEVICE_FIELDS(struct smartcard),
};
const struct element smartcard_element = { "smartcard", sizeof(struct smartcard), FIELDS(smartcard_fields) };
