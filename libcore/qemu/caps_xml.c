/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/caps_xml.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static void indent(struct str *o, int depth)
{
    for (int i = 0; i < depth; i++)
        str_add(o, "  ");
}

static void line(struct str *o, int depth, const char *text)
{
    indent(o, depth);
    str_add(o, text);
    str_addc(o, '\n');
}

/* <name>text</name> */
static void element(struct str *o, int depth, const char *name, const char *text)
{
    indent(o, depth);
    str_addf(o, "<%s>", name);
    str_add_xml(o, text, false);
    str_addf(o, "</%s>\n", name);
}

/* --- guests -------------------------------------------------------------------------------- */

static void machine_xml(struct str *o, const struct caps_machine *m, const char *alias)
{
    indent(o, 3);
    str_add(o, "<machine");
    if (alias) {
        str_add(o, " canonical='");
        str_add_xml(o, m->name, true);
        str_addc(o, '\'');
    }
    str_addf(o, " maxCpus='%u'%s>", m->cpu_max, m->deprecated ? " deprecated='yes'" : "");
    str_add_xml(o, alias ? alias : m->name, false);
    str_add(o, "</machine>\n");
}

/* The default machine first, then in the order of names; an alias follows its machine. */
static void machines_xml(struct str *o, struct caps *c)
{
    const char *name, *value;
    const struct caps_machine *first = caps_machine(c, NULL), *m;
    if (first) {
        machine_xml(o, first, NULL);
        if (first->alias)
            machine_xml(o, first, first->alias);
    }
    for (size_t at = 0; caps_each(c, "machine", &at, &name, &value);) {
        m = caps_machine(c, name);
        if (!m || m == first || streq(name, "none"))
            continue;
        machine_xml(o, m, NULL);
        if (m->alias)
            machine_xml(o, m, m->alias);
    }
}

static bool one_of(const char *s, const char *const *list)
{
    for (; s && *list; list++)
        if (streq(s, *list))
            return true;
    return false;
}

static bool is_x86(const char *arch)
{
    return one_of(arch, (const char *const[]){ "x86_64", "i686", NULL });
}

static void guest_features_xml(struct str *o, const char *arch)
{
    line(o, 2, "<features>");
    if (streq(arch, "i686")) {
        line(o, 3, "<pae/>");
        line(o, 3, "<nonpae/>");
    }
    if (is_x86(arch) || streq(arch, "aarch64"))
        line(o, 3, "<acpi default='on' toggle='yes'/>");
    if (is_x86(arch))
        line(o, 3, "<apic default='on' toggle='no'/>");
    line(o, 3, "<cpuselection/>");
    line(o, 3, "<deviceboot/>");
    line(o, 3, "<disksnapshot default='on' toggle='no'/>");
    line(o, 2, "</features>");
}

static void guest_xml(struct str *o, const struct caps_emulator *em, const char *arch)
{
    struct caps *c = em->tcg ? em->tcg : em->kvm;
    str_add(o, "  <guest>\n    <os_type>hvm</os_type>\n    <arch name='");
    str_add_xml(o, arch, true);
    str_addf(o, "'>\n      <wordsize>%u</wordsize>\n", em->arch ? em->arch->bits : caps_bits(c));
    element(o, 3, "emulator", em->path);
    machines_xml(o, c);
    if (em->tcg)
        line(o, 3, "<domain type='qemu'/>");
    if (em->kvm)
        line(o, 3, "<domain type='kvm'/>");
    line(o, 2, "</arch>");
    guest_features_xml(o, arch);
    str_add(o, "  </guest>\n\n");
}

void caps_guest_xml(struct str *out, const struct caps_emulator *em)
{
    struct caps *c = em->tcg ? em->tcg : em->kvm;
    const char *arch = em->arch ? em->arch->name : caps_fact(c, "arch");
    if (streq(arch, "armv7l"))
        guest_xml(out, em, "armv6l");
    guest_xml(out, em, arch ? arch : "unknown");
}

/* --- domain capabilities ------------------------------------------------------------------- */

/* What is asked to know whether a value is offered. */
enum need { ALWAYS, DEVICE, OBJECT, COMMAND, DISPLAY, TPM_TYPE, ARCH, MACHINE };

