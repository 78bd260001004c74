/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/driver.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

const char *const mac_names[3] = { "none", "selinux", "apparmor" };

/* What each kernel module shows of itself once it is at work. */
static const struct {
    const char *file, *begins; /* begins: NULL: whatever is in it */
} signs[3] = {
    [MAC_SELINUX] = { "/sys/fs/selinux/enforce", NULL },
    [MAC_APPARMOR] = { "/sys/module/apparmor/parameters/enabled", "Y" },
};

static bool enabled(const struct mac_driver *m, enum mac which)
{
    char path[4096];
    autostr struct str text = STR_INIT;
    if (which == MAC_NONE)
        return true;
    if ((size_t)snprintf(path, sizeof path, "%s%s", m->sysroot ? m->sysroot : "", signs[which].file) >= sizeof path ||
        file_read_at(AT_FDCWD, path, 64, false, &text) < 0)
        return false;
    return !signs[which].begins || str_starts(str_text(&text), signs[which].begins);
}

/* The first of qemu.conf's list that is there. A single name is an order, several are a preference. */
static bool configured(struct mac_driver *m, const struct conf *conf, const struct conf_value *v, struct err *e)
{
    for (size_t i = 0; i < v->list.n; i++) {
        int which = name_index(mac_names, sizeof mac_names / sizeof *mac_names, v->list.v[i]);
        /* Owners are always taken care of: libvirt's "dac" adds nothing. */
        if (which < 0 && !streq(v->list.v[i], "dac"))
            return err_set(e, ST_FAILED, "%s:%d: security_driver: '%s' is none of selinux, apparmor, none", conf->path, v->line,
                           v->list.v[i]);
        if (which < 0 || !enabled(m, (enum mac)which))
            continue;
        m->which = (enum mac)which;
        return true;
    }
    if (v->list.n == 1 && !streq(v->list.v[0], "dac"))
        return err_set(e, ST_FAILED, "%s:%d: security_driver: %s is not enabled on this host (try: security_driver = \"none\")",
                       conf->path, v->line, v->list.v[0]);
    return true;
}

bool mac_driver(struct mac_driver *m, const struct conf *conf, const struct root *r, struct arena *a, struct err *e)
{
    const struct conf_value *v = conf_get(conf, "security_driver");
    *m = (struct mac_driver){ .why = "neither SELinux nor AppArmor is enabled in this kernel",
                              .default_confined = conf_number(conf, "security_default_confined") != 0,
                              .require_confined = conf_number(conf, "security_require_confined") != 0 };
    const char *sysroot = r->kind == ROOT_EMBED ? secure_getenv("VMUTILS_SYSROOT") : NULL;
    m->sysroot = sysroot && *sysroot == '/' ? sysroot : NULL;
    if (v) {
        m->why = arena_printf(a, "%s:%d", conf->path, v->line);
        return configured(m, conf, v, e);
    }
    for (enum mac which = MAC_SELINUX; which <= MAC_APPARMOR; which++)
        if (enabled(m, which)) {
            m->which = which;
            m->why = "it is enabled in this kernel";
            return true;
        }
    return true;
}

bool mac_wanted(const struct conf *conf, enum mac which)
{
    const struct conf_value *v = conf_get(conf, "security_driver");
    for (size_t i = 0; v && i < v->list.n; i++)
        if (streq(v->list.v[i], mac_names[which]))
            return true;
    return !v;
}

static const struct seclabel *pick(const struct mac_driver *m, struct seclabel *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!v[i]->model || streq(v[i]->model, mac_names[m->which]))
            return v[i];
    return NULL;
}

const struct seclabel *mac_label(const struct mac_driver *m, const struct domain *d)
{
    return pick(m, d->seclabels.v, d->seclabels.n);
}

const struct seclabel *mac_object_label(const struct mac_driver *m, const struct object *o)
{
    return pick(m, o->seclabels, o->n_seclabels);
}

/* A label of a driver that is not at work would be an empty promise. */
static bool promises(const struct mac_driver *m, const struct domain *d, struct err *e)
{
    for (size_t i = 0; i < d->seclabels.n; i++) {
        const struct seclabel *l = d->seclabels.v[i];
        int model = l->model ? name_index(mac_names, sizeof mac_names / sizeof *mac_names, l->model) : -1;
        if (l->type != SECLABEL_NONE && model > 0 && model != (int)m->which)
            return err_set(e, ST_FAILED, "line %d: <seclabel model='%s'>: that is not the security driver here, which is %s (%s)",
                           l->meta.line, l->model, mac_names[m->which], m->why);
    }
    return true;
}

bool mac_confined(const struct mac_driver *m, const struct domain *d, bool *confined, const char **why, struct err *e)
{
    const struct seclabel *l = mac_label(m, d);
    *confined = false;
    *why = m->why;
    if (!promises(m, d, e))
        return false;
    if (m->which != MAC_NONE && l && l->type == SECLABEL_NONE)
        *why = "type='none' of the domain";
    else if (m->which != MAC_NONE && !l && !m->default_confined)
        *why = "security_default_confined = 0";
    else
        *confined = m->which != MAC_NONE;
    if (*confined || !m->require_confined || m->which == MAC_NONE)
        return true;
    if (l)
        return err_set(e, ST_FAILED, "line %d: <seclabel type='none'>: security_require_confined of qemu.conf asks for a confined guest",
                       l->meta.line);
    return err_set(e, ST_FAILED, "has no <seclabel>, and qemu.conf has both security_require_confined and security_default_confined = 0");
}
