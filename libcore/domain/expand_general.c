/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <uuid.h>

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

static uint64_t round_up(uint64_t v, uint64_t unit)
{
    return (v + unit - 1) / unit * unit;
}

static void memory(struct expansion *x)
{
    struct domain *d = x->d;
    uint64_t unit = x->m->family == MACHINE_PSERIES ? 256 * 1024 : 1024, pluggable = 0;
    for (size_t i = 0; i < d->devices->memories.n; i++)
        pluggable += d->devices->memories.v[i]->size.v;
    uint64_t cells = cells_memory(d->cpu);
    (void)unit;
    (void)round_up;
    if (cells)
        d->memory = NUM(cells + pluggable);
    if (!d->current_memory.set || d->current_memory.v == 0)
        d->current_memory = d->memory;
}

static void cpus(struct domain *d)
{
    if (!d->vcpus.set)
        d->vcpus = NUM(1);
    bool automatic = d->numatune && d->numatune->placement == PLACEMENT_AUTO;
    if (!d->vcpu_placement)
        d->vcpu_placement = automatic && !d->vcpu_cpuset ? PLACEMENT_AUTO : PLACEMENT_STATIC;
    if (d->numatune && !d->numatune->placement && !d->numatune->nodeset && d->vcpu_placement == PLACEMENT_AUTO)
        d->numatune->placement = PLACEMENT_AUTO;
}

static void uuid(struct expansion *x)
{
    if (x->d->uuid)
        return;
    uuid_t u;
    char text[37];
    uuid_generate_random(u);
    uuid_unparse_lower(u, text);
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

static void seclabels(struct domain *d)
{
    for (size_t i = 0; i < d->seclabels.n; i++)
        d->seclabels.v[i]->imagelabel = d->seclabels.v[i]->type == SECLABEL_STATIC ? d->seclabels.v[i]->imagelabel : NULL;
}

bool expand_general(struct expansion *x)
{
    uuid(x);
    lifecycle(x->d);
    boot(x);
    memory(x);
    cpus(x->d);
    features(x);
    seclabels(x->d);
    return true;
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
    if (whole && !c->migratable)
        c->migratable = TRI_YES;
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
