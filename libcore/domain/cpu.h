/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_CPU_H
#define DOMAIN_CPU_H

#include "xml/vocab.h"

/* <cpu>: model, features, topology and the guest's NUMA cells. */

enum cpu_mode { CPU_MODE_UNSET, CPU_CUSTOM, CPU_HOST_MODEL, CPU_HOST_PASSTHROUGH, CPU_MAXIMUM, CPU_MODES };
extern const char *const cpu_mode_names[CPU_MODES];
enum cpu_match { CPU_MATCH_UNSET, CPU_MINIMUM, CPU_EXACT, CPU_STRICT, CPU_MATCHES };
extern const char *const cpu_match_names[CPU_MATCHES];
enum cpu_check { CPU_CHECK_UNSET, CPU_CHECK_NONE, CPU_CHECK_PARTIAL, CPU_CHECK_FULL, CPU_CHECKS };
extern const char *const cpu_check_names[CPU_CHECKS];
enum cpu_fallback { CPU_FALLBACK_UNSET, CPU_FALLBACK_ALLOW, CPU_FALLBACK_FORBID, CPU_FALLBACKS };
extern const char *const cpu_fallback_names[CPU_FALLBACKS];
enum cpu_policy { POLICY_UNSET, POLICY_FORCE, POLICY_REQUIRE, POLICY_OPTIONAL, POLICY_DISABLE, POLICY_FORBID, CPU_POLICIES };
extern const char *const cpu_policy_names[CPU_POLICIES];
enum cpu_cache_mode { CPU_CACHE_UNSET, CPU_CACHE_EMULATE, CPU_CACHE_PASSTHROUGH, CPU_CACHE_DISABLE, CPU_CACHE_MODES };
extern const char *const cpu_cache_mode_names[CPU_CACHE_MODES];
enum maxphysaddr { PHYSADDR_UNSET, PHYSADDR_EMULATE, PHYSADDR_PASSTHROUGH, MAXPHYSADDRS };
extern const char *const maxphysaddr_names[MAXPHYSADDRS];

struct cpu_feature {
    struct meta meta;
    enum cpu_policy policy;
    const char *name;
};

struct numa_distance {
    struct meta meta;
    struct num id, value;
};
enum numa_associativity { ASSOCIATIVITY_UNSET, ASSOCIATIVITY_NONE, ASSOCIATIVITY_DIRECT, ASSOCIATIVITY_FULL, NUMA_ASSOCIATIVITIES };
extern const char *const numa_associativity_names[NUMA_ASSOCIATIVITIES];
enum numa_policy { NUMA_POLICY_UNSET, NUMA_POLICY_NONE, NUMA_WRITEBACK, NUMA_WRITETHROUGH, NUMA_POLICIES };
extern const char *const numa_policy_names[NUMA_POLICIES];
struct numa_cache {
    struct meta meta;
    struct num level;
    enum numa_associativity associativity;
    enum numa_policy policy;
    struct num size; /* KiB */
    struct num line; /* bytes */
};
enum numa_access { NUMA_ACCESS_UNSET, NUMA_SHARED, NUMA_PRIVATE, NUMA_ACCESSES };
extern const char *const numa_access_names[NUMA_ACCESSES];
struct numa_cell {
    struct meta meta;
    struct num id;
    const char *cpus;
    struct num memory; /* KiB */
    enum numa_access access;
    enum tri discard;
    LIST(struct numa_distance) distances;
    LIST(struct numa_cache) caches;
};
enum latency_type { LATENCY_UNSET, LATENCY_ACCESS, LATENCY_READ, LATENCY_WRITE, LATENCY_TYPES };
extern const char *const latency_type_names[LATENCY_TYPES];
struct numa_interconnect {
    struct meta meta;
    struct num initiator, target, cache;
    enum latency_type type;
    struct num value; /* latency: ns; bandwidth: KiB/s */
};

struct domain_cpu {
    struct meta meta;
    enum cpu_mode mode;
    enum cpu_match match;
    enum cpu_check check;
    enum tri migratable;
    const char *arch; /* of host CPU descriptions; without effect */
    const char *model;
    enum cpu_fallback fallback;
    const char *vendor_id, *vendor;
    struct num sockets, dies, cores, threads;
    struct num cache_level;
    enum cpu_cache_mode cache_mode;
    enum maxphysaddr maxphysaddr;
    struct num maxphysaddr_bits;
    LIST(struct cpu_feature) features;
    LIST(struct numa_cell) cells;
    LIST(struct numa_interconnect) latencies;
    LIST(struct numa_interconnect) bandwidths;
};
extern const struct element cpu_element;

#endif
