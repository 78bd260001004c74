/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cgroup_tune.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "domain/general.h"

/* What <memtune> calls unlimited: the largest number of KiB that fits (libvirt, "Memory Tuning"). */
#define UNLIMITED 9007199254740991ULL

struct wishing {
    const struct domain *d;
    struct arena *a;
    struct cgroup_wishes *w;
};

static void wish(struct wishing *x, struct cgroup_wish w)
{
    struct cgroup_wish *copy = arena_alloc(x->a, sizeof *copy);
    *copy = w;
    list_add(x->a, &x->w->all, copy);
}

static const char *number(struct wishing *x, uint64_t v)
{
    return arena_printf(x->a, "%" PRIu64, v);
}

/* Time of the CPUs: quota of each period, both in microseconds; no quota is -1 or "max". */
static void bandwidth(struct wishing *x, const char *sub, const char *element, struct num period, struct inum quota)
{
    struct cgroup_wish w = { CGROUP_CPU, sub, element, "cpu.cfs_period_us", NULL, "cpu.max", NULL, false };
    if (!period.set && !quota.set)
        return;
    const char *q = quota.set && quota.v > 0 ? arena_printf(x->a, "%" PRId64, quota.v) : NULL;
    const char *max = arena_printf(x->a, "%s %s", q ? q : "max", period.set && period.v ? number(x, period.v) : "100000");
    if (period.set && period.v) {
        w.v1_value = number(x, period.v);
        wish(x, w);
    }
    w.v1 = "cpu.cfs_quota_us";
    w.v1_value = q ? q : "-1";
    w.v2_value = max;
    wish(x, w);
}

static const char *vcpu_sub(struct wishing *x, uint64_t n)
{
    return arena_printf(x->a, "vcpu%" PRIu64, n);
}

static unsigned vcpus_of(const struct domain *d)
{
    return (unsigned)(d->vcpus.set ? d->vcpus.v : 1);
}

static uint64_t iothreads_of(const struct domain *d)
{
    return d->iothread_ids.n ? d->iothread_ids.n : d->iothreads.set ? d->iothreads.v : 0;
}

/* The ids are given one by one, or are 1 to the number of iothreads. */
static uint64_t iothread_id(const struct domain *d, uint64_t i)
{
    return i < d->iothread_ids.n && d->iothread_ids.v[i]->id.set ? d->iothread_ids.v[i]->id.v : i + 1;
}

static const char *vcpu_pin(const struct domain *d, uint64_t n)
{
    for (size_t i = 0; d->cputune && i < d->cputune->vcpupins.n; i++)
        if (d->cputune->vcpupins.v[i]->vcpu.v == n)
            return d->cputune->vcpupins.v[i]->cpuset;
    return d->vcpu_cpuset;
}

static const char *iothread_pin(const struct domain *d, uint64_t id)
{
    for (size_t i = 0; d->cputune && i < d->cputune->iothreadpins.n; i++)
        if (d->cputune->iothreadpins.v[i]->iothread.v == id)
            return d->cputune->iothreadpins.v[i]->cpuset;
    return d->vcpu_cpuset;
}

const char *cgroup_emulator_cpus(const struct domain *d)
{
    return d->cputune && d->cputune->emulatorpin ? d->cputune->emulatorpin : d->vcpu_cpuset;
}

/* The affinity of a thread does the same; the group keeps what the thread may set itself. */
static void pin(struct wishing *x, const char *sub, const char *element, const char *cpus)
{
    const char *set = cpus ? cpuset_normal(x->a, cpus) : NULL;
    if (set)
        wish(x, (struct cgroup_wish){ CGROUP_CPUSET, sub, element, "cpuset.cpus", set, "cpuset.cpus", set, true });
}

static void cpu(struct wishing *x, const struct cputune *t)
{
    if (t->shares.set) {
        const char *v = number(x, t->shares.v);
        wish(x, (struct cgroup_wish){ CGROUP_CPU, NULL, "<cputune> <shares>", "cpu.shares", v, "cpu.weight", v, false });
    }
    bandwidth(x, NULL, "<cputune> <global_period> and <global_quota>", t->global_period, t->global_quota);
    bandwidth(x, "emulator", "<cputune> <emulator_period> and <emulator_quota>", t->emulator_period, t->emulator_quota);
    for (unsigned i = 0; i < vcpus_of(x->d); i++)
        bandwidth(x, vcpu_sub(x, i), "<cputune> <period> and <quota>", t->period, t->quota);
    for (uint64_t i = 0; i < iothreads_of(x->d); i++)
        bandwidth(x, arena_printf(x->a, "iothread%" PRIu64, iothread_id(x->d, i)),
                  "<cputune> <iothread_period> and <iothread_quota>", t->iothread_period, t->iothread_quota);
}

