/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"
#include "domain/input.h"
#include "domain/misc.h"
#include "domain/tpm.h"
#include "qemu/argv.h"
#include "qemu/argv_chardev.h"

/* Input devices and the small ones: hub, watchdog, balloon, rng, panic, shmem, vsock, TPM. */

static void virtio_options(struct props *p, const struct virtio_options *v)
{
    argv_virtio_options(p, v->iommu, v->ats, v->packed, v->page_per_vq);
}

/* The base name with what <device model='virtio-transitional'> asks for. */
static const char *flavoured(struct argv *a, const char *base, const struct address *address, enum virtio_flavour f)
{
    const char *name = argv_virtio(a, base, address);
    if (f == FLAVOUR_TRANSITIONAL)
        return arena_printf(a->arena, "%s-transitional", name);
    if (f == FLAVOUR_NON_TRANSITIONAL)
        return arena_printf(a->arena, "%s-non-transitional", name);
    return name;
}

static bool device(struct argv *a, struct props *p, const struct meta *at, const struct device_info *info)
{
    if (!argv_address(a, p, at, info->address))
        return false;
    argv_info(a, p, info);
    argv_device(a, p);
    return true;
}

static bool evdev(struct argv *a, const struct input *i)
{
    struct props *p = props_new(a->arena);
    props_str(p, "qom-type", "input-linux");
    props_str(p, "id", i->info.alias);
    props_str(p, "evdev", i->dev);
    props_bool(p, "repeat", i->repeat == TRI_YES);
    if (streq(i->grab, "all"))
        props_bool(p, "grab_all", true);
    props_str(p, "grab-toggle", i->grab_toggle);
    argv_object(a, p);
    return true;
}

bool argv_inputs(struct argv *a)
{
    static const char *const usb[6] = { NULL, "usb-mouse", "usb-tablet", "usb-kbd" };
    static const char *const virtio[6] = { NULL, "virtio-mouse", "virtio-tablet", "virtio-keyboard", "virtio-input-host" };
    const struct devices *d = a->domain->devices;
    for (size_t n = 0; n < d->inputs.n; n++) {
        const struct input *i = d->inputs.v[n];
        if (i->type == INPUT_EVDEV) {
            evdev(a, i);
            continue;
        }
        bool is_usb = i->bus == INPUT_BUS_USB;
        if (!is_usb && i->bus != INPUT_BUS_VIRTIO)
            continue; /* ps2 is part of the machine */
        const char *base = is_usb ? usb[i->type] : virtio[i->type];
        if (!base)
            return argv_fail(a, &i->meta, "<input type='%s'> has no bus '%s'", enum_name(input_type_names, i->type),
                             enum_name(input_bus_names, i->bus));
        struct props *p = props_new(a->arena);
        props_str(p, "driver", is_usb ? base : flavoured(a, base, i->info.address, i->model));
        if (!is_usb)
            virtio_options(p, &i->virtio);
        props_str(p, "id", i->info.alias);
        if (i->type == INPUT_PASSTHROUGH)
            props_str(p, "evdev", i->evdev);
        if (!device(a, p, &i->meta, &i->info))
            return false;
    }
    return true;
}

bool argv_hubs(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->hubs.n; i++) {
        const struct hub *h = d->hubs.v[i];
        if (!streq(h->type, "usb"))
            return argv_fail(a, &h->meta, "<hub type='%s'>: not one of usb", h->type);
        struct props *p = props_new(a->arena);
        props_str(p, "driver", "usb-hub");
        props_str(p, "id", h->info.alias);
        if (!device(a, p, &h->meta, &h->info))
            return false;
    }
    return true;
}

bool argv_watchdogs(struct argv *a)
{
    static const char *const drivers[5] = { NULL, "i6300esb", "ib700", "diag288", NULL };
    static const char *const actions[8] = {
        NULL, "reset", "shutdown", "poweroff", "pause", "pause", "none", "inject-nmi",
    };
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->watchdogs.n; i++) {
        const struct watchdog *w = d->watchdogs.v[i];
        const char *action = w->action ? actions[w->action] : "reset";
        if (w->model == WATCHDOG_ITCO) {
            /* Part of the q35 chipset; strapped off unless somebody wants it. */
            argv_add(a, "-global", "ICH9-LPC.noreboot=off");
        } else {
            struct props *p = props_new(a->arena);
            props_str(p, "driver", drivers[w->model]);
            props_str(p, "id", w->info.alias);
            if (!device(a, p, &w->meta, &w->info))
                return false;
        }
        if (i + 1 == d->watchdogs.n)
            argv_add(a, "-watchdog-action", action);
    }
    return true;
}

