/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "domain/clock.h"
#include "domain/cpu.h"
#include "domain/device.h"
#include "domain/features.h"
#include "domain/general.h"
#include "domain/iommu.h"
#include "domain/os_family.h"
#include "domain/memory_device.h"
#include "qemu/argv_top.h"

/* -machine and -accel, and the firmware that the machine begins with. */

static void flash(struct argv *a, int n, const char *path, bool readonly)
{
    struct props *p = props_new(a->arena);
    props_str(p, "driver", "file");
    props_str(p, "filename", path);
    props_fmt(p, "node-name", "libvirt-pflash%d-storage", n);
    props_bool(p, "auto-read-only", true);
    props_str(p, "discard", "unmap");
    argv_blockdev(a, p);
    p = props_new(a->arena);
    props_fmt(p, "node-name", "libvirt-pflash%d-format", n);
    props_bool(p, "read-only", readonly);
    props_str(p, "driver", "raw");
    props_fmt(p, "file", "libvirt-pflash%d-storage", n);
    argv_blockdev(a, p);
}

static bool has_pflash(const struct domain_os *os)
{
    return os->loader && os->loader_type == LOADER_PFLASH;
}

static bool has_nvram(const struct domain_os *os)
{
    return has_pflash(os) && os->nvram && *os->nvram && os->loader_stateless != TRI_YES;
}

bool argv_firmware(struct argv *a)
{
    const struct domain_os *os = a->domain->os;
    if (os->nvram_source && os->nvram_type && !streq(os->nvram_type, "file"))
        return argv_fail(a, &os->meta, "<nvram> type '%s': only files are supported", os->nvram_type);
    if (has_pflash(os)) {
        flash(a, 0, os->loader, os->loader_readonly == TRI_YES);
        if (has_nvram(os))
            flash(a, 1, os->nvram, false);
    }
    return true;
}

/* Options of -machine are collected in one word. */
static void add(struct str *s, const char *key, const char *value)
{
    if (value)
        str_addf(s, ",%s=%s", key, value);
}

static void add_onoff(struct str *s, const char *key, enum tri t)
{
    add(s, key, t == TRI_YES ? "on" : t == TRI_NO ? "off" : NULL);
}

static void pseries_options(struct argv *a, struct str *s)
{
    const struct domain_features *f = a->domain->features;
    add(s, "resize-hpt", f->hpt_resizing ? hpt_resizing_names[f->hpt_resizing] : NULL);
    if (f->hpt_maxpagesize.set)
        str_addf(s, ",cap-hpt-max-page-size=%lluk", (unsigned long long)f->hpt_maxpagesize.v);
    add_onoff(s, "cap-htm", f->htm);
    add_onoff(s, "cap-nested-hv", f->nested_hv);
    add_onoff(s, "cap-ccf-assist", f->ccf_assist);
    add(s, "cap-cfpc", f->cfpc);
    add(s, "cap-sbbc", f->sbbc);
    add(s, "cap-ibs", f->ibs);
}

static void feature_options(struct argv *a, struct str *s)
{
    const struct domain *d = a->domain;
    const struct domain_features *f = d->features;
    add_onoff(s, "vmport", f->vmport);
    add_onoff(s, "smm", f->smm);
    add(s, "kernel_irqchip", f->ioapic == IOAPIC_QEMU ? "split" : f->ioapic == IOAPIC_KVM ? "on" : NULL);
    for (size_t i = 0; i < d->keywrap.n; i++)
        add_onoff(s, d->keywrap.v[i]->name == CIPHER_AES ? "aes-key-wrap" : "dea-key-wrap", d->keywrap.v[i]->state);
    if (f->gic && os_is_arm_virt(d->os) && (f->gic != GIC_2 || streq(d->os->arch, "aarch64"))) /* 2 is all that 32 bits have */
        add(s, "gic-version", gic_version_names[f->gic]);
    if (os_is_pseries(d->os))
        pseries_options(a, s);
}

static void memory_options(struct argv *a, struct str *s, const struct caps_machine *m)
{
    const struct domain *d = a->domain;
    add(s, "dump-guest-core", d->dump_core == TRI_YES || (!d->dump_core && a->options->dump_guest_core) ? "on" : "off");
    if (d->memory_backing && d->memory_backing->nosharepages)
        add(s, "mem-merge", "off");
    for (size_t i = 0; i < d->devices->memories.n; i++)
        if (d->devices->memories.v[i]->model == MEMORY_NVDIMM) {
            add(s, "nvdimm", "on");
            break;
        }
    if (d->devices->iommu && d->devices->iommu->model == IOMMU_SMMUV3)
        add(s, "iommu", "smmuv3");
    if (d->cpu && (d->cpu->latencies.n || d->cpu->bandwidths.n))
        add(s, "hmat", "on");
    if (m->ram_id && !(d->cpu && d->cpu->cells.n))
        add(s, "memory-backend", m->ram_id);
}

