/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/clock.h"
#include "domain/cpu.h"
#include "domain/features.h"
#include "domain/general.h"
#include "domain/os_family.h"
#include "domain/misc.h"
#include "qemu/argv_top.h"

/* -cpu: the model, its features, and what <features> and <clock> want of the virtual CPU. -smp. */

static void add_onoff(struct str *s, const char *key, enum tri t)
{
    if (t)
        str_addf(s, ",%s=%s", key, t == TRI_YES ? "on" : "off");
}

static void add_on(struct str *s, const char *key, enum tri t)
{
    if (t == TRI_YES)
        str_addf(s, ",%s=on", key);
}

/* The two names of libvirt's that are not QEMU's with '_' for '-'. */
static const char *feature_name(struct argv *a, const char *name)
{
    if (strcmp(name, "pclmuldq") == 0)
        return "pclmulqdq";
    if (strcmp(name, "cmp_legacy") == 0)
        return "cmp-legacy";
    char *copy = arena_strdup(a->arena, name);
    for (char *c = copy; *c; c++)
        if (*c == '_')
            *c = '-';
    return copy;
}

/* "Wanted if the host has it" is decided by what QEMU said of this host. */
static bool host_has(struct argv *a, const char *feature)
{
    const char *value = caps_cpu_feature(a->caps, caps_kvm(a->caps) ? "host" : "max", feature);
    return value && strcmp(value, "true") == 0;
}

static bool features(struct argv *a, struct str *s)
{
    const struct domain_cpu *c = a->domain->cpu;
    for (size_t i = 0; i < c->features.n; i++) {
        const struct cpu_feature *f = c->features.v[i];
        if (strpbrk(f->name, ",="))
            return argv_fail(a, &f->meta, "<feature> name '%s': not the name of a CPU feature", f->name);
        const char *name = os_is_x86(a->domain->os) ? feature_name(a, f->name) : f->name;
        bool off = f->policy == POLICY_DISABLE || f->policy == POLICY_FORBID;
        if (f->policy == POLICY_OPTIONAL && !host_has(a, name))
            continue;
        str_addf(s, ",%s=%s", name, off ? "off" : "on");
    }
    return true;
}