bool argv_memballoon(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    if (!d->memballoons.n || d->memballoons.v[0]->model == MEMBALLOON_NONE)
        return true;
    const struct memballoon *m = d->memballoons.v[0];
    if (m->model == MEMBALLOON_XEN)
        return argv_fail(a, &m->meta, "<memballoon model='xen'> is not supported by QEMU");
    enum virtio_flavour f = m->model == MEMBALLOON_TRANSITIONAL       ? FLAVOUR_TRANSITIONAL
                            : m->model == MEMBALLOON_NON_TRANSITIONAL ? FLAVOUR_NON_TRANSITIONAL
                                                                      : FLAVOUR_VIRTIO;
    struct props *p = props_new(a->arena);
    props_str(p, "driver", flavoured(a, "virtio-balloon", m->info.address, f));
    virtio_options(p, &m->virtio);
    props_str(p, "id", m->info.alias);
    props_tri(p, "deflate-on-oom", m->autodeflate);
    props_tri(p, "free-page-reporting", m->free_page_reporting);
    return device(a, p, &m->meta, &m->info);
}

static const char *rng_backend(struct argv *a, const struct rng *r)
{
    struct props *p = props_new(a->arena);
    const char *id = arena_printf(a->arena, "obj%s", r->info.alias);
    switch (r->backend->model) {
    case RNG_RANDOM:
        props_str(p, "qom-type", "rng-random");
        props_str(p, "id", id);
        props_str(p, "filename", r->backend->path ? r->backend->path : "/dev/random");
        break;
    case RNG_EGD: {
        const char *chardev = argv_chardev(a, &r->meta, &r->backend->host, r->info.alias, NULL, NULL);
        if (!chardev)
            return NULL;
        props_str(p, "qom-type", "rng-egd");
        props_str(p, "id", id);
        props_str(p, "chardev", chardev);
        break;
    }
    default:
        props_str(p, "qom-type", "rng-builtin");
        props_str(p, "id", id);
    }
    argv_object(a, p);
    return id;
}

bool argv_rngs(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->rngs.n; i++) {
        const struct rng *r = d->rngs.v[i];
        if (!r->backend)
            return argv_fail(a, &r->meta, "<rng> needs a <backend>");
        const char *backend = rng_backend(a, r);
        if (!backend)
            return false;
        struct props *p = props_new(a->arena);
        props_str(p, "driver", flavoured(a, "virtio-rng", r->info.address, r->model));
        virtio_options(p, &r->virtio);
        props_str(p, "rng", backend);
        props_str(p, "id", r->info.alias);
        if (r->rate_bytes.set) {
            props_uint(p, "max-bytes", r->rate_bytes.v);
            props_uint(p, "period", r->rate_period.set ? r->rate_period.v : 1000);
        }
        if (!device(a, p, &r->meta, &r->info))
            return false;
    }
    return true;
}

bool argv_panics(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->panics.n; i++) {
        const struct panic *x = d->panics.v[i];
        if (x->model != PANIC_ISA && x->model != PANIC_PVPANIC)
            continue; /* hyperv is a CPU feature, pseries and s390 belong to the machine */
        struct props *p = props_new(a->arena);
        props_str(p, "driver", x->model == PANIC_ISA ? "pvpanic" : "pvpanic-pci");
        if (x->model == PANIC_ISA) {
            if (x->info.address && x->info.address->iobase.set)
                props_uint(p, "ioport", x->info.address->iobase.v);
            argv_device(a, p);
            continue;
        }
        props_str(p, "id", x->info.alias);
        if (!device(a, p, &x->meta, &x->info))
            return false;
    }
    return true;
}

static bool shmem_plain(struct argv *a, const struct shmem *s, struct props *p)
{
    const char *memdev = arena_printf(a->arena, "shmmem-%s", s->info.alias);
    struct props *o = props_new(a->arena);
    props_str(o, "qom-type", "memory-backend-file");
    props_str(o, "id", memdev);
    props_fmt(o, "mem-path", "/dev/shm/%s", s->name);
    props_uint(o, "size", (s->size.set ? s->size.v : 4) << 20);
    props_bool(o, "share", true);
    argv_object(a, o);
    props_str(p, "driver", "ivshmem-plain");
    props_str(p, "id", s->info.alias);
    props_str(p, "memdev", memdev);
    return true;
}

