/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/firmware.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "domain/features.h"
#include "domain/os.h"
#include "qemu/arch.h"

bool firmware_wanted(const struct domain *d)
{
    return d->os->firmware && !d->os->loader;
}

static enum tri feature(const struct domain_os *os, const char *name)
{
    for (size_t i = 0; i < os->firmware_features.n; i++)
        if (streq(os->firmware_features.v[i]->name, name))
            return os->firmware_features.v[i]->enabled;
    return TRI_UNSET;
}

bool firmware_wish(const struct domain *d, struct firmware_wish *w, struct err *e)
{
    const struct domain_os *os = d->os;
    const struct arch *arch = os->arch ? arch_by_name(os->arch) : NULL;
    *w = (struct firmware_wish){ .uefi = os->firmware == FIRMWARE_EFI, .stateless = os->loader_stateless == TRI_YES };
    w->no_smm = d->features->smm == TRI_NO;
    w->secure_boot = feature(os, "secure-boot");
    w->enrolled_keys = feature(os, "enrolled-keys");
    if (os->loader_secure == TRI_YES)
        w->secure_boot = TRI_YES;
    else if (os->loader_secure == TRI_NO && !w->secure_boot)
        w->secure_boot = TRI_NO;
    if (!arch || !os->machine || strlen(os->machine) >= sizeof w->machine)
        return err_set(e, ST_FAILED, "<os firmware>: architecture '%s' and machine '%s' are not known",
                       os->arch ? os->arch : "", os->machine ? os->machine : "");
    snprintf(w->target, sizeof w->target, "%s", arch->target);
    memcpy(w->machine, os->machine, strlen(os->machine) + 1);
    return true;
}

static bool agrees(enum tri wish, bool has)
{
    return !wish || (wish == TRI_YES) == has;
}

static bool fits(const struct firmware *f, const struct firmware_wish *w)
{
    return (w->uefi ? f->uefi : f->bios) && firmware_fits(f, w->target, w->machine) &&
           agrees(w->secure_boot, f->secure_boot) && agrees(w->enrolled_keys, f->enrolled_keys) &&
           !(w->no_smm && f->requires_smm) && !(w->stateless && f->nvram_template) && f->device != FIRMWARE_KERNEL &&
           (!f->path_format || streq(f->path_format, "raw")) && (!f->nvram_format || streq(f->nvram_format, "raw"));
}

bool firmware_choose(const struct firmwares *all, const struct firmware_wish *w, struct firmware_choice *c, struct err *e)
{
    for (size_t i = 0; i < all->list.n; i++) {
        const struct firmware *f = all->list.v[i];
        if (!fits(f, w) || !f->path || strlen(f->path) >= sizeof c->path ||
            (f->nvram_template && strlen(f->nvram_template) >= sizeof c->nvram_template))
            continue;
        *c = (struct firmware_choice){ .flash = f->device == FIRMWARE_FLASH, .requires_smm = f->requires_smm };
        memcpy(c->path, f->path, strlen(f->path) + 1);
        if (f->nvram_template)
            memcpy(c->nvram_template, f->nvram_template, strlen(f->nvram_template) + 1);
        return true;
    }
    return err_set(e, ST_NOENT, "<os firmware='%s'>: none of the host's firmware fits machine '%s'%s%s%s%s "
                                "(descriptors: /usr/share/qemu/firmware, /etc/qemu/firmware)",
                   w->uefi ? "efi" : "bios", w->machine,
                   w->secure_boot == TRI_YES ? " with secure boot" : w->secure_boot == TRI_NO ? " without secure boot" : "",
                   w->enrolled_keys == TRI_YES ? " with enrolled keys" : w->enrolled_keys == TRI_NO ? " without enrolled keys" : "",
                   w->no_smm ? " without SMM" : "", w->stateless ? " without variables" : "");
}

void firmware_apply(struct domain *d, const struct firmware_choice *c, struct arena *a)
{
    struct domain_os *os = d->os;
    os->loader = arena_strdup(a, c->path);
    os->loader_type = c->flash ? LOADER_PFLASH : LOADER_ROM;
    if (c->flash)
        os->loader_readonly = TRI_YES;
    if (c->requires_smm) {
        d->features->smm = TRI_YES;
        os->loader_secure = TRI_YES;
    }
    if (c->nvram_template[0] && !os->nvram_template)
        os->nvram_template = arena_strdup(a, c->nvram_template);
    if (c->flash && !c->nvram_template[0])
        os->loader_stateless = TRI_YES;
}

static const char *nvram_path(const struct domain *d, const char *nvram_dir, struct arena *a)
{
    return arena_printf(a, "%s/%s_VARS.fd", nvram_dir, d->name);
}

void firmware_nvram(struct domain *d, const char *nvram_dir, struct arena *a)
{
    struct domain_os *os = d->os;
    if (os->loader && os->loader_type == LOADER_PFLASH && os->loader_readonly == TRI_YES &&
        os->loader_stateless != TRI_YES && !(os->nvram && *os->nvram) && !os->nvram_source)
        os->nvram = nvram_path(d, nvram_dir, a);
}

const char *firmware_nvram_of(struct domain *d, const char *nvram_dir, struct arena *a)
{
    const struct domain_os *os = d->os;
    firmware_nvram(d, nvram_dir, a);
    if (os->nvram && *os->nvram)
        return os->nvram;
    bool keeps = firmware_wanted(d) && os->firmware == FIRMWARE_EFI && os->loader_stateless != TRI_YES && !os->nvram_source;
    return keeps ? nvram_path(d, nvram_dir, a) : NULL;
}
