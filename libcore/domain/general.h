/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_GENERAL_H
#define DOMAIN_GENERAL_H

#include "xml/vocab.h"

/* What a domain says about itself outside <os>, <features>, <cpu>, <clock> and <devices>: memory, CPUs
 * in number and place, tuning, security. The plain values stand in struct domain (domain/domain.h). */

enum domain_type {
    DOMAIN_TYPE_UNSET, DOMAIN_QEMU, DOMAIN_KQEMU, DOMAIN_KVM, DOMAIN_XEN, DOMAIN_LXC, DOMAIN_UML, DOMAIN_OPENVZ,
    DOMAIN_TEST, DOMAIN_VMWARE, DOMAIN_HYPERV, DOMAIN_VBOX, DOMAIN_PHYP, DOMAIN_PARALLELS, DOMAIN_BHYVE, DOMAIN_VZ,
    DOMAIN_HVF, DOMAIN_TYPES
};
extern const char *const domain_type_names[DOMAIN_TYPES];

enum lifecycle_action {
    ACTION_UNSET, ACTION_DESTROY, ACTION_RESTART, ACTION_RENAME_RESTART, ACTION_PRESERVE, ACTION_COREDUMP_DESTROY,
    ACTION_COREDUMP_RESTART, LIFECYCLE_ACTIONS
};
extern const char *const lifecycle_action_names[LIFECYCLE_ACTIONS];

enum lockfailure_action { LOCKFAILURE_UNSET, LOCKFAILURE_POWEROFF, LOCKFAILURE_RESTART, LOCKFAILURE_PAUSE,
                          LOCKFAILURE_IGNORE, LOCKFAILURE_ACTIONS };
extern const char *const lockfailure_action_names[LOCKFAILURE_ACTIONS];

enum placement { PLACEMENT_UNSET, PLACEMENT_STATIC, PLACEMENT_AUTO, PLACEMENTS };
extern const char *const placement_names[PLACEMENTS];

/* <memoryBacking> */
enum memory_source { MEMORY_SOURCE_UNSET, MEMORY_FILE, MEMORY_ANONYMOUS, MEMORY_MEMFD, MEMORY_SOURCES };
enum memory_access { MEMORY_ACCESS_UNSET, MEMORY_SHARED, MEMORY_PRIVATE, MEMORY_ACCESSES };
enum memory_allocation { ALLOCATION_UNSET, ALLOCATION_IMMEDIATE, ALLOCATION_ONDEMAND, MEMORY_ALLOCATIONS };
extern const char *const memory_source_names[MEMORY_SOURCES];
extern const char *const memory_access_names[MEMORY_ACCESSES];
extern const char *const memory_allocation_names[MEMORY_ALLOCATIONS];

struct hugepage {
    struct meta meta;
    struct num size;     /* KiB */
    const char *nodeset; /* guest NUMA nodes, NULL: all others */
};

struct memory_backing {
    struct meta meta;
    enum tri hugepages; /* element given; pages may be empty: the default size */
    LIST(struct hugepage) pages;
    enum tri nosharepages, locked, discard;
    enum memory_source source;
    enum memory_access access;
    enum memory_allocation allocation;
    struct num threads;
};
extern const struct element memory_backing_element;

/* <numatune> */
enum numa_mode { NUMA_MODE_UNSET, NUMA_STRICT, NUMA_PREFERRED, NUMA_INTERLEAVE, NUMA_RESTRICTIVE, NUMA_MODES };
extern const char *const numa_mode_names[NUMA_MODES];

struct memnode {
    struct meta meta;
    struct num cell;
    enum numa_mode mode;
    const char *nodeset;
};

struct numatune {
    struct meta meta;
    enum numa_mode mode;
    enum placement placement;
    const char *nodeset;
    LIST(struct memnode) memnodes;
};
extern const struct element numatune_element;

/* <cputune> */
struct vcpupin {
    struct meta meta;
    struct num vcpu;
    const char *cpuset;
};
struct iothreadpin {
    struct meta meta;
    struct num iothread;
    const char *cpuset;
};
enum scheduler { SCHEDULER_UNSET, SCHEDULER_BATCH, SCHEDULER_IDLE, SCHEDULER_FIFO, SCHEDULER_RR, SCHEDULERS };
extern const char *const scheduler_names[SCHEDULERS];
struct sched {
    struct meta meta;
    const char *set; /* vcpus or iothreads; NULL for the emulator */
    enum scheduler scheduler;
    struct inum priority;
};
struct cache_share {
    struct meta meta;
    struct num id, level;
    const char *type;
    struct num size; /* KiB */
};
struct cache_monitor {
    struct meta meta;
    struct num level;
    const char *vcpus;
};
struct cachetune {
    struct meta meta;
    const char *vcpus, *id;
    LIST(struct cache_share) caches;
    LIST(struct cache_monitor) monitors;
};
struct bandwidth_node {
    struct meta meta;
    struct num id, bandwidth;
};
struct memorytune {
    struct meta meta;
    const char *vcpus, *id;
    LIST(struct bandwidth_node) nodes;
    LIST(struct cache_monitor) monitors;
};
struct cputune {
    struct meta meta;
    struct num shares, period, global_period, emulator_period, iothread_period; /* µs */
    struct inum quota, global_quota, emulator_quota, iothread_quota;
    LIST(struct vcpupin) vcpupins;
    const char *emulatorpin;
    LIST(struct iothreadpin) iothreadpins;
    LIST(struct sched) vcpuscheds;
    LIST(struct sched) iothreadscheds;
    struct sched *emulatorsched;
    LIST(struct cachetune) cachetunes;
    LIST(struct memorytune) memorytunes;
};
extern const struct element cputune_element;

/* <memtune>: KiB */
struct memtune {
    struct meta meta;
    struct num hard_limit, soft_limit, min_guarantee, swap_hard_limit;
};
extern const struct element memtune_element;

/* <blkiotune> */
struct blkio_device {
    struct meta meta;
    const char *path;
    struct num weight, read_iops, write_iops, read_bytes, write_bytes;
};
struct blkiotune {
    struct meta meta;
    struct num weight;
    LIST(struct blkio_device) devices;
};
extern const struct element blkiotune_element;

/* <vcpus><vcpu>, <iothreadids><iothread> */
struct vcpu {
    struct meta meta;
    struct num id;
    enum tri enabled, hotpluggable;
    struct num order;
};
extern const struct element vcpu_element;
struct iothread {
    struct meta meta;
    struct num id;
    struct inum pool_min, pool_max;
};
extern const struct element iothread_element;

struct perf_event {
    struct meta meta;
    const char *name;
    enum tri enabled;
};
extern const struct element perf_event_element;
struct idmap_range {
    struct meta meta;
    struct num start, target, count;
};
extern const struct element idmap_range_element;

/* <keywrap><cipher> */
enum cipher { CIPHER_UNSET, CIPHER_AES, CIPHER_DEA, CIPHERS };
extern const char *const cipher_names[CIPHERS];
struct keywrap_cipher {
    struct meta meta;
    enum cipher name;
    enum tri state;
};
extern const struct element keywrap_cipher_element;

/* <launchSecurity> */
enum launch_type { LAUNCH_UNSET, LAUNCH_SEV, LAUNCH_S390_PV, LAUNCH_TYPES };
extern const char *const launch_type_names[LAUNCH_TYPES];
struct launch_security {
    struct meta meta;
    enum launch_type type;
    enum tri kernel_hashes;
    struct num cbitpos, reduced_phys_bits, policy;
    const char *dh_cert, *session;
};
extern const struct element launch_security_element;

#endif