/* A value and the alternatives that each make it possible: "what" is a list of names separated by blanks. */
struct value {
    const char *name;
    enum need need;
    const char *what;
};

struct domain {
    struct str *o;
    struct caps *c;
    const char *arch;
    const struct caps_machine *machine;
};

static bool has(const struct domain *d, enum need need, const char *name)
{
    switch (need) {
    case DEVICE:
        return caps_device(d->c, name);
    case OBJECT:
        return caps_object(d->c, name);
    case COMMAND:
        return caps_command(d->c, name);
    case DISPLAY:
        return caps_enum(d->c, "DisplayType", name);
    case TPM_TYPE:
        return caps_enum(d->c, "TpmType", name);
    case ARCH:
        return streq(d->arch, name);
    case MACHINE:
        return str_starts(d->machine->name, name);
    case ALWAYS:
        break;
    }
    return true;
}

static bool offered(const struct domain *d, const struct value *v)
{
    char name[64];
    const char *rest = v->what, *of;
    if (v->need == ALWAYS)
        return true;
    while (caps_word(&rest, name, sizeof name, &of))
        if (has(d, v->need, name))
            return true;
    return false;
}

static void enum_xml(const struct domain *d, int depth, const char *name, const struct value *values)
{
    bool any = false;
    indent(d->o, depth);
    str_addf(d->o, "<enum name='%s'", name);
    for (const struct value *v = values; v->name; v++)
        if (offered(d, v)) {
            str_add(d->o, any ? "" : ">\n");
            any = true;
            element(d->o, depth + 1, "value", v->name);
        }
    if (any)
        line(d->o, depth, "</enum>");
    else
        str_add(d->o, "/>\n");
}

static const struct value yes_no[] = { { "yes", ALWAYS, NULL }, { "no", ALWAYS, NULL }, { 0 } };
static const struct value no_only[] = { { "no", ALWAYS, NULL }, { 0 } };
static const struct value on_off[] = { { "on", ALWAYS, NULL }, { "off", ALWAYS, NULL }, { 0 } };

