/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_protect.h"

#include "domain/chardev.h"
#include "domain/disk.h"
#include "domain/graphics.h"
#include "guard/needs.h"

static bool on_network(const struct graphics *g)
{
    const struct listen *l = g->listens.n ? g->listens.v[0] : NULL;
    return !g->socket && (!l || (l->type != LISTEN_SOCKET && l->type != LISTEN_NONE));
}

/* Passwords and SASL hold for sockets, too; a password of its own is the guest's. */
static const char *graphics(const struct domain *d, enum graphics_type type, bool password, bool network)
{
    for (size_t i = 0; i < d->devices->graphics.n; i++) {
        const struct graphics *g = d->devices->graphics.v[i];
        if (g->type == type && !(password && g->passwd) && (!network || on_network(g)))
            return type == GRAPHICS_VNC ? "<graphics type='vnc'>" : "<graphics type='spice'>";
    }
    return NULL;
}

static const char *vnc(const struct domain *d, struct arena *a)
{
    (void)a;
    return graphics(d, GRAPHICS_VNC, false, false);
}

static const char *vnc_without_password(const struct domain *d, struct arena *a)
{
    (void)a;
    return graphics(d, GRAPHICS_VNC, true, false);
}

static const char *vnc_on_network(const struct domain *d, struct arena *a)
{
    (void)a;
    return graphics(d, GRAPHICS_VNC, false, true);
}

static const char *spice(const struct domain *d, struct arena *a)
{
    (void)a;
    return graphics(d, GRAPHICS_SPICE, false, false);
}

static const char *spice_without_password(const struct domain *d, struct arena *a)
{
    (void)a;
    return graphics(d, GRAPHICS_SPICE, true, false);
}

static const char *plain_chardev(const struct domain *d, struct arena *a)
{
    for (const struct chardev_host *const *h = needs_chardevs(d, a); *h; h++)
        if ((*h)->type == CHARDEV_TCP && chardev_first(*h)->tls == TRI_UNSET)
            return "a character device of type='tcp'";
    return NULL;
}

static const char *plain_nbd(const struct domain *d, struct arena *a)
{
    for (size_t i = 0; i < d->devices->disks.n; i++) {
        const struct disk *x = d->devices->disks.v[i];
        if (x->type == STORAGE_NETWORK && x->source && x->source->protocol == PROTOCOL_NBD && x->source->tls == TRI_UNSET)
            return arena_printf(a, "disk %s", x->target);
    }
    return NULL;
}

static const char *any_disk(const struct domain *d, struct arena *a)
{
    for (size_t i = 0; i < d->devices->disks.n; i++)
        if (d->devices->disks.v[i]->source)
            return arena_printf(a, "disk %s", d->devices->disks.v[i]->target);
    return NULL;
}

static const char *any_interface(const struct domain *d, struct arena *a)
{
    (void)a;
    return d->devices->interfaces.n ? "<interface>" : NULL;
}

static const char *itself(const struct domain *d, struct arena *a)
{
    (void)d, (void)a;
    return "the guest";
}

static const struct protection {
    const char *key;
    const char *off; /* the text that asks for nothing */
    const char *(*without)(const struct domain *d, struct arena *a); /* what would be without it, NULL: nothing */
} protections[] = {
    { "chardev_tls", NULL, plain_chardev },
    { "lock_manager", "nop", any_disk },
    { "mac_filter", NULL, any_interface },
    { "nbd_tls", NULL, plain_nbd },
    { "sched_core", "none", itself },
    { "spice_password", NULL, spice_without_password },
    { "spice_sasl", NULL, spice },
    { "vnc_auto_unix_socket", NULL, vnc_on_network },
    { "vnc_password", NULL, vnc_without_password },
    { "vnc_sasl", NULL, vnc },
    { "vnc_tls", NULL, vnc_on_network },
};

static bool asked(const struct conf_value *v, const struct protection *p)
{
    return v && (v->type == CONF_NUMBER ? v->number != 0 : !p->off || !streq(v->text, p->off));
}

bool plan_protect(const struct domain *d, const struct conf *conf, struct arena *a, struct err *e)
{
    for (size_t i = 0; i < sizeof protections / sizeof *protections; i++) {
        const struct protection *p = &protections[i];
        const struct conf_value *v = conf_get(conf, p->key);
        const char *what = asked(v, p) ? p->without(d, a) : NULL;
        if (what)
            return err_set(e, ST_FAILED, "%s:%d: %s is not honoured, and %s would be without it (try: without that line)", conf->path,
                           v->line, p->key, what);
    }
    return true;
}
