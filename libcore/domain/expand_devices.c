/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/random.h>

#include "domain/alias.h"
#include "domain/disk.h"
#include "domain/expand_private.h"
#include "domain/filesystem.h"
#include "domain/graphics.h"
#include "domain/hostdev.h"
#include "domain/interface.h"
#include "domain/misc.h"
#include "domain/os.h"
#include "domain/redirdev.h"
#include "domain/sound.h"
#include "domain/tpm.h"

/* Where the name of a disk's target tells its bus. */
static const struct {
    const char *prefix;
    enum disk_bus bus;
} target_buses[] = {
    { "xvd", BUS_XEN }, { "ubd", BUS_UML }, { "hd", BUS_IDE }, { "sd", BUS_SCSI }, { "vd", BUS_VIRTIO }, { "fd", BUS_FDC },
};

static void disk_bus(struct disk *d)
{
    if (d->device == DISK_FLOPPY && !d->bus)
        d->bus = BUS_FDC;
    for (size_t i = 0; !d->bus && d->target && i < sizeof target_buses / sizeof *target_buses; i++)
        if (str_starts(d->target, target_buses[i].prefix))
            d->bus = target_buses[i].bus;
    if (!d->bus)
        d->bus = BUS_IDE;
}

static void disk_encryption_engine(struct disk *d)
{
    struct encryption *e = d->encryption ? d->encryption : d->source ? d->source->encryption : NULL;
    if (e && !e->engine)
        e->engine = "qemu";
    for (struct backing_store *b = d->backing; b; b = b->backing)
        if (b->source && b->source->encryption && !b->source->encryption->engine)
            b->source->encryption->engine = "qemu";
}

static bool disk_defaults(struct expansion *x, void *dev)
{
    struct disk *d = dev;
    if (!d->device)
        d->device = DISK_DISK;
    bool removable = d->device == DISK_CDROM || d->device == DISK_FLOPPY;
    if (!d->type || (removable && storage_is_empty(d->type, d->source)))
        d->type = STORAGE_FILE;
    disk_bus(d);
    if (d->device == DISK_CDROM)
        d->readonly = TRI_YES;
    if (d->cache == CACHE_DEFAULT)
        d->cache = CACHE_UNSET;
    if (d->tray == TRAY_CLOSED)
        d->tray = TRAY_UNSET;
    if (d->readonly == TRI_YES && d->snapshot == SNAPSHOT_NO)
        d->snapshot = SNAPSHOT_UNSET;
    d->mirror = NULL;
    if (d->type == STORAGE_VHOST_USER)
        return true;
    if (!d->driver_name)
        d->driver_name = "qemu";
    if (!d->format && d->type != STORAGE_VOLUME)
        d->format = d->type == STORAGE_DIR ? FORMAT_FAT : FORMAT_RAW;
    if (d->source && d->source->protocol == PROTOCOL_ISCSI && d->source->name && !strchr(d->source->name, '/'))
        d->source->name = arena_printf(x->p->arena, "%s/0", d->source->name);
    disk_encryption_engine(d);
    return true;
}

static bool filesystem_defaults(struct expansion *x, void *dev)
{
    struct filesystem *f = dev;
    (void)x;
    if (!f->type)
        f->type = FILESYSTEM_MOUNT;
    if (!f->accessmode && f->driver != FS_DRIVER_VIRTIOFS)
        f->accessmode = ACCESS_PASSTHROUGH;
    return true;
}

static const char *const generated_names[] = { "vnet", "macvtap", "macvlan" };

static bool interface_defaults(struct expansion *x, void *dev)
{
    struct interface *i = dev;
    if (!i->mac) {
        unsigned char r[3];
        if (getrandom(r, sizeof r, 0) != sizeof r)
            return err_errno(x->p->err, "cannot draw a MAC address");
        i->mac = arena_printf(x->p->arena, "52:54:00:%02x:%02x:%02x", r[0], r[1], r[2]);
    }
    /* names that a host gives by itself are good for one run */
    for (size_t p = 0; i->target && p < sizeof generated_names / sizeof *generated_names; p++)
        if (str_starts(i->target, generated_names[p]))
            i->target = NULL;
    if (i->coalesce_rx_frames_max.v == 0)
        i->coalesce_rx_frames_max.set = false;
    if (!i->model && i->type != INTERFACE_HOSTDEV)
        i->model = i->type == INTERFACE_VDPA || i->type == INTERFACE_VHOSTUSER ? "virtio" : x->m->nic;
    return true;
}

