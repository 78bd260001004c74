/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/objects.h"

#include <string.h>

#include "base/str.h"
#include "domain/chardev.h"
#include "domain/disk.h"
#include "domain/filesystem.h"
#include "domain/general.h"
#include "domain/graphics.h"
#include "domain/hostdev.h"
#include "domain/input.h"
#include "domain/interface.h"
#include "domain/memory_device.h"
#include "domain/metadata.h"
#include "domain/misc.h"
#include "domain/os.h"
#include "domain/redirdev.h"
#include "domain/sound.h"
#include "domain/tpm.h"
#include "domain/video.h"

const char *const object_use_names[3] = { "exclusive", "shared", "readonly" };

static void add(struct arena *a, struct objects *o, const struct object *x)
{
    if (!x->path || x->path[0] != '/')
        return;
    for (size_t i = 0; i < o->all.n; i++)
        if (streq(o->all.v[i]->path, x->path) && o->all.v[i]->use == x->use)
            return;
    struct object *copy = arena_alloc(a, sizeof *copy);
    *copy = *x;
    list_add(a, &o->all, copy);
}

static void one(struct arena *a, struct objects *o, const char *path, const char *why, enum object_use use,
                enum object_kind kind, bool owned, const struct meta *at)
{
    add(a, o, &(struct object){ .path = path, .why = why, .use = use, .kind = kind, .owned = owned, .at = at });
}

static const char *source_path(enum storage_type type, const struct storage_source *s, enum object_kind *kind)
{
    if (!s)
        return NULL;
    *kind = type == STORAGE_BLOCK ? OBJECT_BLOCK : type == STORAGE_DIR ? OBJECT_DIRECTORY : OBJECT_FILE;
    if (type == STORAGE_VHOST_USER)
        *kind = OBJECT_SOCKET;
    return type == STORAGE_BLOCK ? s->dev : type == STORAGE_DIR ? s->dir : type == STORAGE_VHOST_USER ? s->path : s->file;
}

/* A socket at whose other end another program serves this guest alone, or (everybodys) others as well. */
static void served(struct arena *a, struct objects *o, const char *path, const char *why, bool everybodys, const struct meta *at)
{
    one(a, o, path, why, everybodys ? OBJECT_SHARED : OBJECT_EXCLUSIVE, OBJECT_SOCKET, !everybodys, at);
}

/* What a source has besides its image. */
static void beside(struct arena *a, struct objects *o, const struct storage_source *s, const char *why)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->hosts.n; i++)
        served(a, o, s->hosts.v[i]->socket, arena_printf(a, "server of %s", why), true, &s->meta);
    if (s->reservations && s->reservations->managed != TRI_YES)
        served(a, o, s->reservations->path, arena_printf(a, "reservations of %s", why), true, &s->meta);
    one(a, o, s->config, arena_printf(a, "configuration of %s", why), OBJECT_READONLY, OBJECT_FILE, false, &s->meta);
}

static void labels(struct object *x, const struct storage_source *s)
{
    x->seclabels = s ? s->seclabels.v : NULL;
    x->n_seclabels = s ? s->seclabels.n : 0;
}

static void disk(struct arena *a, struct objects *o, const struct disk *d)
{
    struct object x = { .why = arena_printf(a, "disk %s", d->target ? d->target : "?"), .owned = true, .at = &d->meta };
    x.use = d->readonly == TRI_YES || d->device == DISK_CDROM ? OBJECT_READONLY
            : d->shareable == TRI_YES                         ? OBJECT_SHARED
                                                              : OBJECT_EXCLUSIVE;
    x.path = source_path(d->type, d->source, &x.kind);
    x.optional = d->source && d->source->startup_policy == STARTUP_OPTIONAL;
    labels(&x, d->source);
    add(a, o, &x);
    beside(a, o, d->source, x.why);
    x.optional = false;
    unsigned n = 1;
    for (const struct backing_store *b = d->backing; b && b->type; b = b->backing, n++) {
        x.why = arena_printf(a, "backing file %u of %s", n, d->target ? d->target : "?");
        x.use = OBJECT_READONLY;
        x.path = source_path(b->type, b->source, &x.kind);
        labels(&x, b->source);
        add(a, o, &x);
        beside(a, o, b->source, x.why);
    }
}

