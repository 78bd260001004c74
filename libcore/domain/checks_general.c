/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "domain/checks.h"
#include "domain/cpu.h"
#include "domain/device.h"
#include "domain/features.h"
#include "domain/general.h"
#include "domain/os.h"
#include "domain/os_family.h"
#include "domain/seclabel.h"

/* Rules of everything but devices. */

static uint64_t cells_memory(const struct domain *d)
{
    uint64_t sum = 0;
    for (size_t i = 0; d->cpu && i < d->cpu->cells.n; i++)
        sum += d->cpu->cells.v[i]->memory.v;
    return sum;
}

static void memory(struct check *c)
{
    const struct domain *d = c->d;
    if (!d->memory.v && !cells_memory(d))
        check_fail(c, &d->meta, "<memory>: how much is not said, neither here nor in <numa>");
    if (d->max_memory.set && !d->memory_slots.v)
        check_fail(c, &d->meta, "<maxMemory>: slots must be 1 or more");
    if (d->max_memory.set && d->max_memory.v < d->memory.v)
        check_fail(c, &d->meta, "<maxMemory>: less than <memory>");
}

static uint64_t or_one(struct num n)
{
    return n.set ? n.v : 1;
}

static void topology(struct check *c)
{
    const struct domain *d = c->d;
    const struct domain_cpu *cpu = d->cpu;
    if (!d->vcpus.v)
        check_fail(c, &d->meta, "<vcpu>: must be 1 or more");
    if (d->vcpus_current.set && (!d->vcpus_current.v || d->vcpus_current.v > d->vcpus.v))
        check_fail(c, &d->meta, "<vcpu>: current '%llu' is not between 1 and %llu", (unsigned long long)d->vcpus_current.v,
                   (unsigned long long)d->vcpus.v);
    if (!cpu || !cpu->sockets.set)
        return;
    uint64_t all = or_one(cpu->sockets) * or_one(cpu->dies) * or_one(cpu->cores) * or_one(cpu->threads);
    if (all != d->vcpus.v)
        check_fail(c, &cpu->meta, "<topology>: sockets × dies × cores × threads are %llu CPUs, <vcpu> says %llu",
                   (unsigned long long)all, (unsigned long long)d->vcpus.v);
}

/* A core comes and goes with all its threads. */
static void hotplug_granularity(struct check *c)
{
    const struct domain *d = c->d;
    uint64_t threads = d->cpu && d->cpu->sockets.set ? or_one(d->cpu->threads) : 1;
    if (threads > 1 && d->vcpus_current.set && d->vcpus_current.v % threads)
        check_fail(c, &d->meta, "<vcpu>: current '%llu' is not a multiple of the %llu threads of a core",
                   (unsigned long long)d->vcpus_current.v, (unsigned long long)threads);
}

static void vcpus(struct check *c)
{
    const struct domain *d = c->d;
    for (size_t i = 0; i < d->vcpu_list.n; i++) {
        const struct vcpu *v = d->vcpu_list.v[i];
        if (v->id.v >= d->vcpus.v)
            check_fail(c, &v->meta, "<vcpu>: id '%llu': there are %llu", (unsigned long long)v->id.v,
                       (unsigned long long)d->vcpus.v);
        if (v->id.v == 0 && v->enabled == TRI_NO)
            check_fail(c, &v->meta, "<vcpu>: id '0' cannot be offline");
        if (v->id.v == 0 && v->hotpluggable == TRI_YES)
            check_fail(c, &v->meta, "<vcpu>: id '0' cannot be hotpluggable");
        if (v->enabled == TRI_NO && v->hotpluggable == TRI_NO)
            check_fail(c, &v->meta, "<vcpu>: id '%llu' is offline and could never be plugged", (unsigned long long)v->id.v);
        for (size_t k = 0; k < i; k++)
            if (d->vcpu_list.v[k]->id.v == v->id.v)
                check_fail(c, &v->meta, "<vcpu>: id '%llu' stands twice", (unsigned long long)v->id.v);
    }
}

static const struct numa_cell *cell(const struct domain *d, uint64_t id)
{
    for (size_t i = 0; d->cpu && i < d->cpu->cells.n; i++)
        if ((d->cpu->cells.v[i]->id.set ? d->cpu->cells.v[i]->id.v : i) == id)
            return d->cpu->cells.v[i];
    return NULL;
}

static bool overlap(const char *a, const char *b)
{
    for (long i = cpuset_next(a, -1); i >= 0; i = cpuset_next(a, i))
        if (cpuset_next(b, i - 1) == i)
            return true;
    return false;
}