static const struct value disk_devices[] = {
    { "disk", ALWAYS, NULL }, { "cdrom", ALWAYS, NULL }, { "floppy", DEVICE, "isa-fdc" }, { "lun", DEVICE, "scsi-block" }, { 0 },
};
static const struct value disk_buses[] = {
    { "ide", MACHINE, "pc-i440fx isapc g3beige mac99 malta sun4u pc-1 pc-0" },
    { "fdc", DEVICE, "isa-fdc" },
    { "scsi", DEVICE, "virtio-scsi-pci virtio-scsi-ccw virtio-scsi-device lsi53c895a spapr-vscsi" },
    { "virtio", DEVICE, "virtio-blk-pci virtio-blk-ccw virtio-blk-device" },
    { "usb", DEVICE, "usb-storage" },
    { "sata", DEVICE, "ich9-ahci" },
    { 0 },
};
static const struct value virtio_blk_models[] = {
    { "virtio", DEVICE, "virtio-blk-pci virtio-blk-ccw virtio-blk-device" },
    { "virtio-transitional", DEVICE, "virtio-blk-pci-transitional" },
    { "virtio-non-transitional", DEVICE, "virtio-blk-pci-non-transitional" },
    { 0 },
};
static const struct value graphics[] = {
    { "sdl", DISPLAY, "sdl" }, { "vnc", COMMAND, "query-vnc" }, { "spice", COMMAND, "query-spice" },
    { "egl-headless", DISPLAY, "egl-headless" }, { "dbus", DISPLAY, "dbus" }, { 0 },
};
static const struct value video_models[] = {
    { "vga", DEVICE, "VGA" },
    { "cirrus", DEVICE, "cirrus-vga" },
    { "vmvga", DEVICE, "vmware-svga" },
    { "qxl", DEVICE, "qxl qxl-vga" },
    { "virtio", DEVICE, "virtio-gpu-pci virtio-gpu-ccw virtio-gpu-device virtio-vga" },
    { "none", ALWAYS, NULL },
    { "bochs", DEVICE, "bochs-display" },
    { "ramfb", DEVICE, "ramfb" },
    { 0 },
};
static const struct value hostdev_modes[] = { { "subsystem", ALWAYS, NULL }, { 0 } };
static const struct value startup_policies[] = {
    { "default", ALWAYS, NULL }, { "mandatory", ALWAYS, NULL }, { "requisite", ALWAYS, NULL }, { "optional", ALWAYS, NULL }, { 0 },
};
static const struct value hostdev_types[] = {
    { "usb", DEVICE, "usb-host" }, { "pci", DEVICE, "vfio-pci" }, { "scsi", DEVICE, "scsi-generic" }, { 0 },
};
static const struct value none[] = { { 0 } };
static const struct value rng_models[] = {
    { "virtio", DEVICE, "virtio-rng-pci virtio-rng-ccw virtio-rng-device" },
    { "virtio-transitional", DEVICE, "virtio-rng-pci-transitional" },
    { "virtio-non-transitional", DEVICE, "virtio-rng-pci-non-transitional" },
    { 0 },
};
static const struct value rng_backends[] = {
    { "random", OBJECT, "rng-random" }, { "egd", OBJECT, "rng-egd" }, { "builtin", OBJECT, "rng-builtin" }, { 0 },
};
static const struct value filesystem_drivers[] = {
    { "path", DEVICE, "virtio-9p-pci virtio-9p-ccw virtio-9p-device" },
    { "virtiofs", DEVICE, "vhost-user-fs-pci vhost-user-fs-device" },
    { 0 },
};
static const struct value tpm_models[] = {
    { "tpm-tis", DEVICE, "tpm-tis tpm-tis-device" }, { "tpm-crb", DEVICE, "tpm-crb" },
    { "tpm-spapr", DEVICE, "tpm-spapr" },            { "spapr-tpm-proxy", DEVICE, "spapr-tpm-proxy" },
    { 0 },
};
static const struct value tpm_backends[] = {
    { "passthrough", TPM_TYPE, "passthrough" }, { "emulator", TPM_TYPE, "emulator" }, { "external", TPM_TYPE, "emulator" }, { 0 },
};
static const struct value tpm_versions[] = { { "1.2", TPM_TYPE, "emulator" }, { "2.0", TPM_TYPE, "emulator" }, { 0 } };
static const struct value redirdev_buses[] = { { "usb", DEVICE, "usb-redir" }, { 0 } };
static const struct value channel_types[] = {
    { "pty", ALWAYS, NULL }, { "unix", ALWAYS, NULL }, { "spicevmc", COMMAND, "query-spice" }, { 0 },
};
static const struct value memory_sources[] = {
    { "file", OBJECT, "memory-backend-file" }, { "anonymous", ALWAYS, NULL }, { "memfd", OBJECT, "memory-backend-memfd" }, { 0 },
};
static const struct value loader_types[] = { { "rom", ALWAYS, NULL }, { "pflash", ALWAYS, NULL }, { 0 } };
static const struct value hyperv_features[] = { { "spinlocks", ALWAYS, NULL }, { "vendor_id", ALWAYS, NULL }, { 0 } };

/* A device element is supported if one of its needs is met. */
static const struct device {
    const char *name;
    struct value need;
    struct {
        const char *name;
        const struct value *values;
    } enums[5];
} devices[] = {
    { "disk", { "", ALWAYS, NULL },
      { { "diskDevice", disk_devices }, { "bus", disk_buses }, { "model", virtio_blk_models } } },
    { "graphics", { "", ALWAYS, NULL }, { { "type", graphics } } },
    { "video", { "", ALWAYS, NULL }, { { "modelType", video_models } } },
    { "hostdev", { "", ALWAYS, NULL },
      { { "mode", hostdev_modes }, { "startupPolicy", startup_policies }, { "subsysType", hostdev_types }, { "capsType", none },
        { "pciBackend", none } } },
    { "rng", { "", DEVICE, "virtio-rng-pci virtio-rng-ccw virtio-rng-device" },
      { { "model", rng_models }, { "backendModel", rng_backends } } },
    { "filesystem", { "", DEVICE, "virtio-9p-pci virtio-9p-ccw virtio-9p-device vhost-user-fs-pci" },
      { { "driverType", filesystem_drivers } } },
    { "tpm", { "", DEVICE, "tpm-tis tpm-tis-device tpm-crb tpm-spapr spapr-tpm-proxy" },
      { { "model", tpm_models }, { "backendModel", tpm_backends }, { "backendVersion", tpm_versions } } },
    { "redirdev", { "", DEVICE, "usb-redir" }, { { "bus", redirdev_buses } } },
    { "channel", { "", ALWAYS, NULL }, { { "type", channel_types } } },
};

