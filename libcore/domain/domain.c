/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/domain.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/name.h"
#include "domain/clock.h"
#include "domain/cpu.h"
#include "domain/features.h"
#include "domain/general.h"
#include "domain/os.h"
#include "domain/qemu_ns.h"
#include "domain/seclabel.h"

static const struct field domain_fields[] = {
    { "@type", K_ENUM, AT(struct domain, type), NAMES(domain_type_names), .flags = F_REQUIRED },
    { "@id", K_I64, AT(struct domain, id), .flags = F_READONLY },
    { "@xmlns:qemu", K_STR, AT(struct domain, xmlns_qemu) },
    { "name", K_STR, AT(struct domain, name), .flags = F_REQUIRED },
    { "uuid", K_UUID, AT(struct domain, uuid) },
    { "genid", K_STR, AT(struct domain, genid), .flags = F_EMPTY_OK },
    { "title", K_STR, AT(struct domain, title) },
    { "description", K_STR, AT(struct domain, description) },
    { "metadata", K_RAW, AT(struct domain, metadata) },
    { "maxMemory@slots", K_U32, AT(struct domain, memory_slots) },
    { "maxMemory", K_SIZE, AT(struct domain, max_memory) },
    { "memory@dumpCore", K_ONOFF, AT(struct domain, dump_core) },
    { "memory", K_SIZE, AT(struct domain, memory) },
    { "currentMemory", K_SIZE, AT(struct domain, current_memory) },
    { "blkiotune", K_STRUCT, AT(struct domain, blkiotune), .sub = &blkiotune_element },
    { "memtune", K_STRUCT, AT(struct domain, memtune), .sub = &memtune_element },
    { "memoryBacking", K_STRUCT, AT(struct domain, memory_backing), .sub = &memory_backing_element },
    { "vcpu@placement", K_ENUM, AT(struct domain, vcpu_placement), NAMES(placement_names) },
    { "vcpu@cpuset", K_STR, AT(struct domain, vcpu_cpuset) },
    { "vcpu@current", K_U32, AT(struct domain, vcpus_current) },
    { "vcpu", K_U32, AT(struct domain, vcpus) },
    { "vcpus/vcpu", K_LIST, AT(struct domain, vcpu_list), .sub = &vcpu_element },
    { "iothreads", K_U32, AT(struct domain, iothreads) },
    { "iothreadids/iothread", K_LIST, AT(struct domain, iothread_ids), .sub = &iothread_element },
    { "defaultiothread@thread_pool_min", K_I64, AT(struct domain, default_pool_min) },
    { "defaultiothread@thread_pool_max", K_I64, AT(struct domain, default_pool_max) },
    { "cputune", K_STRUCT, AT(struct domain, cputune), .sub = &cputune_element },
    { "numatune", K_STRUCT, AT(struct domain, numatune), .sub = &numatune_element },
    { "resource/partition", K_STR, AT(struct domain, partition) },
    { "resource/fibrechannel@appid", K_STR, AT(struct domain, fibrechannel_appid) },
    { "sysinfo", K_LIST, AT(struct domain, sysinfos), .sub = &sysinfo_element },
    { "bootloader", K_STR, AT(struct domain, bootloader), .flags = F_EMPTY_OK },
    { "bootloader_args", K_STR, AT(struct domain, bootloader_args) },
    { "os", K_STRUCT, AT(struct domain, os), .sub = &os_element },
    { "idmap/uid", K_LIST, AT(struct domain, idmap_uids), .sub = &idmap_range_element },
    { "idmap/gid", K_LIST, AT(struct domain, idmap_gids), .sub = &idmap_range_element },
    { "features", K_STRUCT, AT(struct domain, features), .sub = &features_element, .flags = F_NO_EMPTY },
    { "cpu", K_STRUCT, AT(struct domain, cpu), .sub = &cpu_element },
    { "clock", K_STRUCT, AT(struct domain, clock), .sub = &clock_element, .flags = F_NO_EMPTY },
    { "on_poweroff", K_ENUM, AT(struct domain, on_poweroff), NAMES(lifecycle_action_names) },
    { "on_reboot", K_ENUM, AT(struct domain, on_reboot), NAMES(lifecycle_action_names) },
    { "on_crash", K_ENUM, AT(struct domain, on_crash), NAMES(lifecycle_action_names) },
    { "on_lockfailure", K_ENUM, AT(struct domain, on_lockfailure), NAMES(lockfailure_action_names) },
    { "pm/suspend-to-mem@enabled", K_YESNO, AT(struct domain, suspend_to_mem) },
    { "pm/suspend-to-disk@enabled", K_YESNO, AT(struct domain, suspend_to_disk) },
    { "perf/event", K_LIST, AT(struct domain, perf_events), .sub = &perf_event_element },
    { "devices", K_STRUCT, AT(struct domain, devices), .sub = &devices_element, .flags = F_NO_EMPTY },
    { "seclabel", K_LIST, AT(struct domain, seclabels), .sub = &seclabel_element },
    { "keywrap/cipher", K_LIST, AT(struct domain, keywrap), .sub = &keywrap_cipher_element },
    { "launchSecurity", K_STRUCT, AT(struct domain, launch_security), .sub = &launch_security_element },
    { "qemu:commandline", K_STRUCT, AT(struct domain, qemu_commandline), .sub = &qemu_commandline_element },
    { "qemu:capabilities", K_STRUCT, AT(struct domain, qemu_capabilities), .sub = &qemu_capabilities_element },
    { "qemu:deprecation@behavior", K_ENUM, AT(struct domain, qemu_deprecation), NAMES(qemu_deprecation_names) },
    { "qemu:override", K_STRUCT, AT(struct domain, qemu_overrides), .sub = &qemu_overrides_element },
};

static void *present(struct arena *a, void *p, size_t size)
{
    return p ? p : arena_alloc(a, size);
}

static void complete(struct domain *d, struct arena *a)
{
    d->os = present(a, d->os, sizeof *d->os);
    d->features = present(a, d->features, sizeof *d->features);
    d->clock = present(a, d->clock, sizeof *d->clock);
    d->devices = present(a, d->devices, sizeof *d->devices);
}

static bool domain_parsed(void *self, struct parse *p)
{
    struct domain *d = self;
    const char *fault = d->name ? name_fault(d->name) : NULL;
    if (fault) {
        autostr struct str shown = STR_INIT;
        str_add_shown(&shown, d->name);
        return parse_error(p, d->meta.line, "'%.300s' cannot be the name of a guest: %s", str_text(&shown), fault);
    }
    complete(d, p->arena);
    d->xmlns_qemu = d->qemu_commandline || d->qemu_capabilities || d->qemu_deprecation || d->qemu_overrides
                        ? QEMU_NAMESPACE : NULL;
    return true;
}

const struct element domain_element = { "domain", sizeof(struct domain), FIELDS(domain_fields), .parsed = domain_parsed };

static const struct xml_namespace namespaces[] = { { "qemu", QEMU_NAMESPACE }, { NULL, NULL } };

struct domain *domain_parse(const char *text, size_t n, struct parse *p)
{
    p->namespaces = namespaces;
    return xml_parse(&domain_element, "domain", text, n, p);
}

struct domain *domain_new(struct arena *a)
{
    struct domain *d = arena_alloc(a, sizeof *d);
    complete(d, a);
    return d;
}

void domain_print(const struct domain *d, struct str *out, unsigned flags)
{
    xml_print(&domain_element, "domain", d, out, 0, flags);
}
