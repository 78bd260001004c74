/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "domain/clock.h"
#include "domain/features.h"
#include "domain/general.h"
#include "domain/os_family.h"
#include "domain/os.h"
#include "domain/qemu_ns.h"
#include "qemu/argv_top.h"

/* What the guest finds when it wakes: SMBIOS tables, clock, sleep states, boot order, kernel. */

struct smbios_key {
    const char *name, *key; /* in <entry name=>, in -smbios */
};

static void add_entry(struct argv *a, struct str *s, const char *key, const char *value)
{
    if (value)
        str_addf(s, ",%s=%s", key, argv_escape(a, value));
}

static bool smbios_table(struct argv *a, int type, const struct smbios_key *keys, size_t n_keys,
                         struct sysinfo_entry *const *entries, size_t n)
{
    autostr struct str s = STR_INIT;
    bool manufacturer = false;
    str_addf(&s, "type=%d", type);
    if (!n)
        return true;
    for (size_t i = 0; i < n; i++)
        manufacturer |= streq(entries[i]->name, "manufacturer");
    if (!manufacturer && (type == 2 || type == 3))
        str_add(&s, ",manufacturer="); /* as libvirt: not QEMU's name */
    for (size_t k = 0; k < n_keys; k++)
        for (size_t i = 0; i < n; i++)
            if (streq(entries[i]->name, keys[k].name))
                add_entry(a, &s, keys[k].key, entries[i]->value);
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; k < n_keys; k++)
            known |= streq(entries[i]->name, keys[k].name);
        if (!known)
            return argv_fail(a, &entries[i]->meta, "<entry> name '%s': no such entry of SMBIOS type %d",
                             entries[i]->name ? entries[i]->name : "", type);
    }
    argv_add(a, "-smbios", arena_strdup(a->arena, str_text(&s)));
    return true;
}

static const struct smbios_key bios_keys[] = { { "vendor", "vendor" }, { "version", "version" }, { "date", "date" },
                                               { "release", "release" } };
static const struct smbios_key system_keys[] = { { "manufacturer", "manufacturer" }, { "product", "product" },
                                                 { "version", "version" }, { "serial", "serial" }, { "uuid", "uuid" },
                                                 { "sku", "sku" }, { "family", "family" } };
static const struct smbios_key board_keys[] = { { "manufacturer", "manufacturer" }, { "product", "product" },
                                                { "version", "version" }, { "serial", "serial" }, { "asset", "asset" },
                                                { "location", "location" } };
static const struct smbios_key chassis_keys[] = { { "manufacturer", "manufacturer" }, { "version", "version" },
                                                  { "serial", "serial" }, { "asset", "asset" }, { "sku", "sku" } };
#define KEYS(k) (k), sizeof(k) / sizeof *(k)

static bool smbios_sysinfo(struct argv *a, const struct sysinfo *s)
{
    if (!smbios_table(a, 0, KEYS(bios_keys), s->bios.v, s->bios.n) ||
        !smbios_table(a, 1, KEYS(system_keys), s->system.v, s->system.n))
        return false;
    if (s->baseboards.n > 1)
        return argv_fail(a, &s->baseboards.v[1]->meta, "<baseBoard>: QEMU takes only one");
    for (size_t i = 0; i < s->baseboards.n; i++)
        if (!smbios_table(a, 2, KEYS(board_keys), s->baseboards.v[i]->entries.v, s->baseboards.v[i]->entries.n))
            return false;
    if (!smbios_table(a, 3, KEYS(chassis_keys), s->chassis.v, s->chassis.n))
        return false;
    if (s->oem_strings.n) {
        autostr struct str o = STR_INIT;
        str_add(&o, "type=11");
        for (size_t i = 0; i < s->oem_strings.n; i++)
            add_entry(a, &o, "value", s->oem_strings.v[i]->value);
        argv_add(a, "-smbios", arena_strdup(a->arena, str_text(&o)));
    }
    return true;
}

