/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_FEATURES_H
#define DOMAIN_FEATURES_H

#include "xml/vocab.h"

/* <features>. An element without @state counts as on where libvirt says so; parsing sets it. */

enum hyperv_mode { HYPERV_MODE_UNSET, HYPERV_CUSTOM, HYPERV_PASSTHROUGH, HYPERV_MODES };
extern const char *const hyperv_mode_names[HYPERV_MODES];
enum ioapic_driver { IOAPIC_UNSET, IOAPIC_QEMU, IOAPIC_KVM, IOAPIC_DRIVERS };
extern const char *const ioapic_driver_names[IOAPIC_DRIVERS];
enum hpt_resizing { HPT_UNSET, HPT_ENABLED, HPT_DISABLED, HPT_REQUIRED, HPT_RESIZINGS };
extern const char *const hpt_resizing_names[HPT_RESIZINGS];
enum gic_version { GIC_UNSET, GIC_HOST, GIC_2, GIC_3, GIC_VERSIONS };
extern const char *const gic_version_names[GIC_VERSIONS];
enum msrs_unknown { MSRS_UNSET, MSRS_IGNORE, MSRS_FAULT, MSRS_UNKNOWNS };
extern const char *const msrs_unknown_names[MSRS_UNKNOWNS];

struct hyperv {
    struct meta meta;
    enum hyperv_mode mode;
    enum tri relaxed, vapic, spinlocks, vpindex, runtime, synic, stimer, stimer_direct, reset, vendor_id, frequencies,
        reenlightenment, tlbflush, ipi, evmcs, avic;
    struct num retries;
    const char *vendor;
};
extern const struct element hyperv_element;

struct kvm_features {
    struct meta meta;
    enum tri hidden, hint_dedicated, poll_control, pv_ipi, dirty_ring;
    struct num dirty_ring_size;
};
extern const struct element kvm_features_element;

struct domain_features {
    struct meta meta;
    enum tri acpi, apic, apic_eoi, pae, viridian, privnet;
    enum tri hap, pvspinlock, pmu, vmport, smm, vmcoreinfo, htm, nested_hv, ccf_assist;
    enum tri hap_given, pvspinlock_given, pmu_given, vmport_given, smm_given, vmcoreinfo_given; /* only while parsing */
    struct hyperv *hyperv;
    struct kvm_features *kvm;
    const char *xen;          /* XML as it stood */
    const char *capabilities; /* of containers, as it stood */
    enum tri gic_given;
    enum gic_version gic;
    struct num tseg; /* MiB */
    enum ioapic_driver ioapic;
    enum hpt_resizing hpt_resizing;
    struct num hpt_maxpagesize; /* KiB */
    enum msrs_unknown msrs;
    const char *cfpc, *sbbc, *ibs; /* broken, workaround, fixed… */
    struct num tb_cache;           /* KiB */
};
extern const struct element features_element;

#endif
