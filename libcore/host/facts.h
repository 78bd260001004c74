/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_FACTS_H
#define HOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* What /proc, /sys and /etc tell about this host. Nothing is required: what is not there stays 0, NULL or
 * empty. sysroot stands in place of / (recorded trees in tests); NULL or "" is the real one. */
struct host_text {
    const char *s;
};

struct host_cpu {
    const char *arch;       /* uname's machine; under a sysroot its etc/arch, if there */
    const char *vendor_id;  /* AuthenticAMD, GenuineIntel, … */
    const char *vendor;     /* libvirt's name: AMD, Intel, Hygon; NULL */
    const char *model_name; /* text for people */
    unsigned family, model, stepping, microcode;
    unsigned sockets, dies, cores, threads; /* dies per socket, cores per die, threads per core */
    unsigned phys_bits;
    LIST(struct host_text) features; /* in libvirt's spelling (sse4.1, tsc-deadline) and /proc/cpuinfo's order */
};

struct host_thread {
    unsigned id, socket, die, core;
    const char *siblings; /* list, as "0-1" */
};
struct host_pages {
    uint64_t kib, count;
};
struct host_distance {
    unsigned node, value;
};
struct host_node {
    unsigned id;
    uint64_t memory_kib;
    LIST(struct host_pages) pages; /* smallest first: the ordinary ones */
    LIST(struct host_distance) distances;
    LIST(struct host_thread) cpus;
};
struct host_cache {
    unsigned id, level;
    const char *type; /* both, code, data */
    uint64_t kib;
    const char *cpus;
};

struct host_facts {
    char uuid[37]; /* of the firmware, else made of the machine-id; "" without both */
    struct host_cpu cpu;
    LIST(struct host_node) nodes; /* one made up where the kernel has no NUMA */
    LIST(struct host_cache) caches; /* of the last level */
    bool iommu;
    bool suspend_mem, suspend_disk, suspend_hybrid;
    bool selinux, apparmor;
    /* Process contexts that guests get before their categories: with KVM, and under TCG, which needs to make
     * memory executable; NULL without SELinux or its policy's virtual_domain_context. */
    const char *selinux_kvm, *selinux_tcg;
};

const struct host_facts *host_facts(struct arena *a, const char *sysroot);

#endif