static void devices_xml(const struct domain *d)
{
    line(d->o, 1, "<devices>");
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        const struct device *v = &devices[i];
        indent(d->o, 2);
        if (!offered(d, &v->need)) {
            str_addf(d->o, "<%s supported='no'/>\n", v->name);
            continue;
        }
        str_addf(d->o, "<%s supported='yes'>\n", v->name);
        for (size_t j = 0; j < 5 && v->enums[j].name; j++)
            enum_xml(d, 3, v->enums[j].name, v->enums[j].values);
        indent(d->o, 2);
        str_addf(d->o, "</%s>\n", v->name);
    }
    line(d->o, 1, "</devices>");
}

static void supported(const struct domain *d, const char *name, bool yes)
{
    indent(d->o, 2);
    str_addf(d->o, "<%s supported='%s'/>\n", name, yes ? "yes" : "no");
}

static void gic_xml(const struct domain *d)
{
    const char *gic = caps_fact(d->c, "gic"), *of;
    char word[16];
    bool virt = str_starts(d->machine->name, "virt"), kvm = caps_kvm(d->c), any = false;
    while (virt && gic && caps_word(&gic, word, sizeof word, &of)) {
        if (!strchr(word + 1, kvm ? 'k' : 'e'))
            continue;
        word[1] = 0;
        if (!any)
            str_add(d->o, "    <gic supported='yes'>\n      <enum name='version'>\n");
        any = true;
        element(d->o, 4, "value", word);
    }
    str_add(d->o, any ? "      </enum>\n    </gic>\n" : "    <gic supported='no'/>\n");
}

static void features_xml(const struct domain *d)
{
    line(d->o, 1, "<features>");
    gic_xml(d);
    supported(d, "vmcoreinfo", caps_device(d->c, "vmcoreinfo"));
    supported(d, "genid", caps_device(d->c, "vmgenid"));
    supported(d, "backingStoreInput", caps_command(d->c, "blockdev-add"));
    supported(d, "backup", caps_command(d->c, "blockdev-backup"));
    if (streq(d->arch, "s390x"))
        supported(d, "s390-pv", caps_kvm(d->c) && caps_object(d->c, "s390-pv-guest"));
    supported(d, "sev", caps_fact(d->c, "sev") != NULL);
    supported(d, "sgx", false);
    if (is_x86(d->arch)) {
        line(d->o, 2, "<hyperv supported='yes'>");
        enum_xml(d, 3, "features", hyperv_features);
        line(d->o, 2, "</hyperv>");
    }
    line(d->o, 1, "</features>");
}

static void os_xml(const struct domain *d, const struct caps_firmware *firmware)
{
    bool any = firmware->path, secure = false;
    line(d->o, 1, "<os supported='yes'>");
    if (any)
        str_add(d->o, "    <enum name='firmware'>\n      <value>efi</value>\n    </enum>\n");
    else
        line(d->o, 2, "<enum name='firmware'/>");
    line(d->o, 2, "<loader supported='yes'>");
    for (; firmware->path; firmware++) {
        element(d->o, 3, "value", firmware->path);
        secure |= firmware->secure;
    }
    enum_xml(d, 3, "type", loader_types);
    enum_xml(d, 3, "readonly", yes_no);
    enum_xml(d, 3, "secure", secure ? yes_no : no_only);
    line(d->o, 2, "</loader>");
    line(d->o, 1, "</os>");
}

/* --- its CPU ------------------------------------------------------------------------------- */

static void mode_xml(const struct domain *d, const char *mode, const char *migratable, bool yes)
{
    indent(d->o, 2);
    str_addf(d->o, "<mode name='%s' supported='%s'%s>\n", mode, yes ? "yes" : "no", yes ? "" : "/");
    if (!yes)
        return;
    enum_xml(d, 3, migratable, on_off);
    line(d->o, 2, "</mode>");
}

