/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/uuid.h"
#include "domain/clock.h"
#include "domain/cpu.h"
#include "domain/expand_private.h"
#include "domain/features.h"
#include "domain/general.h"
#include "domain/memory_device.h"
#include "domain/os.h"
#include "domain/seclabel.h"

static void lifecycle(struct domain *d)
{
    if (!d->on_poweroff)
        d->on_poweroff = ACTION_DESTROY;
    if (!d->on_reboot)
        d->on_reboot = ACTION_RESTART;
    if (!d->on_crash)
        d->on_crash = ACTION_DESTROY;
    if (!d->clock->offset)
        d->clock->offset = CLOCK_UTC;
}

static bool boots_by_device(const struct domain *d)
{
    struct device_walk at = { 0 };
    struct device dev;
    while (device_next(d, &at, &dev))
        if (dev.info->boot_order.set)
            return true;
    return false;
}

static void firmware(struct expansion *x)
{
    struct domain_os *os = x->d->os;
    bool enrolled = false, secure = false;
    for (size_t i = 0; i < os->firmware_features.n; i++) {
        const struct firmware_feature *f = os->firmware_features.v[i];
        enrolled |= streq(f->name, "enrolled-keys") && f->enabled == TRI_YES;
        secure |= streq(f->name, "secure-boot");
    }
    if (enrolled && !secure) {
        struct firmware_feature *f = arena_alloc(x->p->arena, sizeof *f);
        f->enabled = TRI_YES;
        f->name = "secure-boot";
        list_add(x->p->arena, &os->firmware_features, f);
    }
    if (os->loader && !os->loader_type && arch_is_x86(os->arch))
        os->loader_type = LOADER_ROM;
}

/* Pages for a node that the guest has not are pages for all of it. */
static void hugepages(struct domain *d)
{
    struct memory_backing *b = d->memory_backing;
    for (size_t i = 0; b && i < b->pages.n && !(d->cpu && d->cpu->cells.n); i++)
        if (streq(b->pages.v[i]->nodeset, "0"))
            b->pages.v[i]->nodeset = NULL;
}

static void boot(struct expansion *x)
{
    struct domain_os *os = x->d->os;
    if (os->boots.n || !streq(os->type, "hvm") || boots_by_device(x->d))
        return;
    struct os_boot *b = arena_alloc(x->p->arena, sizeof *b);
    b->dev = BOOT_HD;
    list_add(x->p->arena, &os->boots, b);
}

/* What the cells have, 0 without cells. */
static uint64_t cells_memory(const struct domain_cpu *c)
{
    uint64_t sum = 0;
    for (size_t i = 0; c && i < c->cells.n; i++)
        sum += c->cells.v[i]->memory.v;
    return sum;
}

static void memory(struct expansion *x)
{
    struct domain *d = x->d;
    uint64_t pluggable = 0;
    for (size_t i = 0; i < d->devices->memories.n; i++)
        pluggable += d->devices->memories.v[i]->size.v;
    uint64_t cells = cells_memory(d->cpu);
    if (cells)
        d->memory = NUM(cells + pluggable);
    if (!d->current_memory.set || d->current_memory.v == 0 || d->current_memory.v > d->memory.v)
        d->current_memory = d->memory;
}

static void cpus(struct expansion *x)
{
    struct domain *d = x->d;
    if (!d->vcpus.set)
        d->vcpus = NUM(1);
    bool automatic = d->numatune && d->numatune->placement == PLACEMENT_AUTO;
    const struct cputune *t = d->cputune;
    bool pinned = d->vcpu_cpuset || (t && (t->vcpupins.n || t->emulatorpin || t->iothreadpins.n));
    if (automatic && !pinned)
        d->vcpu_placement = PLACEMENT_AUTO;
    if (!d->vcpu_placement)
        d->vcpu_placement = PLACEMENT_STATIC;
    if (d->vcpu_placement != PLACEMENT_AUTO || (d->numatune && (d->numatune->placement || d->numatune->nodeset)))
        return;
    if (!d->numatune)
        d->numatune = arena_alloc(x->p->arena, sizeof *d->numatune);
    d->numatune->placement = PLACEMENT_AUTO;
    if (!d->numatune->mode)
        d->numatune->mode = NUMA_STRICT;
}