static void chardev_host_defaults(struct chardev_host *h)
{
    for (size_t i = 0; i < h->sources.n; i++)
        if (!h->sources.v[i]->mode && (h->type == CHARDEV_TCP || h->type == CHARDEV_UNIX || h->type == CHARDEV_UDP))
            h->sources.v[i]->mode = SOCKET_CONNECT;
    if (h->type == CHARDEV_TCP && !h->protocol)
        h->protocol = TCP_RAW;
}

/* The first number that no device of the list has. */
static uint64_t free_port(const void *list_, const struct chardev *self)
{
    const struct list *list = list_;
    for (uint64_t port = 0;; port++) {
        bool taken = false;
        for (size_t i = 0; i < list->n; i++) {
            const struct chardev *c = list->v[i];
            taken |= c != self && c->port.set && c->port.v == port;
        }
        if (!taken)
            return port;
    }
}

static const char *const serial_models[] = {
    [TARGET_ISA_SERIAL] = "isa-serial",           [TARGET_USB_SERIAL] = "usb-serial",
    [TARGET_PCI_SERIAL] = "pci-serial",           [TARGET_SPAPR_VIO_SERIAL] = "spapr-vty",
    [TARGET_SCLP_SERIAL] = "sclpconsole",         [TARGET_ISA_DEBUG] = "isa-debugcon",
};

/* Where the address alone says what a serial device is. */
static enum chardev_target target_of_address(const struct expansion *x, const struct chardev *c)
{
    switch (c->info.address ? c->info.address->type : ADDRESS_UNSET) {
    case ADDRESS_USB:
        return TARGET_USB_SERIAL;
    case ADDRESS_PCI:
        return TARGET_PCI_SERIAL;
    case ADDRESS_SPAPR_VIO:
        return TARGET_SPAPR_VIO_SERIAL;
    case ADDRESS_ISA:
        return TARGET_ISA_SERIAL;
    default:
        return x->m->serial;
    }
}

static void serial_target(struct expansion *x, struct chardev *c)
{
    if (!c->target)
        c->target = target_of_address(x, c);
    /* the serial device of other boards was called so by documents written for old libvirt */
    if (c->target == TARGET_ISA_SERIAL && !c->target_model &&
        (x->m->serial == TARGET_SPAPR_VIO_SERIAL || x->m->serial == TARGET_SYSTEM_SERIAL))
        c->target = x->m->serial;
    if (c->target_model || !c->target)
        return;
    if (c->target == TARGET_SYSTEM_SERIAL)
        c->target_model = x->m->serial == TARGET_SYSTEM_SERIAL ? x->m->serial_model : "pl011";
    else if (c->target < sizeof serial_models / sizeof *serial_models)
        c->target_model = serial_models[c->target];
}

static bool serial_defaults(struct expansion *x, void *dev)
{
    struct chardev *c = dev;
    chardev_host_defaults(&c->host);
    serial_target(x, c);
    if (!c->port.set)
        c->port = NUM(free_port(&x->d->devices->serials, c));
    return true;
}

static bool parallel_defaults(struct expansion *x, void *dev)
{
    struct chardev *c = dev;
    chardev_host_defaults(&c->host);
    if (!c->port.set)
        c->port = NUM(free_port(&x->d->devices->parallels, c));
    return true;
}

/* The agent's socket that an earlier run chose itself: …/domain-7-web/org.qemu.guest_agent.0. */
static bool path_was_generated(const char *path, const char *name)
{
    if (!path)
        return true;
    const char *base = strrchr(path, '/');
    if (!base || !name || !streq(base + 1, name))
        return false;
    const char *dir = base;
    while (dir > path && dir[-1] != '/')
        dir--;
    return strncmp(dir, "domain-", 7) == 0;
}