static void pins(struct wishing *x)
{
    pin(x, "emulator", "<cputune> <emulatorpin>", cgroup_emulator_cpus(x->d));
    for (unsigned i = 0; i < vcpus_of(x->d); i++)
        pin(x, vcpu_sub(x, i), "<cputune> <vcpupin>", vcpu_pin(x->d, i));
    for (uint64_t i = 0; i < iothreads_of(x->d); i++) {
        uint64_t id = iothread_id(x->d, i);
        pin(x, arena_printf(x->a, "iothread%" PRIu64, id), "<cputune> <iothreadpin>", iothread_pin(x->d, id));
    }
}

/* Bytes of a limit in KiB. */
static const char *bytes(struct wishing *x, uint64_t kib, const char *none)
{
    return kib >= UNLIMITED ? none : number(x, kib * 1024);
}

static void memory_limit(struct wishing *x, const char *element, struct num kib, const char *v1, const char *v2, uint64_t less)
{
    if (kib.set)
        wish(x, (struct cgroup_wish){ CGROUP_MEMORY, NULL, element, v1, bytes(x, kib.v, "-1"), v2,
                                      bytes(x, kib.v >= UNLIMITED ? kib.v : kib.v - less, "max"), false });
}

static bool memory(struct wishing *x, const struct memtune *t, struct err *e)
{
    if (t->min_guarantee.set)
        return err_set(e, ST_FAILED, "<memtune> <min_guarantee> is not possible with QEMU");
    if (t->swap_hard_limit.set && t->hard_limit.set && t->swap_hard_limit.v < t->hard_limit.v)
        return err_set(e, ST_FAILED, "<memtune> <swap_hard_limit>, which is memory and swap together, is less than <hard_limit>");
    memory_limit(x, "<memtune> <hard_limit>", t->hard_limit, "memory.limit_in_bytes", "memory.max", 0);
    memory_limit(x, "<memtune> <soft_limit>", t->soft_limit, "memory.soft_limit_in_bytes", "memory.high", 0);
    /* Version 2 counts swap by itself. */
    memory_limit(x, "<memtune> <swap_hard_limit>", t->swap_hard_limit, "memory.memsw.limit_in_bytes", "memory.swap.max",
                 t->hard_limit.set ? t->hard_limit.v : 0);
    return true;
}

