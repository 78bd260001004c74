/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/general.h"

const char *const domain_type_names[] = { NULL, "qemu", "kqemu", "kvm", "xen", "lxc", "uml", "openvz", "test", "vmware",
                                          "hyperv", "vbox", "phyp", "parallels", "bhyve", "vz", "hvf" };
const char *const lifecycle_action_names[] = { NULL, "destroy", "restart", "rename-restart", "preserve",
                                               "coredump-destroy", "coredump-restart" };
const char *const lockfailure_action_names[] = { NULL, "poweroff", "restart", "pause", "ignore" };
const char *const placement_names[] = { NULL, "static", "auto" };
const char *const memory_source_names[] = { NULL, "file", "anonymous", "memfd" };
const char *const memory_access_names[] = { NULL, "shared", "private" };
const char *const memory_allocation_names[] = { NULL, "immediate", "ondemand" };
const char *const numa_mode_names[] = { NULL, "strict", "preferred", "interleave", "restrictive" };
const char *const scheduler_names[] = { NULL, "batch", "idle", "fifo", "rr" };
const char *const cipher_names[] = { NULL, "aes", "dea" };
const char *const launch_type_names[] = { NULL, "sev", "s390-pv" };

static const struct field hugepage_fields[] = {
    { "@size", K_SIZE, AT(struct hugepage, size), .flags = F_REQUIRED },
    { "@nodeset", K_STR, AT(struct hugepage, nodeset) },
};
static const struct element hugepage_element = { "page", sizeof(struct hugepage), FIELDS(hugepage_fields) };

static const struct field memory_backing_fields[] = {
    { "hugepages", K_FLAG, AT(struct memory_backing, hugepages) },
    { "hugepages/page", K_LIST, AT(struct memory_backing, pages), .sub = &hugepage_element },
    { "nosharepages", K_FLAG, AT(struct memory_backing, nosharepages) },
    { "locked", K_FLAG, AT(struct memory_backing, locked) },
    { "source@type", K_ENUM, AT(struct memory_backing, source), NAMES(memory_source_names) },
    { "access@mode", K_ENUM, AT(struct memory_backing, access), NAMES(memory_access_names) },
    { "allocation@mode", K_ENUM, AT(struct memory_backing, allocation), NAMES(memory_allocation_names) },
    { "allocation@threads", K_U32, AT(struct memory_backing, threads) },
    { "discard", K_FLAG, AT(struct memory_backing, discard) },
};
const struct element memory_backing_element = { "memoryBacking", sizeof(struct memory_backing), FIELDS(memory_backing_fields) };

static const struct field memnode_fields[] = {
    { "@cellid", K_U32, AT(struct memnode, cell), .flags = F_REQUIRED },
    { "@mode", K_ENUM, AT(struct memnode, mode), NAMES(numa_mode_names) },
    { "@nodeset", K_STR, AT(struct memnode, nodeset), .flags = F_REQUIRED },
};
static const struct element memnode_element = { "memnode", sizeof(struct memnode), FIELDS(memnode_fields) };

static const struct field numatune_fields[] = {
    { "memory@mode", K_ENUM, AT(struct numatune, mode), NAMES(numa_mode_names) },
    { "memory@nodeset", K_STR, AT(struct numatune, nodeset) },
    { "memory@placement", K_ENUM, AT(struct numatune, placement), NAMES(placement_names) },
    { "memnode", K_LIST, AT(struct numatune, memnodes), .sub = &memnode_element },
};
const struct element numatune_element = { "numatune", sizeof(struct numatune), FIELDS(numatune_fields) };

static const struct field vcpupin_fields[] = {
    { "@vcpu", K_U32, AT(struct vcpupin, vcpu), .flags = F_REQUIRED },
    { "@cpuset", K_STR, AT(struct vcpupin, cpuset), .flags = F_REQUIRED },
};
static const struct element vcpupin_element = { "vcpupin", sizeof(struct vcpupin), FIELDS(vcpupin_fields) };

static const struct field iothreadpin_fields[] = {
    { "@iothread", K_U32, AT(struct iothreadpin, iothread), .flags = F_REQUIRED },
    { "@cpuset", K_STR, AT(struct iothreadpin, cpuset), .flags = F_REQUIRED },
};
static const struct element iothreadpin_element = { "iothreadpin", sizeof(struct iothreadpin), FIELDS(iothreadpin_fields) };

static const struct field vcpusched_fields[] = {
    { "@vcpus", K_STR, AT(struct sched, set) },
    { "@scheduler", K_ENUM, AT(struct sched, scheduler), NAMES(scheduler_names), .flags = F_REQUIRED },
    { "@priority", K_I64, AT(struct sched, priority) },
};
static const struct element vcpusched_element = { "vcpusched", sizeof(struct sched), FIELDS(vcpusched_fields) };