static bool channel_defaults(struct expansion *x, void *dev)
{
    struct chardev *c = dev;
    chardev_host_defaults(&c->host);
    c->target_state = NULL;
    if (c->host.type != CHARDEV_UNIX || c->target != TARGET_VIRTIO || !c->host.sources.n ||
        !path_was_generated(c->host.sources.v[0]->path, c->target_name))
        return true;
    if (c->host.sources.v[0]->reconnect == TRI_YES)
        return parse_error(x->p, c->meta.line, "<channel> <reconnect> is for sources that connect to a path of the user's own");
    c->host.sources.n = 0;
    return true;
}

static bool console_defaults(struct expansion *x, void *dev)
{
    struct chardev *c = dev;
    chardev_host_defaults(&c->host);
    if (!c->target)
        c->target = TARGET_SERIAL;
    if (!c->port.set)
        c->port = NUM(free_port(&x->d->devices->consoles, c));
    return true;
}

static bool smartcard_defaults(struct expansion *x, void *dev)
{
    struct smartcard *s = dev;
    (void)x;
    if (s->mode == SMARTCARD_PASSTHROUGH)
        chardev_host_defaults(&s->host);
    return true;
}

static bool input_defaults(struct expansion *x, void *dev)
{
    struct input *i = dev;
    if (i->bus)
        return true;
    bool ps2 = x->m->ps2 && (i->type == INPUT_MOUSE || i->type == INPUT_KEYBOARD);
    i->bus = i->type == INPUT_PASSTHROUGH ? INPUT_BUS_VIRTIO
             : i->type == INPUT_EVDEV     ? INPUT_BUS_NONE
             : ps2                        ? INPUT_BUS_PS2
             : x->m->family == MACHINE_S390 ? INPUT_BUS_VIRTIO
                                            : INPUT_BUS_USB;
    return true;
}

static bool tpm_defaults(struct expansion *x, void *dev)
{
    struct tpm *t = dev;
    if (!t->model)
        t->model = x->m->family == MACHINE_PSERIES ? TPM_SPAPR : TPM_TIS;
    if (t->backend == TPM_EMULATOR && (!t->version || streq(t->version, "default")))
        t->version = t->model == TPM_TIS && arch_is_x86(x->d->os->arch) ? "1.2" : "2.0";
    return true;
}

static bool sound_defaults(struct expansion *x, void *dev)
{
    (void)x;
    (void)dev;
    return true;
}

static uint64_t power_of_two(uint64_t v)
{
    uint64_t p = 1;
    while (p < v)
        p <<= 1;
    return p;
}

static bool video_defaults(struct expansion *x, void *dev)
{
    struct video *v = dev;
    if (!v->model)
        v->model = x->m->video;
    switch (v->model) {
    case VIDEO_QXL:
        v->vram = NUM(v->vram.set ? power_of_two(v->vram.v) : 65536);
        v->ram = NUM(v->ram.set ? power_of_two(v->ram.v) : 65536);
        v->vgamem = NUM(v->vgamem.set ? power_of_two(v->vgamem.v) : 16384);
        break;
    case VIDEO_VGA:
    case VIDEO_CIRRUS:
    case VIDEO_VMVGA:
    case VIDEO_BOCHS:
        if (!v->vram.set)
            v->vram = NUM(16384);
        break;
    default:
        break;
    }
    if (!v->heads.set && v->model != VIDEO_NONE)
        v->heads = NUM(1);
    if (v->primary == TRI_NO)
        v->primary = TRI_UNSET;
    return true;
}

static bool hostdev_defaults(struct expansion *x, void *dev)
{
    struct hostdev *h = dev;
    (void)x;
    if (!h->mode)
        h->mode = HOSTDEV_SUBSYSTEM;
    if (!h->managed)
        h->managed = TRI_NO;
    if (h->type == HOSTDEV_MDEV && h->model == HOSTDEV_VFIO_PCI && !h->display)
        h->display = TRI_NO;
    if (streq(h->protocol, "iscsi") && h->name && !strchr(h->name, '/'))
        h->name = arena_printf(x->p->arena, "%s/0", h->name);
    return true;
}

static bool redirdev_defaults(struct expansion *x, void *dev)
{
    struct redirdev *r = dev;
    (void)x;
    if (!r->bus)
        r->bus = "usb";
    chardev_host_defaults(&r->host);
    return true;
}

static bool watchdog_defaults(struct expansion *x, void *dev)
{
    struct watchdog *w = dev;
    (void)x;
    if (!w->action)
        w->action = WATCHDOG_RESET;
    return true;
}

