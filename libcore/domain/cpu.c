/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/cpu.h"

const char *const cpu_mode_names[] = { NULL, "custom", "host-model", "host-passthrough", "maximum" };
const char *const cpu_match_names[] = { NULL, "minimum", "exact", "strict" };
const char *const cpu_check_names[] = { NULL, "none", "partial", "full" };
const char *const cpu_fallback_names[] = { NULL, "allow", "forbid" };
const char *const cpu_policy_names[] = { NULL, "force", "require", "optional", "disable", "forbid" };
const char *const cpu_cache_mode_names[] = { NULL, "emulate", "passthrough", "disable" };
const char *const maxphysaddr_names[] = { NULL, "emulate", "passthrough" };
const char *const numa_associativity_names[] = { NULL, "none", "direct", "full" };
const char *const numa_policy_names[] = { NULL, "none", "writeback", "writethrough" };
const char *const numa_access_names[] = { NULL, "shared", "private" };
const char *const latency_type_names[] = { NULL, "access", "read", "write" };

static const struct field cpu_feature_fields[] = {
    { "@policy", K_ENUM, AT(struct cpu_feature, policy), NAMES(cpu_policy_names) },
    { "@name", K_STR, AT(struct cpu_feature, name), .flags = F_REQUIRED },
};
static const struct element cpu_feature_element = { "feature", sizeof(struct cpu_feature), FIELDS(cpu_feature_fields) };

static const struct field distance_fields[] = {
    { "@id", K_U32, AT(struct numa_distance, id), .flags = F_REQUIRED },
    { "@value", K_U32, AT(struct numa_distance, value), .flags = F_REQUIRED },
};
static const struct element distance_element = { "sibling", sizeof(struct numa_distance), FIELDS(distance_fields) };

static const struct field numa_cache_fields[] = {
    { "@level", K_U32, AT(struct numa_cache, level), .flags = F_REQUIRED },
    { "@associativity", K_ENUM, AT(struct numa_cache, associativity), NAMES(numa_associativity_names), .flags = F_REQUIRED },
    { "@policy", K_ENUM, AT(struct numa_cache, policy), NAMES(numa_policy_names), .flags = F_REQUIRED },
    { "size@value", K_SIZE, AT(struct numa_cache, size), .flags = F_REQUIRED },
    { "line@value", K_SIZE, AT(struct numa_cache, line), .unit = 1, .unit_name = "B", .flags = F_REQUIRED },
};
static const struct element numa_cache_element = { "cache", sizeof(struct numa_cache), FIELDS(numa_cache_fields) };

static const struct field cell_fields[] = {
    { "@id", K_U32, AT(struct numa_cell, id) },
    { "@cpus", K_STR, AT(struct numa_cell, cpus) },
    { "@memory", K_SIZE, AT(struct numa_cell, memory), .flags = F_REQUIRED },
    { "@memAccess", K_ENUM, AT(struct numa_cell, access), NAMES(numa_access_names) },
    { "@discard", K_YESNO, AT(struct numa_cell, discard) },
    { "distances/sibling", K_LIST, AT(struct numa_cell, distances), .sub = &distance_element },
    { "cache", K_LIST, AT(struct numa_cell, caches), .sub = &numa_cache_element },
};
static const struct element cell_element = { "cell", sizeof(struct numa_cell), FIELDS(cell_fields) };

static const struct field latency_fields[] = {
    { "@initiator", K_U32, AT(struct numa_interconnect, initiator), .flags = F_REQUIRED },
    { "@target", K_U32, AT(struct numa_interconnect, target), .flags = F_REQUIRED },
    { "@cache", K_U32, AT(struct numa_interconnect, cache) },
    { "@type", K_ENUM, AT(struct numa_interconnect, type), NAMES(latency_type_names), .flags = F_REQUIRED },
    { "@value", K_U64, AT(struct numa_interconnect, value), .flags = F_REQUIRED },
};
static const struct element latency_element = { "latency", sizeof(struct numa_interconnect), FIELDS(latency_fields) };

static const struct field bandwidth_fields[] = {
    { "@initiator", K_U32, AT(struct numa_interconnect, initiator), .flags = F_REQUIRED },
    { "@target", K_U32, AT(struct numa_interconnect, target), .flags = F_REQUIRED },
    { "@cache", K_U32, AT(struct numa_interconnect, cache) },
    { "@type", K_ENUM, AT(struct numa_interconnect, type), NAMES(latency_type_names), .flags = F_REQUIRED },
    { "@value", K_SIZE, AT(struct numa_interconnect, value), .flags = F_REQUIRED },
};
static const struct element bandwidth_element = { "bandwidth", sizeof(struct numa_interconnect), FIELDS(bandwidth_fields) };

static const struct field cpu_fields[] = {
    { "@mode", K_ENUM, AT(struct domain_cpu, mode), NAMES(cpu_mode_names) },
    { "@match", K_ENUM, AT(struct domain_cpu, match), NAMES(cpu_match_names) },
    { "@check", K_ENUM, AT(struct domain_cpu, check), NAMES(cpu_check_names) },
    { "@migratable", K_ONOFF, AT(struct domain_cpu, migratable) },
    { "arch", K_STR, AT(struct domain_cpu, arch), .flags = F_OBSOLETE },
    { "model@fallback", K_ENUM, AT(struct domain_cpu, fallback), NAMES(cpu_fallback_names) },
    { "model@vendor_id", K_STR, AT(struct domain_cpu, vendor_id) },
    { "model", K_STR, AT(struct domain_cpu, model) },
    { "vendor", K_STR, AT(struct domain_cpu, vendor) },
    { "topology@sockets", K_U32, AT(struct domain_cpu, sockets) },
    { "topology@dies", K_U32, AT(struct domain_cpu, dies) },
    { "topology@cores", K_U32, AT(struct domain_cpu, cores) },
    { "topology@threads", K_U32, AT(struct domain_cpu, threads) },
    { "cache@level", K_U32, AT(struct domain_cpu, cache_level) },
    { "cache@mode", K_ENUM, AT(struct domain_cpu, cache_mode), NAMES(cpu_cache_mode_names) },
    { "maxphysaddr@mode", K_ENUM, AT(struct domain_cpu, maxphysaddr), NAMES(maxphysaddr_names) },
    { "maxphysaddr@bits", K_U32, AT(struct domain_cpu, maxphysaddr_bits) },
    { "feature", K_LIST, AT(struct domain_cpu, features), .sub = &cpu_feature_element },
    { "numa/cell", K_LIST, AT(struct domain_cpu, cells), .sub = &cell_element },
    { "numa/interconnects/latency", K_LIST, AT(struct domain_cpu, latencies), .sub = &latency_element },
    { "numa/interconnects/bandwidth", K_LIST, AT(struct domain_cpu, bandwidths), .sub = &bandwidth_element },
};
const struct element cpu_element = { "cpu", sizeof(struct domain_cpu), FIELDS(cpu_fields) };