static bool shmem_doorbell(struct argv *a, const struct shmem *s, struct props *p)
{
    struct chardev_source source = { .mode = SOCKET_CONNECT };
    struct chardev_source *list[1] = { &source };
    struct chardev_host host = { .type = CHARDEV_UNIX, .sources = { 1, list } };
    source.path = s->server_path ? s->server_path
                                 : arena_printf(a->arena, "/var/lib/libvirt/shmem-%s-sock", s->name);
    const char *chardev = argv_chardev(a, &s->meta, &host, s->info.alias, NULL, NULL);
    if (!chardev)
        return false;
    props_str(p, "driver", "ivshmem-doorbell");
    props_str(p, "id", s->info.alias);
    props_str(p, "chardev", chardev);
    props_num(p, "vectors", s->vectors);
    props_onoff(p, "ioeventfd", s->msi_ioeventfd);
    return true;
}

bool argv_shmems(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->shmems.n; i++) {
        const struct shmem *s = d->shmems.v[i];
        struct props *p = props_new(a->arena);
        bool plain = s->model == SHMEM_PLAIN || (s->model != SHMEM_DOORBELL && s->server != TRI_YES);
        if (!(plain ? shmem_plain(a, s, p) : shmem_doorbell(a, s, p)))
            return false;
        if (s->role)
            props_str(p, "master", streq(s->role, "master") ? "on" : "off");
        if (!device(a, p, &s->meta, &s->info))
            return false;
    }
    return true;
}

bool argv_vsock(struct argv *a)
{
    const struct vsock *v = a->domain->devices->vsock;
    if (!v)
        return true;
    struct props *p = props_new(a->arena);
    props_str(p, "driver", flavoured(a, "vhost-vsock", v->info.address, v->model));
    virtio_options(p, &v->virtio);
    props_str(p, "id", v->info.alias);
    props_uint(p, "guest-cid", v->cid.set ? v->cid.v : 3);
    if (!a->options->standalone)
        props_fmt(p, "vhostfd", "%d", argv_pass(a, PASSED_VHOST_VSOCK, v->info.alias, "/dev/vhost-vsock", v));
    return device(a, p, &v->meta, &v->info);
}

/* The chardev of an emulated TPM is swtpm's socket; an external one has its own path. */
static bool tpm_backend(struct argv *a, const struct tpm *t, const char *id)
{
    if (t->backend == TPM_PASSTHROUGH) {
        argv_addf(a, "-tpmdev", "passthrough,id=%s,path=%s,cancel-path=/dev/null", id,
                  argv_escape(a, t->device_path ? t->device_path : "/dev/tpm0"));
        return true;
    }
    if (t->backend == TPM_EXTERNAL && !t->source_path)
        return argv_fail(a, &t->meta, "<tpm> <backend type='external'> needs <source path=>");
    const char *path = t->backend == TPM_EXTERNAL
                           ? t->source_path
                           : arena_printf(a->arena, "%s/swtpm.sock", a->options->private_dir ? a->options->private_dir : "");
    argv_addf(a, "-chardev", "socket,id=chrtpm,path=%s", argv_escape(a, argv_socket(a, path)));
    argv_addf(a, "-tpmdev", "emulator,id=%s,chardev=chrtpm", id);
    return true;
}

bool argv_tpms(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->tpms.n; i++) {
        const struct tpm *t = d->tpms.v[i];
        const char *id = arena_printf(a->arena, "tpm-%s", t->info.alias);
        const char *driver = t->model ? tpm_model_names[t->model] : "tpm-tis";
        if (t->model == TPM_TIS && !caps_device(a->caps, "tpm-tis"))
            driver = "tpm-tis-device";
        if (!tpm_backend(a, t, id))
            return false;
        struct props *p = props_new(a->arena);
        props_str(p, "driver", driver);
        props_str(p, "tpmdev", id);
        props_str(p, "id", t->info.alias);
        if (!device(a, p, &t->meta, &t->info))
            return false;
    }
    return true;
}