static void host_model_xml(const struct domain *d)
{
    const struct caps_host_model *m = caps_host_model(d->c);
    if (!m) {
        line(d->o, 2, "<mode name='host-model' supported='no'/>");
        return;
    }
    line(d->o, 2, "<mode name='host-model' supported='yes'>");
    indent(d->o, 3);
    str_add(d->o, "<model fallback='forbid'>");
    str_add_xml(d->o, m->model, false);
    str_add(d->o, "</model>\n");
    if (m->vendor)
        element(d->o, 3, "vendor", m->vendor);
    for (int require = 1; require >= 0; require--)
        for (size_t i = 0; i < m->n; i++)
            if (m->features[i].require == require) {
                indent(d->o, 3);
                str_addf(d->o, "<feature policy='%s' name='", require ? "require" : "disable");
                str_add_xml(d->o, caps_feature_libvirt(m->features[i].name), true);
                str_add(d->o, "'/>\n");
            }
    line(d->o, 2, "</mode>");
}

/* Versions of models are QEMU's own affair, and max, host and base have modes of their own. */
static bool shown_model(const char *arch, const char *name)
{
    const char *v = strrchr(name, '-');
    bool version = v && v[1] == 'v' && v[2] && strspn(v + 2, "0123456789") == strlen(v + 2);
    return !one_of(name, (const char *const[]){ "max", "host", "base", NULL }) && !(version && is_x86(arch));
}

static void models_xml(const struct domain *d)
{
    const char *name, *value;
    bool any = false;
    for (size_t at = 0; !any && caps_each(d->c, "cpu", &at, &name, &value);)
        any = shown_model(d->arch, name);
    if (!any) {
        line(d->o, 2, "<mode name='custom' supported='no'/>");
        return;
    }
    line(d->o, 2, "<mode name='custom' supported='yes'>");
    for (size_t at = 0; caps_each(d->c, "cpu", &at, &name, &value);) {
        const struct caps_cpu *cpu = caps_cpu(d->c, name);
        if (!cpu || !shown_model(d->arch, name))
            continue;
        indent(d->o, 3);
        str_addf(d->o, "<model usable='%s' vendor='%s'%s>", cpu->usable < 0 ? "unknown" : cpu->usable ? "yes" : "no",
                 is_x86(d->arch) ? caps_cpu_vendor(name) : "unknown", cpu->deprecated ? " deprecated='yes'" : "");
        str_add_xml(d->o, name, false);
        str_add(d->o, "</model>\n");
    }
    line(d->o, 2, "</mode>");
}

static void cpu_xml(const struct domain *d)
{
    line(d->o, 1, "<cpu>");
    mode_xml(d, "host-passthrough", "hostPassthroughMigratable", caps_kvm(d->c));
    mode_xml(d, "maximum", "maximumMigratable", caps_cpu(d->c, "max") != NULL);
    host_model_xml(d);
    models_xml(d);
    line(d->o, 1, "</cpu>");
}

bool caps_domain_xml(struct str *out, struct caps *c, const char *path, const char *arch, const char *machine,
                     const struct caps_firmware *firmware, struct err *e)
{
    struct domain d = { out, c, arch, caps_machine(c, machine) };
    if (!d.machine)
        return err_set(e, ST_NOENT, "emulator %s has no machine '%s'", path, machine ? machine : "(default)");
    line(out, 0, "<domainCapabilities>");
    element(out, 1, "path", path);
    element(out, 1, "domain", caps_kvm(c) ? "kvm" : "qemu");
    element(out, 1, "machine", d.machine->name);
    element(out, 1, "arch", arch);
    indent(out, 1);
    str_addf(out, "<vcpu max='%u'/>\n", d.machine->cpu_max);
    indent(out, 1);
    str_addf(out, "<iothreads supported='%s'/>\n", caps_object(c, "iothread") ? "yes" : "no");
    os_xml(&d, firmware);
    cpu_xml(&d);
    line(out, 1, "<memoryBacking supported='yes'>");
    enum_xml(&d, 2, "sourceType", memory_sources);
    line(out, 1, "</memoryBacking>");
    devices_xml(&d);
    features_xml(&d);
    line(out, 0, "</domainCapabilities>");
    return true;
}