static void uuid(struct expansion *x)
{
    char text[37];
    if (!x->d->uuid && uuid_new(text))
        x->d->uuid = arena_strdup(x->p->arena, text);
}

static void features(struct expansion *x)
{
    struct domain_features *f = x->d->features;
    if (f->hyperv && !f->hyperv->mode)
        f->hyperv->mode = HYPERV_CUSTOM;
    if (x->m->family == MACHINE_ARM_VIRT && !f->gic && (f->gic_given == TRI_YES || !f->gic_given)) {
        f->gic_given = TRI_YES;
        f->gic = GIC_2;
    }
}

/* Numbers for those iothreads that have none, once some have. */
static void iothreads(struct expansion *x)
{
    struct domain *d = x->d;
    for (uint64_t id = 1; d->iothread_ids.n && d->iothread_ids.n < d->iothreads.v && id < 4096; id++) {
        bool used = false;
        for (size_t i = 0; i < d->iothread_ids.n; i++)
            used |= d->iothread_ids.v[i]->id.v == id;
        if (used)
            continue;
        struct iothread *t = arena_alloc(x->p->arena, sizeof *t);
        t->id = NUM(id);
        list_add(x->p->arena, &d->iothread_ids, t);
    }
    if (d->iothread_ids.n > d->iothreads.v)
        d->iothreads = NUM(d->iothread_ids.n);
}

/* One entry for each vcpu or iothread, ascending. */
static bool split_scheds(struct expansion *x, void *list_, const char *what)
{
    struct list *list = list_, out = { 0 };
    for (size_t i = 0; i < list->n; i++) {
        const struct sched *s = list->v[i];
        for (long id = cpuset_next(s->set, -1); id >= 0; id = cpuset_next(s->set, id)) {
            struct sched *one = arena_alloc(x->p->arena, sizeof *one);
            *one = *s;
            one->set = arena_printf(x->p->arena, "%ld", id);
            size_t at = 0;
            while (at < out.n && cpuset_next(((struct sched *)out.v[at])->set, -1) < id)
                at++;
            if (at < out.n && streq(((struct sched *)out.v[at])->set, one->set))
                return parse_error(x->p, s->meta.line, "<%s> two speak of number %ld", what, id);
            list_insert_raw(x->p->arena, &out, at, one);
        }
    }
    *list = out;
    return true;
}

static void normal(struct expansion *x, const char **set)
{
    const char *n = *set ? cpuset_normal(x->p->arena, *set) : NULL;
    if (n)
        *set = n;
}

enum { MEMORY_UNLIMITED_SHIFT = 53 }; /* 2^53 - 1 KiB stands for "no limit" */

static void unlimited(struct num *n)
{
    if (n->v >= (1ULL << MEMORY_UNLIMITED_SHIFT) - 1)
        n->set = false;
}

static bool tuning(struct expansion *x)
{
    struct domain *d = x->d;
    if (d->cputune) {
        if (!split_scheds(x, &d->cputune->vcpuscheds, "vcpusched") ||
            !split_scheds(x, &d->cputune->iothreadscheds, "iothreadsched"))
            return false;
    }
    normal(x, &d->vcpu_cpuset);
    for (size_t i = 0; d->cputune && i < d->cputune->vcpupins.n; i++)
        normal(x, &d->cputune->vcpupins.v[i]->cpuset);
    for (size_t i = 0; d->cputune && i < d->cputune->iothreadpins.n; i++)
        normal(x, &d->cputune->iothreadpins.v[i]->cpuset);
    if (d->cputune)
        normal(x, &d->cputune->emulatorpin);
    for (size_t i = 0; d->cpu && i < d->cpu->cells.n; i++)
        normal(x, &d->cpu->cells.v[i]->cpus);
    if (d->numatune)
        normal(x, &d->numatune->nodeset);
    for (size_t i = 0; d->numatune && i < d->numatune->memnodes.n; i++)
        normal(x, &d->numatune->memnodes.v[i]->nodeset);
    if (!d->memtune)
        return true;
    unlimited(&d->memtune->hard_limit);
    unlimited(&d->memtune->soft_limit);
    unlimited(&d->memtune->swap_hard_limit);
    if (!d->memtune->hard_limit.set && !d->memtune->soft_limit.set && !d->memtune->swap_hard_limit.set &&
        !d->memtune->min_guarantee.set && !d->memtune->meta.extras.n)
        d->memtune = NULL;
    return true;
}