static const struct field iothreadsched_fields[] = {
    { "@iothreads", K_STR, AT(struct sched, set) },
    { "@scheduler", K_ENUM, AT(struct sched, scheduler), NAMES(scheduler_names), .flags = F_REQUIRED },
    { "@priority", K_I64, AT(struct sched, priority) },
};
static const struct element iothreadsched_element = { "iothreadsched", sizeof(struct sched), FIELDS(iothreadsched_fields) };

static const struct field emulatorsched_fields[] = {
    { "@scheduler", K_ENUM, AT(struct sched, scheduler), NAMES(scheduler_names), .flags = F_REQUIRED },
    { "@priority", K_I64, AT(struct sched, priority) },
};
static const struct element emulatorsched_element = { "emulatorsched", sizeof(struct sched), FIELDS(emulatorsched_fields) };

static const struct field cache_share_fields[] = {
    { "@id", K_U32, AT(struct cache_share, id), .flags = F_REQUIRED },
    { "@level", K_U32, AT(struct cache_share, level), .flags = F_REQUIRED },
    { "@type", K_STR, AT(struct cache_share, type), .flags = F_REQUIRED },
    { "@size", K_SIZE, AT(struct cache_share, size), .flags = F_REQUIRED },
};
static const struct element cache_share_element = { "cache", sizeof(struct cache_share), FIELDS(cache_share_fields) };

static const struct field cache_monitor_fields[] = {
    { "@level", K_U32, AT(struct cache_monitor, level) },
    { "@vcpus", K_STR, AT(struct cache_monitor, vcpus), .flags = F_REQUIRED },
};
static const struct element cache_monitor_element = { "monitor", sizeof(struct cache_monitor), FIELDS(cache_monitor_fields) };

static const struct field cachetune_fields[] = {
    { "@vcpus", K_STR, AT(struct cachetune, vcpus), .flags = F_REQUIRED },
    { "@id", K_STR, AT(struct cachetune, id), .flags = F_READONLY },
    { "cache", K_LIST, AT(struct cachetune, caches), .sub = &cache_share_element },
    { "monitor", K_LIST, AT(struct cachetune, monitors), .sub = &cache_monitor_element },
};
static const struct element cachetune_element = { "cachetune", sizeof(struct cachetune), FIELDS(cachetune_fields) };

static const struct field bandwidth_node_fields[] = {
    { "@id", K_U32, AT(struct bandwidth_node, id), .flags = F_REQUIRED },
    { "@bandwidth", K_U32, AT(struct bandwidth_node, bandwidth), .flags = F_REQUIRED },
};
static const struct element bandwidth_node_element = { "node", sizeof(struct bandwidth_node), FIELDS(bandwidth_node_fields) };

static const struct field memorytune_fields[] = {
    { "@vcpus", K_STR, AT(struct memorytune, vcpus), .flags = F_REQUIRED },
    { "@id", K_STR, AT(struct memorytune, id), .flags = F_READONLY },
    { "node", K_LIST, AT(struct memorytune, nodes), .sub = &bandwidth_node_element },
    { "monitor", K_LIST, AT(struct memorytune, monitors), .sub = &cache_monitor_element },
};
static const struct element memorytune_element = { "memorytune", sizeof(struct memorytune), FIELDS(memorytune_fields) };

static const struct field cputune_fields[] = {
    { "shares", K_U64, AT(struct cputune, shares) },
    { "period", K_U64, AT(struct cputune, period) },
    { "quota", K_I64, AT(struct cputune, quota) },
    { "global_period", K_U64, AT(struct cputune, global_period) },
    { "global_quota", K_I64, AT(struct cputune, global_quota) },
    { "emulator_period", K_U64, AT(struct cputune, emulator_period) },
    { "emulator_quota", K_I64, AT(struct cputune, emulator_quota) },
    { "iothread_period", K_U64, AT(struct cputune, iothread_period) },
    { "iothread_quota", K_I64, AT(struct cputune, iothread_quota) },
    { "vcpupin", K_LIST, AT(struct cputune, vcpupins), .sub = &vcpupin_element },
    { "emulatorpin@cpuset", K_STR, AT(struct cputune, emulatorpin) },
    { "iothreadpin", K_LIST, AT(struct cputune, iothreadpins), .sub = &iothreadpin_element },
    { "vcpusched", K_LIST, AT(struct cputune, vcpuscheds), .sub = &vcpusched_element },
    { "iothreadsched", K_LIST, AT(struct cputune, iothreadscheds), .sub = &iothreadsched_element },
    { "emulatorsched", K_STRUCT, AT(struct cputune, emulatorsched), .sub = &emulatorsched_element },
    { "cachetune", K_LIST, AT(struct cputune, cachetunes), .sub = &cachetune_element },
    { "memorytune", K_LIST, AT(struct cputune, memorytunes), .sub = &memorytune_element },
};
const struct element cputune_element = { "cputune", sizeof(struct cputune), FIELDS(cputune_fields) };