static void fw_cfg(struct argv *a, const struct sysinfo *s)
{
    for (size_t i = 0; i < s->fwcfg.n; i++) {
        const struct sysinfo_entry *e = s->fwcfg.v[i];
        if (e->name)
            argv_addf(a, "-fw_cfg", "name=%s,%s=%s", argv_escape(a, e->name), e->file ? "file" : "string",
                      argv_escape(a, e->file ? e->file : e->value ? e->value : ""));
    }
}

bool argv_smbios(struct argv *a)
{
    const struct domain *d = a->domain;
    if (d->os->smbios == SMBIOS_HOST && !a->options->host_smbios)
        return argv_fail(a, &d->os->meta, "<smbios> mode 'host': only vm-start asks this host's firmware (try: vm-start --dry-run)");
    if (d->os->smbios == SMBIOS_HOST && !smbios_sysinfo(a, a->options->host_smbios))
        return false;
    bool found = false;
    for (size_t i = 0; i < d->sysinfos.n; i++) {
        const struct sysinfo *s = d->sysinfos.v[i];
        if (s->type == SYSINFO_FWCFG) {
            fw_cfg(a, s);
        } else if (d->os->smbios == SMBIOS_SYSINFO) {
            found = true;
            if (!smbios_sysinfo(a, s))
                return false;
        }
    }
    if (d->os->smbios == SMBIOS_SYSINFO && !found)
        return argv_fail(a, &d->os->meta, "<smbios> mode 'sysinfo' needs <sysinfo type='smbios'>");
    return true;
}

static const char *iso_date(struct argv *a, long long seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (!gmtime_r(&t, &tm))
        return "1970-01-01T00:00:00";
    return arena_printf(a->arena, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                        tm.tm_min, tm.tm_sec);
}

static bool rtc_base(struct argv *a, const char **base)
{
    const struct domain_clock *c = a->domain->clock;
    int64_t adjust = 0;
    long long now = a->options->now ? a->options->now : (long long)time(NULL);
    switch (c->offset) {
    case CLOCK_LOCALTIME:
        *base = "localtime";
        return true;
    case CLOCK_TIMEZONE:
        if (c->timezone)
            list_add(a->arena, &a->command->env, arena_printf(a->arena, "TZ=%s", c->timezone));
        *base = "localtime";
        return true;
    case CLOCK_ABSOLUTE:
        *base = iso_date(a, c->start.v);
        return true;
    case CLOCK_VARIABLE:
        if (c->adjustment && !parse_i64(c->adjustment, &adjust))
            return argv_fail(a, &c->meta, "<clock> adjustment '%s': not a number", c->adjustment);
        if (c->basis == BASIS_LOCALTIME) {
            time_t t = (time_t)now;
            struct tm tm;
            if (localtime_r(&t, &tm))
                now += tm.tm_gmtoff;
        }
        *base = iso_date(a, now + adjust);
        return true;
    default:
        *base = "utc";
        return true;
    }
}

static bool pit(struct argv *a, const struct timer *t)
{
    if (!t || !t->tickpolicy || t->tickpolicy == TICK_CATCHUP)
        return true;
    const char *policy = t->tickpolicy == TICK_DELAY ? "delay" : t->tickpolicy == TICK_DISCARD ? "discard" : NULL;
    if (!policy)
        return argv_fail(a, &t->meta, "<timer name='pit'> tickpolicy 'merge': not supported by QEMU");
    if (caps_device(a->caps, "kvm-pit"))
        argv_addf(a, "-global", "kvm-pit.lost_tick_policy=%s", policy);
    return true;
}

bool argv_clock(struct argv *a)
{
    static const char *const tracks[] = { NULL, NULL, "vm", "host", "rt" };
    const struct domain *d = a->domain;
    const char *base = NULL;
    autostr struct str s = STR_INIT;
    if (!rtc_base(a, &base))
        return false;
    str_addf(&s, "base=%s", base);
    const struct timer *rtc = clock_timer(d->clock, TIMER_RTC);
    if (rtc && rtc->track && tracks[rtc->track])
        str_addf(&s, ",clock=%s", tracks[rtc->track]);
    if (rtc && rtc->tickpolicy == TICK_CATCHUP)
        str_add(&s, ",driftfix=slew");
    argv_add(a, "-rtc", arena_strdup(a->arena, str_text(&s)));
    if (os_is_x86(d->os) && !pit(a, clock_timer(d->clock, TIMER_PIT)))
        return false;
    const struct timer *hpet = clock_timer(d->clock, TIMER_HPET);
    const struct caps_machine *m = caps_machine(a->caps, d->os->machine);
    if (hpet && hpet->present == TRI_NO && os_is_x86(d->os) && m && m->acpi < 0)
        argv_add(a, "-no-hpet", NULL);
    return true;
}