/* s390 takes the name of the boot entry from the device that boots first. */
static const char *loadparm(const struct domain *d)
{
    struct device_walk at = { 0 };
    struct device dev;
    const char *found = NULL;
    uint64_t order = UINT64_MAX;
    while (device_next(d, &at, &dev))
        if (dev.info && dev.info->loadparm && dev.info->boot_order.v < order) {
            found = dev.info->loadparm;
            order = dev.info->boot_order.v;
        }
    return found;
}

static void boot_options(struct argv *a, struct str *s, const struct caps_machine *m)
{
    const struct domain *d = a->domain;
    if (has_pflash(d->os))
        add(s, "pflash0", "libvirt-pflash0-format");
    if (has_nvram(d->os))
        add(s, "pflash1", "libvirt-pflash1-format");
    if (os_is_s390(d->os))
        add(s, "loadparm", loadparm(d));
    if (d->launch_security)
        add(s, "confidential-guest-support", "lsec0");
    /* Since 8.0 QEMU tells which machines have ACPI, and wants these options here. */
    if (m->acpi == 1)
        add(s, "acpi", d->features->acpi ? "on" : "off");
    const struct timer *hpet = clock_timer(d->clock, TIMER_HPET);
    if (m->acpi >= 0 && os_is_x86(d->os) && hpet)
        add_onoff(s, "hpet", hpet->present);
}

static bool accel(struct argv *a)
{
    const struct domain *d = a->domain;
    const struct kvm_features *k = d->features->kvm;
    if (d->type == DOMAIN_KVM) {
        if (k && k->dirty_ring == TRI_YES)
            argv_addf(a, "-accel", "kvm,dirty-ring-size=%llu", (unsigned long long)k->dirty_ring_size.v);
        else
            argv_add(a, "-accel", "kvm");
    } else if (d->type == DOMAIN_HVF) {
        argv_add(a, "-accel", "hvf");
    } else if (d->features->tb_cache.set) {
        argv_addf(a, "-accel", "tcg,tb-size=%llu", (unsigned long long)(d->features->tb_cache.v >> 10));
    } else {
        argv_add(a, "-accel", "tcg");
    }
    return true;
}

bool argv_machine(struct argv *a)
{
    const struct domain_os *os = a->domain->os;
    const struct caps_machine *m = caps_machine(a->caps, os->machine);
    if (!m)
        return argv_fail(a, &os->meta, "<os> machine '%s': %s has no such machine type", os->machine ? os->machine : "",
                         a->command->emulator);
    autostr struct str s = STR_INIT;
    str_add(&s, os->machine ? os->machine : m->name);
    add(&s, "usb", "off");
    feature_options(a, &s);
    memory_options(a, &s, m);
    boot_options(a, &s, m);
    argv_add(a, "-machine", arena_strdup(a->arena, str_text(&s)));
    accel(a);
    if (os->loader && os->loader_type != LOADER_PFLASH)
        argv_add(a, "-bios", os->loader);
    if (has_pflash(os) && os->loader_secure == TRI_YES)
        argv_add(a, "-global", "driver=cfi.pflash01,property=secure,value=on");
    if (a->domain->features->tseg.set && os_is_q35(os))
        argv_addf(a, "-global", "mch.extended-tseg-mbytes=%llu", (unsigned long long)a->domain->features->tseg.v);
    return true;
}

bool argv_launch_security(struct argv *a)
{
    const struct launch_security *l = a->domain->launch_security;
    if (!l)
        return true;
    struct props *p = props_new(a->arena);
    if (l->type == LAUNCH_S390_PV) {
        props_str(p, "qom-type", "s390-pv-guest");
        props_str(p, "id", "lsec0");
        argv_object(a, p);
        return true;
    }
    if (!caps_object(a->caps, "sev-guest"))
        return argv_fail(a, &l->meta, "<launchSecurity> sev: %s has no object sev-guest", a->command->emulator);
    if (!l->policy.set)
        return argv_fail(a, &l->meta, "<launchSecurity>: <policy> is missing");
    props_str(p, "qom-type", "sev-guest");
    props_str(p, "id", "lsec0");
    props_num(p, "cbitpos", l->cbitpos);
    props_num(p, "reduced-phys-bits", l->reduced_phys_bits);
    props_num(p, "policy", l->policy);
    if (l->dh_cert)
        props_fmt(p, "dh-cert-file", "%s/dh_cert.base64", a->options->private_dir);
    if (l->session)
        props_fmt(p, "session-file", "%s/session.base64", a->options->private_dir);
    props_tri(p, "kernel-hashes", l->kernel_hashes);
    argv_object(a, p);
    return true;
}