static void numa_cells(struct check *c)
{
    const struct domain *d = c->d;
    size_t n = d->cpu ? d->cpu->cells.n : 0;
    for (size_t i = 0; i < n; i++)
        if (!cell(d, i)) {
            check_fail(c, &d->cpu->meta, "<numa>: ids of the %zu cells must be 0 to %zu, %zu is missing", n, n - 1, i);
            return;
        }
    for (size_t i = 0; i < n; i++) {
        const struct numa_cell *v = d->cpu->cells.v[i];
        if (v->cpus && !cpuset_valid(v->cpus))
            check_fail(c, &v->meta, "<cell>: cpus '%s': not a set of CPUs", v->cpus);
        for (size_t k = 0; k < i; k++)
            if (v->cpus && d->cpu->cells.v[k]->cpus && overlap(v->cpus, d->cpu->cells.v[k]->cpus))
                check_fail(c, &v->meta, "<cell>: cpus '%s' are also in another cell", v->cpus);
        for (size_t k = 0; k < v->distances.n; k++)
            if (!cell(d, v->distances.v[k]->id.v))
                check_fail(c, &v->distances.v[k]->meta, "<sibling>: there is no cell %llu",
                           (unsigned long long)v->distances.v[k]->id.v);
    }
}

static void numatune(struct check *c)
{
    const struct domain *d = c->d;
    const struct numatune *t = d->numatune;
    if (!t)
        return;
    if (t->placement == PLACEMENT_STATIC && !t->nodeset)
        check_fail(c, &t->meta, "<numatune>: placement 'static' needs a nodeset");
    if (t->nodeset && !cpuset_valid(t->nodeset))
        check_fail(c, &t->meta, "<numatune>: nodeset '%s': not a set of nodes", t->nodeset);
    for (size_t i = 0; i < t->memnodes.n; i++) {
        const struct memnode *m = t->memnodes.v[i];
        if (!cpuset_valid(m->nodeset))
            check_fail(c, &m->meta, "<memnode>: nodeset '%s': not a set of nodes", m->nodeset);
        if (!cell(d, m->cell.v))
            check_fail(c, &m->meta, "<memnode>: there is no cell %llu in <numa>", (unsigned long long)m->cell.v);
        if (t->placement == PLACEMENT_AUTO)
            check_fail(c, &m->meta, "<memnode>: not together with placement 'auto'");
    }
}

static void hugepages(struct check *c)
{
    const struct domain *d = c->d;
    const struct memory_backing *m = d->memory_backing;
    size_t cells = d->cpu ? d->cpu->cells.n : 0;
    for (size_t i = 0; m && i < m->pages.n; i++) {
        const struct hugepage *p = m->pages.v[i];
        if (p->nodeset && !cpuset_valid(p->nodeset))
            check_fail(c, &p->meta, "<page>: nodeset '%s': not a set of nodes", p->nodeset);
        for (long n = p->nodeset ? cpuset_next(p->nodeset, -1) : -1; n >= 0; n = cpuset_next(p->nodeset, n))
            if (!cell(d, (uint64_t)n) && (cells || n > 0))
                check_fail(c, &p->meta, "<page>: there is no cell %ld in <numa>", n);
        for (size_t k = 0; k < i; k++)
            if (p->nodeset && m->pages.v[k]->nodeset && overlap(p->nodeset, m->pages.v[k]->nodeset))
                check_fail(c, &p->meta, "<page>: nodeset '%s' overlaps another", p->nodeset);
    }
}

static void pinning(struct check *c)
{
    const struct cputune *t = c->d->cputune;
    if (!t)
        return;
    for (size_t i = 0; i < t->vcpupins.n; i++) {
        if (!cpuset_valid(t->vcpupins.v[i]->cpuset))
            check_fail(c, &t->vcpupins.v[i]->meta, "<vcpupin>: cpuset '%s': not a set of CPUs", t->vcpupins.v[i]->cpuset);
        for (size_t k = 0; k < i; k++)
            if (t->vcpupins.v[i]->vcpu.v == t->vcpupins.v[k]->vcpu.v)
                check_fail(c, &t->vcpupins.v[i]->meta, "<vcpupin>: vcpu '%llu' stands twice",
                           (unsigned long long)t->vcpupins.v[i]->vcpu.v);
    }
    for (size_t i = 0; i < t->iothreadpins.n; i++)
        if (!cpuset_valid(t->iothreadpins.v[i]->cpuset))
            check_fail(c, &t->iothreadpins.v[i]->meta, "<iothreadpin>: cpuset '%s': not a set of CPUs",
                       t->iothreadpins.v[i]->cpuset);
    if (t->emulatorpin && !cpuset_valid(t->emulatorpin))
        check_fail(c, &t->meta, "<emulatorpin>: cpuset '%s': not a set of CPUs", t->emulatorpin);
    if (c->d->vcpu_cpuset && !cpuset_valid(c->d->vcpu_cpuset))
        check_fail(c, &c->d->meta, "<vcpu>: cpuset '%s': not a set of CPUs", c->d->vcpu_cpuset);
}

static void iothreads(struct check *c)
{
    const struct domain *d = c->d;
    for (size_t i = 0; i < d->iothread_ids.n; i++) {
        if (!d->iothread_ids.v[i]->id.v)
            check_fail(c, &d->iothread_ids.v[i]->meta, "<iothread>: id must be 1 or more");
        for (size_t k = 0; k < i; k++)
            if (d->iothread_ids.v[i]->id.v == d->iothread_ids.v[k]->id.v)
                check_fail(c, &d->iothread_ids.v[i]->meta, "<iothread>: id '%llu' stands twice",
                           (unsigned long long)d->iothread_ids.v[i]->id.v);
    }
}

