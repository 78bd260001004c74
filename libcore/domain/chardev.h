/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_CHARDEV_H
#define DOMAIN_CHARDEV_H

#include "domain/domain.h"

/* Character devices: what the guest sees (serial, parallel, console, channel) and the host's end, which
 * smartcard, redirdev, rng (egd), vhost-user devices and the monitor use as well. */
enum chardev_type {
    CHARDEV_UNSET,
    CHARDEV_NULL,
    CHARDEV_VC,
    CHARDEV_PTY,
    CHARDEV_DEV,
    CHARDEV_FILE,
    CHARDEV_PIPE,
    CHARDEV_STDIO,
    CHARDEV_UDP,
    CHARDEV_TCP,
    CHARDEV_UNIX,
    CHARDEV_SPICEVMC,
    CHARDEV_SPICEPORT,
    CHARDEV_NMDM,
    CHARDEV_QEMU_VDAGENT,
    CHARDEV_DBUS,
};
extern const char *const chardev_type_names[16];

enum socket_mode { SOCKET_UNSET, SOCKET_CONNECT, SOCKET_BIND, SOCKET_SERVER, SOCKET_CLIENT };
extern const char *const socket_mode_names[5];

enum tcp_protocol { TCP_UNSET, TCP_RAW, TCP_TELNET, TCP_TELNETS, TCP_TLS };
extern const char *const tcp_protocol_names[5];

/* One <source>: udp has one with mode='bind' and one with mode='connect'. */
struct chardev_source {
    struct meta meta;
    enum socket_mode mode;
    const char *path;
    const char *host, *service;
    enum tri tls;
    const char *tls_from_config; /* "1": was filled from qemu.conf */
    const char *channel;         /* spiceport, dbus */
    enum tri append;             /* file */
    const char *master, *slave;  /* nmdm */
    enum tri reconnect;
    struct num reconnect_timeout; /* seconds */
    LIST(struct seclabel) seclabels;
};
extern const struct element chardev_source_element;

/* Members shared by everything that has a host end; the fields are CHARDEV_HOST_FIELDS. */
struct chardev_host {
    enum chardev_type type;
    LIST(struct chardev_source) sources;
    enum tcp_protocol protocol;
    const char *log_file;
    enum tri log_append;
    enum tri clipboard_copypaste; /* qemu-vdagent */
    const char *mouse_mode;
};
#define CHARDEV_HOST_FIELDS(type_)                                                                    \
    { "protocol@type", K_ENUM, AT(type_, host.protocol), NAMES(tcp_protocol_names) },                 \
    { "source", K_LIST, AT(type_, host.sources), .sub = &chardev_source_element },                    \
    { "log@file", K_STR, AT(type_, host.log_file) },                                                  \
    { "log@append", K_ONOFF, AT(type_, host.log_append) }

/* The first source, or one without anything in it; never NULL. */
const struct chardev_source *chardev_first(const struct chardev_host *h);

enum chardev_target {
    TARGET_UNSET,
    /* serial */
    TARGET_ISA_SERIAL,
    TARGET_USB_SERIAL,
    TARGET_PCI_SERIAL,
    TARGET_SPAPR_VIO_SERIAL,
    TARGET_SYSTEM_SERIAL,
    TARGET_SCLP_SERIAL,
    TARGET_ISA_DEBUG,
    /* console */
    TARGET_SERIAL,
    TARGET_VIRTIO,
    TARGET_XEN,
    TARGET_UML,
    TARGET_LXC,
    TARGET_OPENVZ,
    TARGET_SCLP,
    TARGET_SCLPLM,
    /* channel (virtio too) */
    TARGET_GUESTFWD,
};
extern const char *const chardev_target_names[17];

struct chardev {
    struct meta meta;
    struct chardev_host host;
    const char *tty; /* old spelling of source path on <console tty=> */
    enum chardev_target target;
    struct num port; /* serial, parallel, console; guestfwd's TCP port */
    const char *target_model; /* isa-serial, usb-serial, pci-serial, 16550a, pl011, isa-debugcon … */
    const char *target_address; /* guestfwd */
    const char *target_name;    /* virtio */
    const char *target_state;   /* connected, disconnected: live */
    struct device_info info;
};
extern const struct element chardev_element;

enum smartcard_mode { SMARTCARD_UNSET, SMARTCARD_HOST, SMARTCARD_HOST_CERTIFICATES, SMARTCARD_PASSTHROUGH };
extern const char *const smartcard_mode_names[4];
struct smartcard {
    struct meta meta;
    enum smartcard_mode mode;
    struct chardev_host host;
    LIST(const char) certificates;
    const char *database;
    struct device_info info;
};
extern const struct element smartcard_element;

#endif