/* Labels that were drawn for one run are not kept for the next. */
static void seclabels(struct domain *d)
{
    for (size_t i = 0; i < d->seclabels.n; i++) {
        struct seclabel *l = d->seclabels.v[i];
        if (l->type == SECLABEL_STATIC && !l->relabel)
            l->relabel = TRI_NO;
        if (l->type == SECLABEL_DYNAMIC && !l->relabel)
            l->relabel = TRI_YES;
        if (l->type == SECLABEL_DYNAMIC)
            l->label = l->imagelabel = NULL;
    }
}

bool expand_general(struct expansion *x)
{
    uuid(x);
    lifecycle(x->d);
    boot(x);
    firmware(x);
    hugepages(x->d);
    memory(x);
    cpus(x);
    iothreads(x);
    features(x);
    seclabels(x->d);
    return tuning(x);
}

static void default_model(struct expansion *x, struct domain_cpu *c)
{
    const char *model = x->f->default_cpu ? x->f->default_cpu(x->f->data, x->d->os->machine) : NULL;
    if (!model)
        return;
    c->mode = CPU_CUSTOM;
    c->match = CPU_EXACT;
    c->check = CPU_CHECK_NONE;
    c->model = arena_strdup(x->p->arena, model);
    c->fallback = CPU_FALLBACK_FORBID;
}

bool expand_cpu(struct expansion *x)
{
    struct domain_cpu *c = x->d->cpu;
    if (!c && (!x->m->cpu || !x->f->default_cpu || !x->f->default_cpu(x->f->data, x->d->os->machine)))
        return true;
    if (!c)
        c = x->d->cpu = arena_alloc(x->p->arena, sizeof *c);
    if (!c->mode)
        c->mode = CPU_CUSTOM;
    if ((c->sockets.set || c->cores.set || c->threads.set) && !c->dies.set)
        c->dies = NUM(1);
    if (c->mode == CPU_CUSTOM && !c->model)
        default_model(x, c);
    if (c->mode == CPU_CUSTOM && c->model && !c->match)
        c->match = CPU_EXACT;
    if (c->mode == CPU_CUSTOM && c->model && !c->fallback)
        c->fallback = CPU_FALLBACK_ALLOW;
    bool whole = c->mode == CPU_HOST_PASSTHROUGH || c->mode == CPU_MAXIMUM;
    if (c->mode == CPU_HOST_PASSTHROUGH && !c->migratable && arch_is_x86(x->d->os->arch))
        c->migratable = streq(x->d->os->arch, "x86_64") ? TRI_YES : TRI_NO;
    if (whole || c->mode == CPU_HOST_MODEL) {
        c->model = NULL;
        c->match = CPU_MATCH_UNSET;
        c->fallback = CPU_FALLBACK_UNSET;
    }
    if (!c->check && (c->mode != CPU_CUSTOM || c->model))
        c->check = whole || (c->mode == CPU_CUSTOM && x->d->type == DOMAIN_QEMU) ? CPU_CHECK_NONE : CPU_CHECK_PARTIAL;
    for (size_t i = 0; i < c->features.n; i++)
        if (!c->features.v[i]->policy)
            c->features.v[i]->policy = POLICY_REQUIRE;
    for (size_t i = 0; i < c->cells.n; i++)
        if (!c->cells.v[i]->id.set)
            c->cells.v[i]->id = NUM(i);
    return true;
}