bool argv_power(struct argv *a)
{
    const struct domain *d = a->domain;
    const struct caps_machine *m = caps_machine(a->caps, d->os->machine);
    if (!a->options->standalone)
        argv_add(a, "-no-shutdown", NULL);
    bool knows_acpi = os_is_x86(d->os) || streq(d->os->arch, "aarch64");
    if (!d->features->acpi && knows_acpi && m && m->acpi < 0)
        argv_add(a, "-no-acpi", NULL);
    const char *driver = os_is_q35(d->os) ? "ICH9-LPC" : os_is_i440fx(d->os) ? "PIIX4_PM" : NULL;
    if (!driver)
        return true;
    if (d->suspend_to_mem)
        argv_addf(a, "-global", "%s.disable_s3=%d", driver, d->suspend_to_mem == TRI_NO);
    if (d->suspend_to_disk)
        argv_addf(a, "-global", "%s.disable_s4=%d", driver, d->suspend_to_disk == TRI_NO);
    return true;
}

static void kernel(struct argv *a)
{
    const struct domain_os *os = a->domain->os;
    if (os->kernel)
        argv_add(a, "-kernel", os->kernel);
    if (os->initrd)
        argv_add(a, "-initrd", os->initrd);
    if (os->cmdline)
        argv_add(a, "-append", os->cmdline);
    if (os->dtb)
        argv_add(a, "-dtb", os->dtb);
    if (os->acpi_table)
        argv_addf(a, "-acpitable", "sig=SLIC,file=%s", argv_escape(a, os->acpi_table));
}

bool argv_boot(struct argv *a)
{
    const struct domain_os *os = a->domain->os;
    autostr struct str s = STR_INIT;
    if (os->bootmenu)
        str_addf(&s, "menu=%s,", os->bootmenu == TRI_YES ? "on" : "off");
    if (os->bootmenu == TRI_YES && os->bootmenu_timeout.set)
        str_addf(&s, "splash-time=%llu,", (unsigned long long)os->bootmenu_timeout.v);
    if (os->reboot_timeout.set)
        str_addf(&s, "reboot-timeout=%lld,", (long long)os->reboot_timeout.v);
    str_add(&s, "strict=on");
    argv_add(a, "-boot", arena_strdup(a->arena, str_text(&s)));
    kernel(a);
    return true;
}

bool argv_passthrough(struct argv *a)
{
    const struct domain *d = a->domain;
    const struct qemu_commandline *q = d->qemu_commandline;
    for (size_t i = 0; q && i < q->args.n; i++)
        argv_add(a, q->args.v[i]->value, NULL);
    for (size_t i = 0; q && i < q->envs.n; i++)
        list_add(a->arena, &a->command->env,
                 arena_printf(a->arena, "%s=%s", q->envs.v[i]->name, q->envs.v[i]->value ? q->envs.v[i]->value : ""));
    for (size_t i = 0; d->qemu_overrides && i < d->qemu_overrides->devices.n; i++) {
        const struct qemu_override *o = d->qemu_overrides->devices.v[i];
        bool used = false;
        for (size_t k = 0; k < a->overridden.n; k++)
            used |= a->overridden.v[k] == o;
        if (a->command->notes && !str_starts(o->alias, "ua-"))
            note_add(a->command->notes, "<qemu:device> alias '%s' is made by the program and may change (try: an alias of the "
                     "domain's own, that begins with ua-)", o->alias);
        if (!used)
            return argv_fail(a, &o->meta, "<qemu:device> alias '%s': no device of that name is on the command line", o->alias);
    }
    return true;
}
