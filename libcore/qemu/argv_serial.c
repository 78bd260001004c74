/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "domain/chardev.h"
#include "domain/redirdev.h"
#include "qemu/argv_chardev.h"

/* What the guest sees of character devices: serial and parallel ports, channels, consoles, smartcards,
 * redirected USB. */

/* Target models that are QEMU devices under the same name; the others belong to the board (pl011) and are
 * had by -serial. */
static const char *const serial_devices[] = {
    "isa-serial", "usb-serial", "pci-serial", "spapr-vty", "sclpconsole", "sclplmconsole", "isa-debugcon", NULL,
};

static bool is_device(const char *model)
{
    for (size_t i = 0; model && serial_devices[i]; i++)
        if (streq(model, serial_devices[i]))
            return true;
    return false;
}

static const char *serial_model(const struct chardev *c)
{
    if (c->target_model)
        return c->target_model;
    switch (c->target) {
    case TARGET_USB_SERIAL:
        return "usb-serial";
    case TARGET_PCI_SERIAL:
        return "pci-serial";
    case TARGET_ISA_DEBUG:
        return "isa-debugcon";
    case TARGET_ISA_SERIAL:
        return "isa-serial";
    default: /* the board's own */
        return NULL;
    }
}

static bool serial(struct argv *a, const struct chardev *c)
{
    const char *model = serial_model(c);
    const char *chardev = argv_chardev(a, &c->meta, &c->host, c->info.alias, NULL, NULL);
    if (!chardev)
        return false;
    if (!is_device(model)) {
        argv_addf(a, "-serial", "chardev:%s", chardev);
        return true;
    }
    if (!caps_device(a->caps, model))
        return argv_fail(a, &c->meta, "<serial> model '%s': %s has no such device", model, a->command->emulator);
    struct props *p = props_new(a->arena);
    props_str(p, "driver", model);
    props_str(p, "chardev", chardev);
    props_str(p, "id", c->info.alias);
    if (streq(model, "isa-serial"))
        props_num(p, "index", c->port);
    if (!argv_address(a, p, &c->meta, c->info.address))
        return false;
    argv_device(a, p);
    return true;
}

bool argv_serials(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->serials.n; i++)
        if (!serial(a, d->serials.v[i]))
            return false;
    return true;
}

bool argv_parallels(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->parallels.n; i++) {
        const struct chardev *c = d->parallels.v[i];
        const char *chardev = argv_chardev(a, &c->meta, &c->host, c->info.alias, NULL, NULL);
        if (!chardev)
            return false;
        struct props *p = props_new(a->arena);
        props_str(p, "driver", "isa-parallel");
        props_str(p, "chardev", chardev);
        props_str(p, "id", c->info.alias);
        argv_device(a, p);
    }
    return true;
}

static bool guestfwd(struct argv *a, const struct chardev *c, const char *chardev)
{
    struct props *p = props_new(a->arena);
    props_str(p, "type", "user");
    struct props *list = props_array(p, "guestfwd");
    props_fmt(props_obj(list, NULL), "str", "tcp:%s:%llu-chardev:%s", c->target_address ? c->target_address : "10.0.2.1",
              (unsigned long long)c->port.v, chardev);
    props_str(p, "id", c->info.alias);
    argv_netdev(a, p);
    return true;
}

const char *argv_channel_path(struct arena *a, const char *dir, const struct chardev *c)
{
    const struct address *at = c->info.address;
    if (c->target_name || !at)
        return arena_printf(a, "%s/%s", dir, c->target_name ? c->target_name : c->info.alias);
    return arena_printf(a, "%s/vioser-%02u-%02u-%02u.sock", dir, (unsigned)at->controller.v, (unsigned)at->bus.v,
                        (unsigned)at->port.v);
}

static bool channel(struct argv *a, const struct chardev *c)
{
    const char *path = NULL;
    if (c->host.type == CHARDEV_UNIX && !chardev_first(&c->host)->path)
        path = argv_channel_path(a->arena, a->options->channel_dir ? a->options->channel_dir : "", c);
    const char *chardev = argv_chardev(a, &c->meta, &c->host, c->info.alias, "vdagent", path);
    if (!chardev)
        return false;
    if (c->target == TARGET_GUESTFWD)
        return guestfwd(a, c, chardev);
    struct props *p = props_new(a->arena);
    props_str(p, "driver", "virtserialport");
    if (!argv_address(a, p, &c->meta, c->info.address))
        return false;
    props_str(p, "chardev", chardev);
    props_str(p, "id", c->info.alias);
    /* QEMU's spice server looks for its agent by this very name. */
    props_str(p, "name", c->target_name ? c->target_name
                         : c->host.type == CHARDEV_SPICEVMC || c->host.type == CHARDEV_QEMU_VDAGENT
                             ? "com.redhat.spice.0"
                             : NULL);
    argv_device(a, p);
    return true;
}

