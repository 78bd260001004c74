/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_ARCH_H
#define QEMU_ARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Guest architectures: libvirt's name for them (in domain XML) and QEMU's (qemu-system-TARGET). */
struct arch {
    const char *name;   /* i686 */
    const char *target; /* i386 */
    unsigned bits;
};

/* In the order in which libvirt lists them; ends with a NULL name. armv6l and armv7l are both QEMU's arm. */
extern const struct arch arches[];

/* NULL if there is no such. For a target with two names, the newer one (armv7l). */
const struct arch *arch_by_name(const char *name);
const struct arch *arch_by_target(const char *target);
/* Of the machine we run on (uname's word, i386…i686 alike); NULL if unknown. */
const struct arch *arch_host(void);
/* A guest of that architecture can run under KVM on this host: its own architecture and the 32-bit form of it. */
bool arch_is_native(const struct arch *host, const struct arch *guest);

#endif