static void hyperv(struct argv *a, struct str *s)
{
    const struct hyperv *h = a->domain->features->hyperv;
    const struct { const char *name; enum tri state; } rows[] = {
        { "hv-relaxed", h->relaxed }, { "hv-vapic", h->vapic }, { "hv-vpindex", h->vpindex }, { "hv-runtime", h->runtime },
        { "hv-synic", h->synic }, { "hv-stimer", h->stimer }, { "hv-stimer-direct", h->stimer_direct },
        { "hv-reset", h->reset }, { "hv-frequencies", h->frequencies }, { "hv-reenlightenment", h->reenlightenment },
        { "hv-tlbflush", h->tlbflush }, { "hv-ipi", h->ipi }, { "hv-evmcs", h->evmcs }, { "hv-avic", h->avic },
    };
    if (h->mode == HYPERV_PASSTHROUGH) {
        str_add(s, ",hv-passthrough=on");
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_on(s, rows[i].name, rows[i].state);
    if (h->spinlocks == TRI_YES)
        str_addf(s, ",hv-spinlocks=0x%llx", (unsigned long long)(h->retries.set ? h->retries.v : 0x1fff));
    if (h->vendor_id == TRI_YES && h->vendor)
        str_addf(s, ",hv-vendor-id=%s", argv_escape(a, h->vendor));
}

static void kvm(struct argv *a, struct str *s)
{
    const struct kvm_features *k = a->domain->features->kvm;
    if (k->hidden == TRI_YES)
        str_add(s, ",kvm=off");
    add_on(s, "kvm-hint-dedicated", k->hint_dedicated);
    if (k->poll_control == TRI_YES)
        str_add(s, ",kvm-poll-control=on");
    if (k->pv_ipi == TRI_YES)
        str_add(s, ",kvm-pv-ipi=on");
}

static void timers(struct argv *a, struct str *s)
{
    const struct domain_clock *c = a->domain->clock;
    for (size_t i = 0; i < c->timers.n; i++) {
        const struct timer *t = c->timers.v[i];
        if (t->name == TIMER_KVMCLOCK && t->present)
            add_onoff(s, "kvmclock", t->present);
        else if (t->name == TIMER_HYPERVCLOCK && t->present == TRI_YES)
            str_add(s, ",hv-time=on");
        else if (t->name == TIMER_ARMVTIMER && t->tickpolicy)
            str_addf(s, ",kvm-no-adjvtime=%s", t->tickpolicy == TICK_DISCARD ? "off" : "on");
        else if (t->name == TIMER_TSC && t->frequency.set)
            str_addf(s, ",tsc-frequency=%llu", (unsigned long long)t->frequency.v);
    }
}

static void cache(const struct domain_cpu *c, struct str *s)
{
    switch (c->cache_mode) {
    case CPU_CACHE_EMULATE:
        str_add(s, ",l3-cache=on");
        if (c->mode == CPU_HOST_PASSTHROUGH || c->mode == CPU_MAXIMUM)
            str_add(s, ",host-cache-info=off");
        break;
    case CPU_CACHE_PASSTHROUGH:
        str_add(s, ",host-cache-info=on,l3-cache=off");
        break;
    case CPU_CACHE_DISABLE:
        if (c->mode == CPU_HOST_PASSTHROUGH || c->mode == CPU_MAXIMUM)
            str_add(s, ",host-cache-info=off");
        str_add(s, ",l3-cache=off");
        break;
    default:
        break;
    }
}

/* The named model that comes nearest to this host, and by which features the host differs from it. */
static bool host_model(struct argv *a, struct str *s)
{
    const struct caps_host_model *h = caps_host_model(a->caps);
    if (!h || !h->model)
        return false;
    str_add(s, h->model);
    for (size_t i = 0; i < h->n; i++)
        str_addf(s, ",%s=%s", feature_name(a, h->features[i].name), h->features[i].require ? "on" : "off");
    return true;
}

/* Architectures other than x86 write their models in capitals, QEMU knows them in either case. */
static bool has_model(struct argv *a, const char *name)
{
    if (caps_cpu(a->caps, name))
        return true;
    char *lower = arena_strdup(a->arena, name);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return !os_is_x86(a->domain->os) && caps_cpu(a->caps, lower);
}

/* The model's name, and under KVM what "host" keeps out so that the guest can move. */
static bool model(struct argv *a, struct str *s)
{
    const struct domain *d = a->domain;
    const struct domain_cpu *c = d->cpu;
    bool is_kvm = d->type == DOMAIN_KVM || d->type == DOMAIN_HVF;
    switch (c->mode) {
    case CPU_HOST_PASSTHROUGH:
        if (!is_kvm)
            return argv_fail(a, &c->meta, "<cpu> mode 'host-passthrough' needs KVM (type='kvm'); without it the nearest is "
                                          "mode 'maximum'");
        str_add(s, "host");
        if (c->migratable == TRI_YES && caps_kvm(a->caps) && os_is_x86(d->os))
            str_add(s, ",migratable=on");
        return true;
    case CPU_HOST_MODEL:
        if (!os_is_x86(d->os) || !host_model(a, s))
            str_add(s, is_kvm ? "host" : "max");
        return true;
    case CPU_MAXIMUM:
        str_add(s, "max");
        if (c->migratable && os_is_x86(d->os) && c->migratable == TRI_YES)
            str_add(s, ",migratable=on");
        return true;
    default:
        if (strchr(c->model, ','))
            return argv_fail(a, &c->meta, "<model> '%s': not the name of a CPU model", c->model);
        if (!has_model(a, c->model))
            return argv_fail(a, &c->meta, "<model> '%s': %s has no such CPU model", c->model, a->command->emulator);
        str_add(s, c->model);
        return true;
    }
}

/* The CPU of a machine that says nothing of it, from QEMU's "qemu64-x86_64-cpu". */
static const char *default_model(struct argv *a)
{
    const struct caps_machine *m = caps_machine(a->caps, a->domain->os->machine);
    const struct domain_os *os = a->domain->os;
    if (!m || !m->cpu_type)
        return NULL;
    size_t at = 0;
    const char *name, *value;
    while (caps_each(a->caps, "cpu", &at, &name, &value)) {
        const struct caps_cpu *c = caps_cpu(a->caps, name);
        if (c && streq(c->type, m->cpu_type))
            return streq(os->arch, "i686") && strcmp(name, "qemu64") == 0 ? "qemu32" : arena_strdup(a->arena, name);
    }
    return NULL;
}

static void from_features(struct argv *a, struct str *s)
{
    const struct domain *d = a->domain;
    const struct domain_features *f = d->features;
    timers(a, s);
    add_onoff(s, "kvm-pv-eoi", f->apic_eoi);
    add_onoff(s, "kvm-pv-unhalt", f->pvspinlock);
    add_onoff(s, "pmu", f->pmu);
    if (f->hyperv)
        hyperv(a, s);
    for (size_t i = 0; i < d->devices->panics.n; i++)
        if (d->devices->panics.v[i]->model == PANIC_HYPERV) {
            str_add(s, ",hv-crash");
            break;
        }
    if (f->kvm)
        kvm(a, s);
}

static void address_bits(const struct domain_cpu *c, struct str *s)
{
    if (c->maxphysaddr == PHYSADDR_PASSTHROUGH)
        str_add(s, ",host-phys-bits=on");
    else if (c->maxphysaddr == PHYSADDR_EMULATE && c->maxphysaddr_bits.set)
        str_addf(s, ",phys-bits=%llu", (unsigned long long)c->maxphysaddr_bits.v);
}

bool argv_cpu(struct argv *a)
{
    const struct domain_cpu *c = a->domain->cpu;
    autostr struct str s = STR_INIT;
    autostr struct str more = STR_INIT;
    bool named = c && (c->model || (c->mode && c->mode != CPU_CUSTOM));
    if (named && !model(a, &s))
        return false;
    from_features(a, &more);
    if (!named && (more.len || (c && c->features.n) || os_is_x86(a->domain->os))) {
        const char *name = default_model(a);
        if (!name)
            return !more.len || argv_fail(a, NULL, "<features>: machine '%s' does not tell its CPU model; give <cpu><model>",
                                          a->domain->os->machine);
        str_add(&s, name);
    }
    if (c && !features(a, &s))
        return false;
    if (more.len)
        str_add(&s, str_text(&more));
    if (c && c->vendor_id && c->mode == CPU_HOST_MODEL)
        str_addf(&s, ",vendor=%s", argv_escape(a, c->vendor_id));
    if (c) {
        cache(c, &s);
        address_bits(c, &s);
    }
    if (s.len)
        argv_add(a, "-cpu", arena_strdup(a->arena, str_text(&s)));
    return true;
}

bool argv_cpus(struct argv *a)
{
    const struct domain *d = a->domain;
    const struct domain_cpu *c = d->cpu;
    unsigned long long max = d->vcpus.set ? d->vcpus.v : 1, now = d->vcpus_current.set ? d->vcpus_current.v : max;
    autostr struct str s = STR_INIT;
    if (now != max && d->vcpu_list.n) {
        /* Hotpluggable ones are added as devices before the guest runs. */
        now = 0;
        for (size_t i = 0; i < d->vcpu_list.n; i++)
            now += d->vcpu_list.v[i]->enabled == TRI_YES && d->vcpu_list.v[i]->hotpluggable != TRI_YES;
    }
    str_addf(&s, "%llu", now);
    if (now != max)
        str_addf(&s, ",maxcpus=%llu", max);
    if (c && c->sockets.set) {
        str_addf(&s, ",sockets=%llu", (unsigned long long)c->sockets.v);
        if (caps_option(a->caps, "smp-opts", "dies") && (os_is_x86(d->os) || c->dies.v > 1))
            str_addf(&s, ",dies=%llu", (unsigned long long)(c->dies.set ? c->dies.v : 1));
        str_addf(&s, ",cores=%llu,threads=%llu", (unsigned long long)c->cores.v, (unsigned long long)c->threads.v);
    } else {
        str_addf(&s, ",sockets=%llu,cores=1,threads=1", max);
    }
    argv_add(a, "-smp", arena_strdup(a->arena, str_text(&s)));
    return true;
}