bool argv_channels(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->channels.n; i++)
        if (!channel(a, d->channels.v[i]))
            return false;
    return true;
}

static const char *console_driver(const struct chardev *c)
{
    switch (c->target) {
    case TARGET_VIRTIO:
        return "virtconsole";
    case TARGET_SCLP:
        return "sclpconsole";
    case TARGET_SCLPLM:
        return "sclplmconsole";
    default: /* serial: the first one is the first serial device under another name */
        return NULL;
    }
}

bool argv_consoles(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->consoles.n; i++) {
        const struct chardev *c = d->consoles.v[i];
        const char *driver = console_driver(c);
        if (!driver)
            continue;
        const char *chardev = argv_chardev(a, &c->meta, &c->host, c->info.alias, NULL, NULL);
        if (!chardev)
            return false;
        struct props *p = props_new(a->arena);
        props_str(p, "driver", driver);
        if (!argv_address(a, p, &c->meta, c->info.address))
            return false;
        /* A console takes the next free port: its number in the document counts ports of other kinds. */
        props_remove(p, "nr");
        if (c->info.address && c->info.address->controller.v == 0 && c->info.address->bus.v == 0)
            props_remove(p, "bus");
        props_str(p, "chardev", chardev);
        props_str(p, "id", c->info.alias);
        argv_device(a, p);
    }
    return true;
}

static bool smartcard(struct argv *a, const struct smartcard *s)
{
    struct props *p = props_new(a->arena);
    if (s->mode == SMARTCARD_PASSTHROUGH) {
        const char *chardev = argv_chardev(a, &s->meta, &s->host, s->info.alias, "smartcard", NULL);
        if (!chardev)
            return false;
        props_str(p, "driver", "ccid-card-passthru");
        props_str(p, "chardev", chardev);
    } else {
        props_str(p, "driver", "ccid-card-emulated");
        props_str(p, "backend", s->mode == SMARTCARD_HOST ? "nss-emulated" : "certificates");
        if (s->mode == SMARTCARD_HOST_CERTIFICATES) {
            if (s->certificates.n != 3)
                return argv_fail(a, &s->meta, "<smartcard mode='host-certificates'> needs exactly three certificates");
            props_str(p, "cert1", s->certificates.v[0]);
            props_str(p, "cert2", s->certificates.v[1]);
            props_str(p, "cert3", s->certificates.v[2]);
            props_str(p, "db", s->database ? s->database : "/etc/pki/nssdb");
        }
    }
    props_str(p, "id", s->info.alias);
    props_fmt(p, "bus", "ccid%llu.0",
              (unsigned long long)(s->info.address ? s->info.address->controller.v : 0));
    argv_device(a, p);
    return true;
}

bool argv_smartcards(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->smartcards.n; i++)
        if (!smartcard(a, d->smartcards.v[i]))
            return false;
    return true;
}

/* class:vendor:product:version:allow, joined by |; versions are BCD, -1 stands for any. */
static const char *usb_filter(struct argv *a, const struct redirfilter *f)
{
    struct str s = STR_INIT;
    for (size_t i = 0; i < f->filters.n; i++) {
        const struct usb_filter *u = f->filters.v[i];
        const char *dot = u->version ? strchr(u->version, '.') : NULL;
        str_addf(&s, "%s%s:%s:%s:", i ? "|" : "", u->class ? u->class : "-1", u->vendor ? u->vendor : "-1",
                 u->product ? u->product : "-1");
        if (dot)
            str_addf(&s, "0x%02d%s", atoi(u->version), strlen(dot + 1) == 1 ? "0" : "");
        if (dot)
            str_add(&s, dot + 1);
        else
            str_add(&s, "-1");
        str_addf(&s, ":%d", u->allow == TRI_YES);
    }
    const char *text = arena_strdup(a->arena, str_text(&s));
    str_release(&s);
    return text;
}

bool argv_redirdevs(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->redirdevs.n; i++) {
        const struct redirdev *r = d->redirdevs.v[i];
        const char *chardev = argv_chardev(a, &r->meta, &r->host, r->info.alias, "usbredir", NULL);
        if (!chardev)
            return false;
        struct props *p = props_new(a->arena);
        props_str(p, "driver", "usb-redir");
        props_str(p, "chardev", chardev);
        props_str(p, "id", r->info.alias);
        if (d->redirfilter)
            props_str(p, "filter", usb_filter(a, d->redirfilter));
        props_num(p, "bootindex", r->info.boot_order);
        if (!argv_address(a, p, &r->meta, r->info.address))
            return false;
        argv_device(a, p);
    }
    return true;
}
