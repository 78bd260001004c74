/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/features.h"

const char *const hyperv_mode_names[] = { NULL, "custom", "passthrough" };
const char *const ioapic_driver_names[] = { NULL, "qemu", "kvm" };
const char *const hpt_resizing_names[] = { NULL, "enabled", "disabled", "required" };
const char *const gic_version_names[] = { NULL, "host", "2", "3" };
const char *const msrs_unknown_names[] = { NULL, "ignore", "fault" };

static const struct field hyperv_fields[] = {
    { "@mode", K_ENUM, AT(struct hyperv, mode), NAMES(hyperv_mode_names) },
    { "relaxed@state", K_ONOFF, AT(struct hyperv, relaxed) },
    { "vapic@state", K_ONOFF, AT(struct hyperv, vapic) },
    { "spinlocks@state", K_ONOFF, AT(struct hyperv, spinlocks) },
    { "spinlocks@retries", K_U32, AT(struct hyperv, retries) },
    { "vpindex@state", K_ONOFF, AT(struct hyperv, vpindex) },
    { "runtime@state", K_ONOFF, AT(struct hyperv, runtime) },
    { "synic@state", K_ONOFF, AT(struct hyperv, synic) },
    { "stimer@state", K_ONOFF, AT(struct hyperv, stimer) },
    { "stimer/direct@state", K_ONOFF, AT(struct hyperv, stimer_direct) },
    { "reset@state", K_ONOFF, AT(struct hyperv, reset) },
    { "vendor_id@state", K_ONOFF, AT(struct hyperv, vendor_id) },
    { "vendor_id@value", K_STR, AT(struct hyperv, vendor) },
    { "frequencies@state", K_ONOFF, AT(struct hyperv, frequencies) },
    { "reenlightenment@state", K_ONOFF, AT(struct hyperv, reenlightenment) },
    { "tlbflush@state", K_ONOFF, AT(struct hyperv, tlbflush) },
    { "ipi@state", K_ONOFF, AT(struct hyperv, ipi) },
    { "evmcs@state", K_ONOFF, AT(struct hyperv, evmcs) },
    { "avic@state", K_ONOFF, AT(struct hyperv, avic) },
};
const struct element hyperv_element = { "hyperv", sizeof(struct hyperv), FIELDS(hyperv_fields) };

static const struct field kvm_fields[] = {
    { "hidden@state", K_ONOFF, AT(struct kvm_features, hidden) },
    { "hint-dedicated@state", K_ONOFF, AT(struct kvm_features, hint_dedicated) },
    { "poll-control@state", K_ONOFF, AT(struct kvm_features, poll_control) },
    { "pv-ipi@state", K_ONOFF, AT(struct kvm_features, pv_ipi) },
    { "dirty-ring@state", K_ONOFF, AT(struct kvm_features, dirty_ring) },
    { "dirty-ring@size", K_U32, AT(struct kvm_features, dirty_ring_size) },
};
const struct element kvm_features_element = { "kvm", sizeof(struct kvm_features), FIELDS(kvm_fields) };

static const struct field features_fields[] = {
    { "acpi", K_FLAG, AT(struct domain_features, acpi) },
    { "apic", K_FLAG, AT(struct domain_features, apic) },
    { "apic@eoi", K_ONOFF, AT(struct domain_features, apic_eoi) },
    { "pae", K_FLAG, AT(struct domain_features, pae) },
    { "hap@state", K_ONOFF, AT(struct domain_features, hap) },
    { "hap", K_FLAG, AT(struct domain_features, hap_given) },
    { "viridian", K_FLAG, AT(struct domain_features, viridian) },
    { "privnet", K_FLAG, AT(struct domain_features, privnet) },
    { "hyperv", K_STRUCT, AT(struct domain_features, hyperv), .sub = &hyperv_element },
    { "kvm", K_STRUCT, AT(struct domain_features, kvm), .sub = &kvm_features_element },
    { "xen", K_RAW, AT(struct domain_features, xen) },
    { "pvspinlock@state", K_ONOFF, AT(struct domain_features, pvspinlock) },
    { "pvspinlock", K_FLAG, AT(struct domain_features, pvspinlock_given) },
    { "pmu@state", K_ONOFF, AT(struct domain_features, pmu) },
    { "pmu", K_FLAG, AT(struct domain_features, pmu_given) },
    { "capabilities", K_RAW, AT(struct domain_features, capabilities) },
    { "vmport@state", K_ONOFF, AT(struct domain_features, vmport) },
    { "vmport", K_FLAG, AT(struct domain_features, vmport_given) },
    { "gic@version", K_ENUM, AT(struct domain_features, gic), NAMES(gic_version_names) },
    { "gic", K_FLAG, AT(struct domain_features, gic_given) },
    { "smm@state", K_ONOFF, AT(struct domain_features, smm) },
    { "smm/tseg", K_SIZE, AT(struct domain_features, tseg), .unit = 1 << 20, .unit_name = "MiB" },
    { "smm", K_FLAG, AT(struct domain_features, smm_given) },
    { "ioapic@driver", K_ENUM, AT(struct domain_features, ioapic), NAMES(ioapic_driver_names) },
    { "hpt@resizing", K_ENUM, AT(struct domain_features, hpt_resizing), NAMES(hpt_resizing_names) },
    { "hpt/maxpagesize", K_SIZE, AT(struct domain_features, hpt_maxpagesize) },
    { "vmcoreinfo@state", K_ONOFF, AT(struct domain_features, vmcoreinfo) },
    { "vmcoreinfo", K_FLAG, AT(struct domain_features, vmcoreinfo_given) },
    { "htm@state", K_ONOFF, AT(struct domain_features, htm) },
    { "nested-hv@state", K_ONOFF, AT(struct domain_features, nested_hv) },
    { "msrs@unknown", K_ENUM, AT(struct domain_features, msrs), NAMES(msrs_unknown_names) },
    { "ccf-assist@state", K_ONOFF, AT(struct domain_features, ccf_assist) },
    { "cfpc@value", K_STR, AT(struct domain_features, cfpc) },
    { "sbbc@value", K_STR, AT(struct domain_features, sbbc) },
    { "ibs@value", K_STR, AT(struct domain_features, ibs) },
    { "tcg/tb-cache", K_SIZE, AT(struct domain_features, tb_cache) },
};

/* An element that is given without a state means on. */
static void given(enum tri *state, enum tri *flag)
{
    if (*flag && !*state)
        *state = TRI_YES;
    *flag = TRI_UNSET;
}

static bool features_parsed(void *self, struct parse *p)
{
    struct domain_features *f = self;
    (void)p;
    given(&f->hap, &f->hap_given);
    given(&f->pvspinlock, &f->pvspinlock_given);
    given(&f->pmu, &f->pmu_given);
    given(&f->vmport, &f->vmport_given);
    given(&f->smm, &f->smm_given);
    given(&f->vmcoreinfo, &f->vmcoreinfo_given);
    return true;
}

const struct element features_element = { "features", sizeof(struct domain_features), FIELDS(features_fields),
                                          .parsed = features_parsed };
