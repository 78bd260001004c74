/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/objects.h"

#include "base/str.h"
#include "domain/chardev.h"
#include "domain/disk.h"
#include "domain/filesystem.h"
#include "domain/hostdev.h"
#include "domain/input.h"
#include "domain/memory_device.h"
#include "domain/metadata.h"
#include "domain/misc.h"
#include "domain/os.h"
#include "domain/tpm.h"

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
    x.optional = false;
    unsigned n = 1;
    for (const struct backing_store *b = d->backing; b && b->type; b = b->backing, n++) {
        x.why = arena_printf(a, "backing file %u of %s", n, d->target ? d->target : "?");
        x.use = OBJECT_READONLY;
        x.path = source_path(b->type, b->source, &x.kind);
        labels(&x, b->source);
        add(a, o, &x);
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
    named(a, o, d);
}