static const struct field memtune_fields[] = {
    { "hard_limit", K_SIZE, AT(struct memtune, hard_limit) },
    { "soft_limit", K_SIZE, AT(struct memtune, soft_limit) },
    { "min_guarantee", K_SIZE, AT(struct memtune, min_guarantee) },
    { "swap_hard_limit", K_SIZE, AT(struct memtune, swap_hard_limit) },
};
const struct element memtune_element = { "memtune", sizeof(struct memtune), FIELDS(memtune_fields) };

static const struct field blkio_device_fields[] = {
    { "path", K_STR, AT(struct blkio_device, path), .flags = F_REQUIRED },
    { "weight", K_U32, AT(struct blkio_device, weight) },
    { "read_iops_sec", K_U32, AT(struct blkio_device, read_iops) },
    { "write_iops_sec", K_U32, AT(struct blkio_device, write_iops) },
    { "read_bytes_sec", K_U64, AT(struct blkio_device, read_bytes) },
    { "write_bytes_sec", K_U64, AT(struct blkio_device, write_bytes) },
};
static const struct element blkio_device_element = { "device", sizeof(struct blkio_device), FIELDS(blkio_device_fields) };

static const struct field blkiotune_fields[] = {
    { "weight", K_U32, AT(struct blkiotune, weight) },
    { "device", K_LIST, AT(struct blkiotune, devices), .sub = &blkio_device_element },
};
const struct element blkiotune_element = { "blkiotune", sizeof(struct blkiotune), FIELDS(blkiotune_fields) };

static const struct field vcpu_fields[] = {
    { "@id", K_U32, AT(struct vcpu, id), .flags = F_REQUIRED },
    { "@enabled", K_YESNO, AT(struct vcpu, enabled), .flags = F_REQUIRED },
    { "@hotpluggable", K_YESNO, AT(struct vcpu, hotpluggable) },
    { "@order", K_U32, AT(struct vcpu, order) },
};
const struct element vcpu_element = { "vcpu", sizeof(struct vcpu), FIELDS(vcpu_fields) };

static const struct field iothread_fields[] = {
    { "@id", K_U32, AT(struct iothread, id), .flags = F_REQUIRED },
    { "@thread_pool_min", K_I64, AT(struct iothread, pool_min) },
    { "@thread_pool_max", K_I64, AT(struct iothread, pool_max) },
};
const struct element iothread_element = { "iothread", sizeof(struct iothread), FIELDS(iothread_fields) };

static const struct field perf_event_fields[] = {
    { "@name", K_STR, AT(struct perf_event, name), .flags = F_REQUIRED },
    { "@enabled", K_YESNO, AT(struct perf_event, enabled), .flags = F_REQUIRED },
};
const struct element perf_event_element = { "event", sizeof(struct perf_event), FIELDS(perf_event_fields) };

static const struct field idmap_range_fields[] = {
    { "@start", K_U32, AT(struct idmap_range, start), .flags = F_REQUIRED },
    { "@target", K_U32, AT(struct idmap_range, target), .flags = F_REQUIRED },
    { "@count", K_U32, AT(struct idmap_range, count), .flags = F_REQUIRED },
};
const struct element idmap_range_element = { "uid", sizeof(struct idmap_range), FIELDS(idmap_range_fields) };

static const struct field keywrap_cipher_fields[] = {
    { "@name", K_ENUM, AT(struct keywrap_cipher, name), NAMES(cipher_names), .flags = F_REQUIRED },
    { "@state", K_ONOFF, AT(struct keywrap_cipher, state), .flags = F_REQUIRED },
};
const struct element keywrap_cipher_element = { "cipher", sizeof(struct keywrap_cipher), FIELDS(keywrap_cipher_fields) };

static const struct field launch_security_fields[] = {
    { "@type", K_ENUM, AT(struct launch_security, type), NAMES(launch_type_names), .flags = F_REQUIRED },
    { "@kernelHashes", K_YESNO, AT(struct launch_security, kernel_hashes) },
    { "cbitpos", K_U32, AT(struct launch_security, cbitpos) },
    { "reducedPhysBits", K_U32, AT(struct launch_security, reduced_phys_bits) },
    { "policy", K_HEX, AT(struct launch_security, policy), .width = 4 },
    { "dhCert", K_STR, AT(struct launch_security, dh_cert) },
    { "session", K_STR, AT(struct launch_security, session) },
};
const struct element launch_security_element = { "launchSecurity", sizeof(struct launch_security), FIELDS(launch_security_fields) };