static bool rng_defaults(struct expansion *x, void *dev)
{
    struct rng *r = dev;
    (void)x;
    if (!r->backend)
        return true;
    if (r->backend->model == RNG_EGD)
        chardev_host_defaults(&r->backend->host);
    if (r->backend->model == RNG_RANDOM && !r->backend->path)
        r->backend->path = "/dev/random";
    return true;
}

static bool panic_defaults(struct expansion *x, void *dev)
{
    struct panic *p = dev;
    if (!p->model)
        p->model = x->m->family == MACHINE_PSERIES ? PANIC_PSERIES : x->m->family == MACHINE_S390 ? PANIC_S390 : PANIC_ISA;
    return true;
}

static bool vsock_defaults(struct expansion *x, void *dev)
{
    struct vsock *v = dev;
    (void)x;
    if (!v->model)
        v->model = FLAVOUR_VIRTIO;
    return true;
}

static bool shmem_defaults(struct expansion *x, void *dev)
{
    struct shmem *s = dev;
    (void)x;
    if (!s->model)
        s->model = s->server == TRI_YES || s->server_path ? SHMEM_DOORBELL : SHMEM_PLAIN;
    return true;
}

static bool hub_defaults(struct expansion *x, void *dev)
{
    struct hub *h = dev;
    (void)x;
    if (!h->type)
        h->type = "usb";
    return true;
}

static bool (*const device_defaults[DEVICE_KINDS])(struct expansion *, void *) = {
    [DEVICE_DISK] = disk_defaults,         [DEVICE_FILESYSTEM] = filesystem_defaults,
    [DEVICE_INTERFACE] = interface_defaults, [DEVICE_SMARTCARD] = smartcard_defaults,
    [DEVICE_SERIAL] = serial_defaults,     [DEVICE_PARALLEL] = parallel_defaults,
    [DEVICE_CHANNEL] = channel_defaults,   [DEVICE_INPUT] = input_defaults,
    [DEVICE_TPM] = tpm_defaults,           [DEVICE_SOUND] = sound_defaults,
    [DEVICE_VIDEO] = video_defaults,       [DEVICE_HOSTDEV] = hostdev_defaults,
    [DEVICE_REDIRDEV] = redirdev_defaults, [DEVICE_HUB] = hub_defaults,
    [DEVICE_WATCHDOG] = watchdog_defaults, [DEVICE_RNG] = rng_defaults,
    [DEVICE_PANIC] = panic_defaults,       [DEVICE_SHMEM] = shmem_defaults,
    [DEVICE_CONSOLE] = console_defaults,   [DEVICE_VSOCK] = vsock_defaults,
};

static bool graphics_listen(struct expansion *x, struct graphics *g)
{
    if (g->type != GRAPHICS_VNC && g->type != GRAPHICS_SPICE && g->type != GRAPHICS_RDP)
        return true;
    const struct listen *given = g->listens.n ? g->listens.v[0] : NULL;
    if (g->socket && given && given->type == LISTEN_SOCKET && given->socket && !streq(given->socket, g->socket))
        return parse_error(x->p, g->meta.line, "<graphics> socket '%s' and <listen> socket '%s' differ", g->socket, given->socket);
    bool local = g->type == GRAPHICS_SPICE && (g->gl == TRI_YES || (!g->port.set && !g->tls_port.set && g->autoport != TRI_YES));
    if (local && g->listens.n == 0 && !g->listen) {
        struct listen *l = arena_alloc(x->p->arena, sizeof *l);
        l->type = LISTEN_NONE;
        list_add(x->p->arena, &g->listens, l);
    }
    if (g->listens.n == 0 || (g->socket && g->listens.v[0]->type != LISTEN_SOCKET)) {
        struct listen *l = arena_alloc(x->p->arena, sizeof *l);
        l->type = g->socket ? LISTEN_SOCKET : LISTEN_ADDRESS;
        l->address = g->socket ? NULL : g->listen;
        l->socket = g->socket;
        g->listens.n = 0;
        list_add(x->p->arena, &g->listens, l);
    }
    const struct listen *first = g->listens.v[0];
    g->listen = first->type == LISTEN_ADDRESS ? first->address : NULL;
    g->socket = first->type == LISTEN_SOCKET ? first->socket : NULL;
    for (size_t i = 0; i < g->listens.n; i++)
        if (g->listens.v[i]->type == LISTEN_NETWORK)
            g->listens.v[i]->address = NULL;
    return true;
}

