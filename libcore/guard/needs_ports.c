/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"
#include "domain/chardev.h"
#include "domain/disk.h"
#include "domain/graphics.h"
#include "domain/hostdev.h"
#include "domain/interface.h"
#include "domain/qemu_ns.h"
#include "domain/sound.h"
#include "domain/tpm.h"
#include "guard/needs.h"
#include "guard/ruleset.h"

enum { PORT_DNS = 53, PORT_ISCSI = 3260 };

static void add(struct need_ports *p, uint64_t port, uint64_t net, const char *why)
{
    if (!port || port > UINT16_MAX)
        return;
    struct need_port *x = arena_alloc(p->arena, sizeof *x);
    *x = (struct need_port){ (uint16_t)port, net, why };
    list_add(p->arena, &p->all, x);
}

static void any(struct need_ports *p, uint64_t net, const char *why)
{
    if (net & LL_BIND_TCP && !p->any_bind)
        p->any_bind = why;
    if (net & LL_CONNECT_TCP && !p->any_connect)
        p->any_connect = why;
}

/* A port as a number; the name of a service is for the resolver to know. */
static void add_text(struct need_ports *p, const char *text, uint64_t net, const char *why)
{
    uint64_t port;
    if (text && parse_u64(text, &port))
        add(p, port, net, why);
    else
        any(p, net, why);
}

static void graphics(struct need_ports *p, const struct graphics *g)
{
    const char *why = g->type == GRAPHICS_SPICE ? "SPICE" : "VNC";
    const struct inum *ports[] = { &g->port, &g->tls_port, &g->websocket };
    if (g->type != GRAPHICS_VNC && g->type != GRAPHICS_SPICE)
        return;
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        if (ports[i]->set && ports[i]->v > 0)
            add(p, (uint64_t)ports[i]->v, LL_BIND_TCP, why);
}

static void chardev(struct need_ports *p, const struct chardev_host *h)
{
    const struct chardev_source *s = chardev_first(h);
    bool listens = s->mode == SOCKET_BIND || s->mode == SOCKET_SERVER;
    if (h->type == CHARDEV_TCP)
        add_text(p, s->service, listens ? LL_BIND_TCP : LL_CONNECT_TCP, "character device");
}

/* Where the first connection is not the last one, no list of ports is enough. */
static void storage(struct need_ports *p, enum storage_type type, const struct storage_source *s, const char *why)
{
    static const uint16_t standard[PROTOCOL_NFS + 1] = {
        [PROTOCOL_NBD] = 10809, [PROTOCOL_SHEEPDOG] = 7000, [PROTOCOL_ISCSI] = PORT_ISCSI, [PROTOCOL_SSH] = 22,
    };
    if (type != STORAGE_NETWORK || !s)
        return;
    if (!standard[s->protocol] || !s->hosts.n)
        any(p, LL_CONNECT_TCP, why);
    for (size_t i = 0; i < s->hosts.n && standard[s->protocol]; i++) {
        if (s->hosts.v[i]->transport == TRANSPORT_UNIX)
            continue;
        if (s->hosts.v[i]->port)
            add_text(p, s->hosts.v[i]->port, LL_CONNECT_TCP, why);
        else
            add(p, standard[s->protocol], LL_CONNECT_TCP, why);
        add(p, PORT_DNS, LL_CONNECT_TCP, "names of hosts");
    }
}

static void disk(struct need_ports *p, const struct disk *d)
{
    const char *why = arena_printf(p->arena, "disk %s", d->target ? d->target : "?");
    storage(p, d->type, d->source, why);
    for (const struct backing_store *b = d->backing; b && b->type; b = b->backing)
        storage(p, b->type, b->source, why);
}

static void interface(struct need_ports *p, const struct interface *x)
{
    if (x->type == INTERFACE_USER)
        any(p, LL_CONNECT_TCP, "user networking");
    if (x->type == INTERFACE_USER && x->port_forwards.n)
        any(p, LL_BIND_TCP, "user networking");
    if (x->type == INTERFACE_SERVER)
        add(p, x->port.v, LL_BIND_TCP, "interface");
    if (x->type == INTERFACE_CLIENT)
        add(p, x->port.v, LL_CONNECT_TCP, "interface");
}

static void hostdev(struct need_ports *p, const struct hostdev *h)
{
    for (size_t i = 0; i < h->hosts.n; i++) {
        if (h->hosts.v[i]->port)
            add_text(p, h->hosts.v[i]->port, LL_CONNECT_TCP, "SCSI host device");
        else
            add(p, PORT_ISCSI, LL_CONNECT_TCP, "SCSI host device");
    }
}

void needs_ports(const struct domain *d, struct need_ports *p)
{
    const struct devices *v = d->devices;
    if (d->qemu_commandline && d->qemu_commandline->args.n)
        any(p, LL_BIND_TCP | LL_CONNECT_TCP, "words of <qemu:commandline>");
    for (size_t i = 0; i < v->graphics.n; i++)
        graphics(p, v->graphics.v[i]);
    for (const struct chardev_host *const *h = needs_chardevs(d, p->arena); *h; h++)
        chardev(p, *h);
    for (size_t i = 0; i < v->disks.n; i++)
        disk(p, v->disks.v[i]);
    for (size_t i = 0; i < v->interfaces.n; i++)
        interface(p, v->interfaces.v[i]);
    for (size_t i = 0; i < v->hostdevs.n; i++)
        hostdev(p, v->hostdevs.v[i]);
    for (size_t i = 0; i < v->tpms.n; i++)
        if (streq(v->tpms.v[i]->source_type, "tcp"))
            any(p, LL_CONNECT_TCP, "TPM");
    for (size_t i = 0; i < v->audios.n; i++)
        if (v->audios.v[i]->type == AUDIO_PULSEAUDIO && v->audios.v[i]->server_name)
            any(p, LL_CONNECT_TCP, "PulseAudio");
}