static void boot_order(struct check *c)
{
    struct device_walk at = { 0 };
    struct device dev;
    const struct meta *taken[64] = { NULL };
    while (device_next(c->d, &at, &dev)) {
        if (!dev.info || !dev.info->boot_order.set)
            continue;
        uint64_t n = dev.info->boot_order.v;
        if (c->d->os->boots.n) {
            check_fail(c, dev.meta, "<boot order>: not together with <boot dev> in <os>");
            return;
        }
        if (!n)
            check_fail(c, dev.meta, "<boot>: order must be 1 or more");
        else if (n < 64 && taken[n])
            check_fail(c, dev.meta, "<boot>: order '%llu' stands twice", (unsigned long long)n);
        else if (n < 64)
            taken[n] = dev.meta;
    }
}

static void loadparm(struct check *c)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(c->d, &at, &dev)) {
        const char *s = dev.info ? dev.info->loadparm : NULL;
        if (!s)
            continue;
        size_t n = strlen(s);
        if (n < 1 || n > 8)
            check_fail(c, dev.meta, "<boot>: loadparm '%s' must have 1 to 8 characters", s);
        else if (strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789. ") != n)
            check_fail(c, dev.meta, "<boot>: loadparm '%s' may only have letters, digits, '.' and blanks", s);
    }
}

static void machine_features(struct check *c)
{
    const struct domain_os *os = c->d->os;
    const struct domain_features *f = c->d->features;
    const struct {
        const char *name;
        bool given, fits;
    } rows[] = {
        { "gic", f->gic || f->gic_given, os_is_arm_virt(os) },
        { "hpt", f->hpt_resizing || f->hpt_maxpagesize.set, os_is_pseries(os) },
        { "htm", f->htm, os_is_pseries(os) },
        { "nested-hv", f->nested_hv, os_is_pseries(os) },
        { "ccf-assist", f->ccf_assist, os_is_pseries(os) },
        { "cfpc", f->cfpc, os_is_pseries(os) },
        { "sbbc", f->sbbc, os_is_pseries(os) },
        { "ibs", f->ibs, os_is_pseries(os) },
        { "vmport", f->vmport, os_is_x86(os) },
        { "ioapic", f->ioapic, os_is_x86(os) },
        { "smm", f->smm == TRI_YES, os_is_x86(os) },
        { "tseg", f->tseg.set, os_is_q35(os) },
        { "hyperv", f->hyperv, os_is_x86(os) || os_is_arm(os) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].given && !rows[i].fits)
            check_fail(c, &f->meta, "<features>: <%s> is not for architecture '%s' and machine '%s'", rows[i].name,
                       os->arch ? os->arch : "", os->machine ? os->machine : "");
}

static void firmware(struct check *c)
{
    const struct domain_os *os = c->d->os;
    bool uefi = os->firmware == FIRMWARE_EFI || (os->loader && os->loader_type == LOADER_PFLASH);
    if (uefi && !c->d->features->acpi && (os_is_x86(os) || streq(os->arch, "aarch64")))
        check_fail(c, &os->meta, "<os>: UEFI needs <acpi/> in <features>");
    if (os->loader_secure == TRI_YES && os->loader && !os_is_q35(os))
        check_fail(c, &os->meta, "<loader>: secure='yes' needs machine q35");
    if (os->loader_secure == TRI_YES && os->loader && c->d->features->smm != TRI_YES)
        check_fail(c, &os->meta, "<loader>: secure='yes' needs <smm state='on'/> in <features>");
    if (os->loader_stateless == TRI_YES && (os->nvram || os->nvram_template))
        check_fail(c, &os->meta, "<nvram>: not with a loader that is stateless");
}

static void seclabels(struct check *c)
{
    const struct domain *d = c->d;
    for (size_t i = 0; i < d->seclabels.n; i++) {
        const struct seclabel *s = d->seclabels.v[i];
        if (d->seclabels.n > 1 && !s->model)
            check_fail(c, &s->meta, "<seclabel>: of several labels each needs a model");
        for (size_t k = 0; k < i; k++)
            if (s->model && streq(s->model, d->seclabels.v[k]->model))
                check_fail(c, &s->meta, "<seclabel>: model '%s' stands twice", s->model);
    }
}

const struct check_rule general_rules[] = {
    { "memory", memory },
    { "topology", topology },
    { "vcpu-granularity", hotplug_granularity },
    { "vcpus", vcpus },
    { "numa-cells", numa_cells },
    { "numatune", numatune },
    { "hugepages", hugepages },
    { "pinning", pinning },
    { "iothreads", iothreads },
    { "boot-order", boot_order },
    { "loadparm", loadparm },
    { "machine-features", machine_features },
    { "firmware", firmware },
    { "seclabels", seclabels },
    { NULL, NULL },
};