static void boot(struct arena *a, struct objects *o, const struct domain_os *os)
{
    const struct {
        const char *path, *why;
        enum object_use use;
    } rows[] = {
        { os->kernel, "kernel", OBJECT_READONLY },
        { os->initrd, "initrd", OBJECT_READONLY },
        { os->dtb, "device tree", OBJECT_READONLY },
        { os->acpi_table, "ACPI table", OBJECT_READONLY },
        { os->nvram, "NVRAM", OBJECT_EXCLUSIVE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        one(a, o, rows[i].path, rows[i].why, rows[i].use, OBJECT_FILE, true, &os->meta);
    /* Firmware is everybody's: its owner is never ours to change. */
    one(a, o, os->loader, "firmware", OBJECT_READONLY, OBJECT_FILE, false, &os->meta);
}

static void host_end(struct arena *a, struct objects *o, const struct chardev_host *h, const char *why,
                     const struct meta *at)
{
    struct object x = { .why = why, .use = OBJECT_EXCLUSIVE, .owned = true, .at = at };
    add(a, o, &(struct object){ .path = h->log_file, .why = arena_printf(a, "log of %s", why), .kind = OBJECT_FILE,
                                .owned = true, .made = true, .at = at });
    const struct chardev_source *s = chardev_first(h);
    x.path = s->path;
    x.seclabels = s->seclabels.v;
    x.n_seclabels = s->seclabels.n;
    switch (h->type) {
    case CHARDEV_DEV:
        x.kind = OBJECT_CHARACTER;
        break;
    case CHARDEV_FILE:
        x.kind = OBJECT_FILE;
        x.made = true;
        break;
    case CHARDEV_UNIX:
        if (s->mode == SOCKET_BIND || !s->path)
            return; /* QEMU makes it itself */
        x.kind = OBJECT_SOCKET;
        x.use = OBJECT_SHARED;
        break;
    case CHARDEV_PIPE:
        if (!s->path)
            return;
        x.kind = OBJECT_FIFO;
        x.path = arena_printf(a, "%s.in", s->path);
        add(a, o, &x);
        x.path = arena_printf(a, "%s.out", s->path);
        break;
    default:
        return;
    }
    add(a, o, &x);
}

static void chardevs(struct arena *a, struct objects *o, size_t n, struct chardev *const *v, const char *what)
{
    for (size_t i = 0; i < n; i++)
        host_end(a, o, &v[i]->host, arena_printf(a, "%s %zu", what, i), &v[i]->meta);
}

/* Host ends of other kinds of devices, and of programs that do part of a device's work. */
static void programs(struct arena *a, struct objects *o, const struct devices *d)
{
    for (size_t i = 0; i < d->redirdevs.n; i++)
        host_end(a, o, &d->redirdevs.v[i]->host, arena_printf(a, "redirected device %zu", i), &d->redirdevs.v[i]->meta);
    for (size_t i = 0; i < d->interfaces.n; i++)
        if (d->interfaces.v[i]->type == INTERFACE_VHOSTUSER && streq(d->interfaces.v[i]->mode, "client"))
            served(a, o, d->interfaces.v[i]->path, arena_printf(a, "interface %zu", i), false, &d->interfaces.v[i]->meta);
    for (size_t i = 0; i < d->filesystems.n; i++) {
        const struct filesystem *x = d->filesystems.v[i];
        served(a, o, x->socket, arena_printf(a, "filesystem %s", x->target ? x->target : "?"), false, &x->meta);
    }
    for (size_t i = 0; i < d->tpms.n; i++)
        if (d->tpms.v[i]->backend == TPM_EXTERNAL && !streq(d->tpms.v[i]->source_type, "tcp"))
            served(a, o, d->tpms.v[i]->source_path, "TPM", false, &d->tpms.v[i]->meta);
    for (size_t i = 0; i < d->shmems.n; i++) {
        const struct shmem *x = d->shmems.v[i];
        const char *why = arena_printf(a, "shared memory %s", x->name ? x->name : "?");
        if (x->server == TRI_YES)
            served(a, o, x->server_path, why, true, &x->meta);
        else if (x->name && !strchr(x->name, '/'))
            add(a, o, &(struct object){ .path = arena_printf(a, "/dev/shm/%s", x->name), .why = why, .use = OBJECT_SHARED,
                                        .kind = OBJECT_FILE, .owned = true, .made = true, .at = &x->meta });
    }
    for (size_t i = 0; i < d->smartcards.n; i++) {
        const struct smartcard *x = d->smartcards.v[i];
        host_end(a, o, &x->host, arena_printf(a, "smart card %zu", i), &x->meta);
        one(a, o, x->database, arena_printf(a, "certificates of smart card %zu", i), OBJECT_READONLY, OBJECT_DIRECTORY, false, &x->meta);
    }
}

/* Render nodes are everybody's who may draw. */
static void shown(struct arena *a, struct objects *o, const struct devices *d)
{
    for (size_t i = 0; i < d->graphics.n; i++)
        one(a, o, d->graphics.v[i]->rendernode, arena_printf(a, "graphics %zu", i), OBJECT_SHARED, OBJECT_CHARACTER, false,
            &d->graphics.v[i]->meta);
    for (size_t i = 0; i < d->videos.n; i++)
        one(a, o, d->videos.v[i]->rendernode, arena_printf(a, "video %zu", i), OBJECT_SHARED, OBJECT_CHARACTER, false, &d->videos.v[i]->meta);
    for (size_t i = 0; i < d->audios.n; i++)
        if (d->audios.v[i]->type == AUDIO_FILE)
            add(a, o, &(struct object){ .path = d->audios.v[i]->path, .why = arena_printf(a, "sound %zu", i), .kind = OBJECT_FILE,
                                        .owned = true, .made = true, .at = &d->audios.v[i]->meta });
}

static void firmware_values(struct arena *a, struct objects *o, const struct domain *d)
{
    for (size_t i = 0; i < d->sysinfos.n; i++)
        for (size_t k = 0; k < d->sysinfos.v[i]->fwcfg.n; k++)
            one(a, o, d->sysinfos.v[i]->fwcfg.v[k]->file, arena_printf(a, "firmware value %s", d->sysinfos.v[i]->fwcfg.v[k]->name),
                OBJECT_READONLY, OBJECT_FILE, true, &d->sysinfos.v[i]->meta);
}

static void small_devices(struct arena *a, struct objects *o, const struct devices *d)
{
    for (size_t i = 0; i < d->inputs.n; i++) {
        const struct input *x = d->inputs.v[i];
        const char *path = x->type == INPUT_PASSTHROUGH ? x->evdev : x->type == INPUT_EVDEV ? x->dev : NULL;
        one(a, o, path, arena_printf(a, "input %zu", i), OBJECT_EXCLUSIVE, OBJECT_CHARACTER, true, &x->meta);
    }
    for (size_t i = 0; i < d->tpms.n; i++) {
        const struct tpm *x = d->tpms.v[i];
        if (x->backend == TPM_PASSTHROUGH)
            one(a, o, x->device_path ? x->device_path : "/dev/tpm0", "TPM", OBJECT_EXCLUSIVE,
                                        OBJECT_CHARACTER, true, &x->meta);
    }
    for (size_t i = 0; i < d->rngs.n; i++) {
        const struct rng *x = d->rngs.v[i];
        if (!x->backend)
            continue;
        if (x->backend->model == RNG_RANDOM)
            /* /dev/urandom and its like belong to all; a hardware generator is opened as it is, too. */
            one(a, o, x->backend->path ? x->backend->path : "/dev/random", arena_printf(a, "rng %zu", i),
                                        OBJECT_READONLY, OBJECT_CHARACTER, false, &x->meta);
        else
            host_end(a, o, &x->backend->host, arena_printf(a, "rng %zu", i), &x->meta);
    }
    for (size_t i = 0; i < d->memories.n; i++)
        one(a, o, d->memories.v[i]->path, arena_printf(a, "memory device %zu", i),
                                    d->memories.v[i]->readonly == TRI_YES ? OBJECT_READONLY : OBJECT_EXCLUSIVE,
                                    OBJECT_FILE, true, &d->memories.v[i]->meta);
    for (size_t i = 0; i < d->filesystems.n; i++)
        one(a, o, d->filesystems.v[i]->dir, arena_printf(a, "filesystem %s", d->filesystems.v[i]->target ? d->filesystems.v[i]->target : "?"),
                                    d->filesystems.v[i]->readonly == TRI_YES ? OBJECT_READONLY : OBJECT_SHARED,
                                    OBJECT_DIRECTORY, false, &d->filesystems.v[i]->meta);
}

static void named(struct arena *a, struct objects *o, const struct domain *d)
{
    struct named_directories all = { 0 };
    metadata_directories(d, a, &all);
    for (size_t i = 0; i < all.dirs.n; i++)
        one(a, o, all.dirs.v[i]->path, "directory named in <metadata>", all.dirs.v[i]->readonly ? OBJECT_READONLY : OBJECT_SHARED,
            OBJECT_DIRECTORY, false, &d->meta);
}

void domain_objects(const struct domain *d, struct arena *a, struct objects *o)
{
    const struct devices *v = d->devices;
    boot(a, o, d->os);
    for (size_t i = 0; i < v->disks.n; i++)
        disk(a, o, v->disks.v[i]);
    chardevs(a, o, v->serials.n, v->serials.v, "serial");
    chardevs(a, o, v->parallels.n, v->parallels.v, "parallel");
    chardevs(a, o, v->consoles.n, v->consoles.v, "console");
    chardevs(a, o, v->channels.n, v->channels.v, "channel");
    small_devices(a, o, v);
    programs(a, o, v);
    shown(a, o, v);
    firmware_values(a, o, d);
    named(a, o, d);
}