/* Ports are kept where the user chose them; "any" is spelled as the reference does. */
static void graphics_ports(struct graphics *g)
{
    bool ports = g->listens.n && (g->listens.v[0]->type == LISTEN_ADDRESS || g->listens.v[0]->type == LISTEN_NETWORK);
    bool vnc = g->type == GRAPHICS_VNC;
    if (!ports || (!vnc && g->type != GRAPHICS_SPICE)) {
        if (g->type == GRAPHICS_VNC || g->type == GRAPHICS_SPICE) {
            g->port.set = g->tls_port.set = false;
            g->autoport = TRI_UNSET;
        }
        return;
    }
    if (vnc) {
        g->display = g->xauth = NULL;
        if (!g->port.set || g->port.v < 0 || g->autoport == TRI_YES)
            g->autoport = TRI_YES;
        else
            g->autoport = TRI_NO;
        if (g->autoport == TRI_YES)
            g->port = (struct inum){ -1, true };
        return;
    }
    if ((g->port.set && g->port.v == -1) && g->autoport != TRI_NO)
        g->autoport = TRI_YES;
    if (g->autoport != TRI_YES)
        g->autoport = TRI_NO;
    if (g->autoport == TRI_YES)
        g->port.set = g->tls_port.set = false;
}

/* Two that say of themselves to be one port. Documents without target types are taken at their word, as
 * they always were. */
static bool serial_ports_differ(struct expansion *x)
{
    const struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->serials.n; i++)
        for (size_t k = 0; k < i; k++) {
            const struct chardev *a = d->serials.v[i], *b = d->serials.v[k];
            if (a->target && a->target == b->target && a->port.set && b->port.set && a->port.v == b->port.v)
                return parse_error(x->p, a->meta.line, "<serial> target port '%llu' is another's too", (unsigned long long)a->port.v);
        }
    return true;
}

/* The primary card comes first: it is the one that firmware sees. */
static void primary_video(struct devices *d)
{
    size_t primary = 0;
    for (size_t i = 0; i < d->videos.n; i++)
        if (d->videos.v[i]->primary == TRI_YES)
            primary = i;
    if (d->videos.n == 0)
        return;
    struct video *v = d->videos.v[primary];
    memmove(&d->videos.v[1], &d->videos.v[0], primary * sizeof *d->videos.v);
    d->videos.v[0] = v;
    v->primary = TRI_YES;
}

/* Disks of one bus stand in the order of their targets, whatever the order in the document: a disk goes
 * before the first one of its bus with a later target, else behind the last one of its bus. This is done
 * while disks without a bus= have none yet, which makes one group of them, as the reference has it; and
 * once more at the end, so that what is printed is in the order in which it will be read. */
bool expand_disk_order(struct expansion *x)
{
    struct devices *d = x->d->devices;
    struct disk **v = d->disks.v;
    for (size_t n = 0; n < d->disks.n; n++) {
        struct disk *k = v[n];
        int number = k->target ? disk_target_index(k->target) : -1;
        size_t at = n;
        bool placed = false;
        for (size_t i = n; i-- > 0;) {
            if (v[i]->bus != k->bus)
                continue;
            if (v[i]->target && disk_target_index(v[i]->target) > number) {
                at = i;
                placed = true;
            } else if (!placed) {
                at = i + 1;
                placed = true;
            }
        }
        memmove(&v[at + 1], &v[at], (n - at) * sizeof *v);
        v[at] = k;
    }
    return true;
}

bool expand_devices(struct expansion *x)
{
    struct device_walk at = { 0 };
    struct device dev;
    if (!serial_ports_differ(x))
        return false;
    expand_disk_order(x);
    while (device_next(x->d, &at, &dev))
        if (device_defaults[dev.kind] && !device_defaults[dev.kind](x, dev.dev))
            return false;
    struct devices *d = x->d->devices;
    for (size_t i = 0; i < d->graphics.n; i++) {
        if (!graphics_listen(x, d->graphics.v[i]))
            return false;
        graphics_ports(d->graphics.v[i]);
    }
    primary_video(d);
    return true;
}
