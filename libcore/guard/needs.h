/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_NEEDS_H
#define GUARD_NEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/domain.h"

struct chardev_host;

/* What QEMU itself opens, besides what the domain names: by the features that a guest uses. Found by trying real
 * emulators under strace and under Landlock, one rule after the other. */
enum need_feature {
    NEED_ALWAYS = 1 << 0,
    NEED_KVM = 1 << 1,
    NEED_PTY = 1 << 2,
    NEED_USER_NET = 1 << 3,   /* slirp: names are resolved as the host does it */
    NEED_NAMES = 1 << 4,      /* network disks and the like by host name */
    NEED_TLS = 1 << 5,
    NEED_SASL = 1 << 6,
    NEED_OPENGL = 1 << 7,
    NEED_DESKTOP = 1 << 8,    /* a window of the user's desktop */
    NEED_ALSA = 1 << 9,
    NEED_PULSE = 1 << 10,
    NEED_JACK = 1 << 11,
    NEED_OSS = 1 << 12,
    NEED_USB_HOST = 1 << 13,
    NEED_VFIO = 1 << 14,
    NEED_SYSFS = 1 << 15,     /* queues and names of block, SCSI, TPM and CCW devices */
    NEED_HUGEPAGES = 1 << 16,
    NEED_RBD = 1 << 17,
    NEED_SSH = 1 << 18,
    NEED_SMARTCARD = 1 << 19,
    NEED_SEV = 1 << 20,
    NEED_SGX = 1 << 21,
    NEED_VHOST_VDPA = 1 << 22,
    NEED_TRANSIENT = 1 << 23, /* disks whose changes are thrown away */
    /* Of programs that serve QEMU. */
    NEED_HELPER = 1 << 24,    /* each of them */
    NEED_RESERVATIONS = 1 << 25, /* qemu-pr-helper, with libmpathpersist where it is built so */
};

/* One thing that QEMU opens. path may begin with
 *   {prefix}   the directory above the emulator's bin
 *   {libs}     each directory of libraries (host/elf.h)
 *   {home}     the user's home directory
 *   {runtime}  XDG_RUNTIME_DIR
 * What is not there is passed over: other distributions, other needs. */
struct need {
    unsigned features; /* any of them */
    const char *path;
    uint64_t access;   /* LL_* of guard/ruleset.h */
    const char *why;
};
extern const struct need needs_table[];
extern const size_t needs_n;

/* The features that a domain uses. */
unsigned needs_of(const struct domain *d, struct arena *a);

/* Why QEMU has to make sockets of the family AF_UNIX of its own for this domain; NULL: it does not. The monitor and
 * what else is handed to it as a descriptor do not count. */
const char *needs_unix_sockets(const struct domain *d, struct arena *a);

/* A disk of the domain asks for io='io_uring'. */
bool needs_io_uring(const struct domain *d);

/* The TCP ports that QEMU listens at and connects to for a domain whose ports are chosen. */
struct need_port {
    uint16_t port;
    uint64_t net; /* LL_BIND_TCP, LL_CONNECT_TCP */
    const char *why;
};
struct need_ports {
    struct arena *arena;
    LIST(struct need_port) all;
    const char *any_bind, *any_connect; /* why no list of ports is enough; NULL: it is */
};
/* p->arena is set; texts live there. */
void needs_ports(const struct domain *d, struct need_ports *p);

/* The host ends of all character devices of a domain, in its order. Terminated by NULL. */
const struct chardev_host *const *needs_chardevs(const struct domain *d, struct arena *a);

#endif