static bool block_device(struct wishing *x, const struct blkio_device *d, struct err *e)
{
    const struct {
        struct num value;
        const char *element, *v1, *v2;
    } rows[] = {
        { d->read_bytes, "<read_bytes_sec>", "blkio.throttle.read_bps_device", "rbps" },
        { d->write_bytes, "<write_bytes_sec>", "blkio.throttle.write_bps_device", "wbps" },
        { d->read_iops, "<read_iops_sec>", "blkio.throttle.read_iops_device", "riops" },
        { d->write_iops, "<write_iops_sec>", "blkio.throttle.write_iops_device", "wiops" },
    };
    struct stat st;
    if (!d->path || stat(d->path, &st) < 0)
        return err_errno(e, "<blkiotune> <device> %s", d->path ? d->path : "without a <path>");
    if (!S_ISBLK(st.st_mode))
        return err_set(e, ST_FAILED, "<blkiotune> <device> %s is no block device", d->path);
    const char *dev = arena_printf(x->a, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
    if (d->weight.set && d->weight.v) {
        const char *v = arena_printf(x->a, "%s %" PRIu64, dev, d->weight.v);
        wish(x, (struct cgroup_wish){ CGROUP_BLKIO, NULL, "<blkiotune> <device> <weight>",
                                      "blkio.weight_device|blkio.bfq.weight_device", v, "io.bfq.weight|io.weight", v, false });
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value.set && rows[i].value.v)
            wish(x, (struct cgroup_wish){ CGROUP_BLKIO, NULL, arena_printf(x->a, "<blkiotune> <device> %s", rows[i].element),
                                          rows[i].v1, arena_printf(x->a, "%s %" PRIu64, dev, rows[i].value.v), "io.max",
                                          arena_printf(x->a, "%s %s=%" PRIu64, dev, rows[i].v2, rows[i].value.v), false });
    return true;
}

static bool block(struct wishing *x, const struct blkiotune *t, struct err *e)
{
    if (t->weight.set) {
        const char *v = number(x, t->weight.v);
        wish(x, (struct cgroup_wish){ CGROUP_BLKIO, NULL, "<blkiotune> <weight>", "blkio.weight|blkio.bfq.weight", v,
                                      "io.bfq.weight|io.weight", v, false });
    }
    for (size_t i = 0; i < t->devices.n; i++)
        if (!block_device(x, t->devices.v[i], e))
            return false;
    return true;
}

static void numa(struct wishing *x, const struct numatune *t)
{
    const char *set = t->nodeset ? cpuset_normal(x->a, t->nodeset) : NULL;
    if (set && (t->mode == NUMA_STRICT || t->mode == NUMA_RESTRICTIVE || t->mode == NUMA_MODE_UNSET))
        wish(x, (struct cgroup_wish){ CGROUP_CPUSET, NULL, "<numatune> <memory nodeset=>", "cpuset.mems", set, "cpuset.mems", set,
                                      t->mode != NUMA_RESTRICTIVE });
}

bool cgroup_wishes(const struct domain *d, struct arena *a, struct cgroup_wishes *w, struct err *e)
{
    struct wishing x = { d, a, w };
    const struct cputune *t = d->cputune;
    *w = (struct cgroup_wishes){ 0 };
    if (t && (t->cachetunes.n || t->memorytunes.n))
        return err_set(e, ST_FAILED, "<cputune> <%s> is not supported", t->cachetunes.n ? "cachetune" : "memorytune");
    if (d->fibrechannel_appid)
        return err_set(e, ST_FAILED, "<resource> <fibrechannel appid=> is not supported");
    if (t)
        cpu(&x, t);
    if ((d->memtune && !memory(&x, d->memtune, e)) || (d->blkiotune && !block(&x, d->blkiotune, e)))
        return false;
    if (d->numatune)
        numa(&x, d->numatune);
    pins(&x);
    return true;
}

static void set_scheduler(struct cgroup_thread *t, const struct sched *s)
{
    static const int policies[SCHEDULERS] = {
        [SCHEDULER_UNSET] = -1,          [SCHEDULER_BATCH] = SCHED_BATCH, [SCHEDULER_IDLE] = SCHED_IDLE,
        [SCHEDULER_FIFO] = SCHED_FIFO, [SCHEDULER_RR] = SCHED_RR,
    };
    t->policy = policies[s->scheduler];
    t->priority = s->priority.set ? (int)s->priority.v : 0;
}

static bool in_set(const char *set, uint64_t n)
{
    return set && cpuset_next(set, (long)n - 1) == (long)n;
}

static void add_thread(struct arena *a, struct cgroup_threads *t, const struct cgroup_thread *thread)
{
    struct cgroup_thread *copy = arena_alloc(a, sizeof *copy);
    *copy = *thread;
    list_add(a, &t->all, copy);
}

void cgroup_threads(const struct domain *d, struct arena *a, const char *all_cpus, struct cgroup_threads *t)
{
    const struct cputune *c = d->cputune;
    const char *rest = cgroup_emulator_cpus(d) ? all_cpus : NULL;
    *t = (struct cgroup_threads){ 0 };
    for (unsigned i = 0; i < vcpus_of(d); i++) {
        struct cgroup_thread x = { .kind = THREAD_VCPU, .number = i, .name = arena_printf(a, "vcpu %u", i), .policy = -1 };
        x.cpus = vcpu_pin(d, i) ? vcpu_pin(d, i) : rest;
        for (size_t k = 0; c && k < c->vcpuscheds.n; k++)
            if (in_set(c->vcpuscheds.v[k]->set, i))
                set_scheduler(&x, c->vcpuscheds.v[k]);
        add_thread(a, t, &x);
    }
    for (uint64_t i = 0; i < iothreads_of(d); i++) {
        unsigned id = (unsigned)iothread_id(d, i);
        struct cgroup_thread x = { .kind = THREAD_IOTHREAD, .number = id, .name = arena_printf(a, "iothread %u", id), .policy = -1 };
        x.cpus = iothread_pin(d, id) ? iothread_pin(d, id) : rest;
        for (size_t k = 0; c && k < c->iothreadscheds.n; k++)
            if (in_set(c->iothreadscheds.v[k]->set, id))
                set_scheduler(&x, c->iothreadscheds.v[k]);
        add_thread(a, t, &x);
    }
    if (c && c->emulatorsched) {
        struct cgroup_thread x = { .kind = THREAD_EMULATOR, .name = "emulator", .policy = -1 };
        set_scheduler(&x, c->emulatorsched);
        add_thread(a, t, &x);
    }
}
