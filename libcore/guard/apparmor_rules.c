/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/apparmor_rules.h"

#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "domain/chardev.h"
#include "domain/disk.h"
#include "domain/graphics.h"
#include "domain/hostdev.h"
#include "domain/interface.h"
#include "domain/misc.h"
#include "guard/apparmor.h"

/* Access by kind: as libvirt's helper gives it, plus locks where QEMU takes some. */
static const struct {
    const char *write, *read;
} accesses[] = {
    [OBJECT_FILE] = { "rwk", "rk" },
    [OBJECT_BLOCK] = { "rwk", "rk" },
    [OBJECT_CHARACTER] = { "rw", "r" },
    [OBJECT_DIRECTORY] = { "rwlk", "r" },
    [OBJECT_SOCKET] = { "rw", "rw" },
    [OBJECT_FIFO] = { "rw", "rw" },
};

struct rules {
    struct guard *g;
    struct str *out;
    struct err *e;
    void *seen;    /* lines, in a tree of tsearch() */
    void *written; /* real paths of objects that are written */
};

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void keep(void *text)
{
    (void)text;
}

/* The path without links and dots; of what is not there yet, that of its directory and its name. */
static const char *real_path(struct arena *a, const char *path)
{
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (realpath(path, real))
        return arena_strdup(a, real);
    const char *dir = slash > path ? arena_strndup(a, path, (size_t)(slash - path)) : "/";
    if (!slash || !realpath(dir, real))
        return path;
    return arena_printf(a, "%s%s", real[1] ? real : "", slash);
}

static bool verb_rule(struct rules *r, const char *verb, const char *path, const char *tail, const char *access)
{
    autostr struct str line = STR_INIT;
    if (!apparmor_rule(&line, verb, path, tail, access, r->e))
        return false;
    if (tfind(str_text(&line), &r->seen, by_text))
        return true;
    tsearch(arena_strdup(r->g->arena, str_text(&line)), &r->seen, by_text);
    str_add(r->out, str_text(&line));
    return true;
}

static bool rule(struct rules *r, const char *path, const char *tail, const char *access)
{
    return verb_rule(r, "", path, tail, access);
}

static bool real_rule(struct rules *r, const char *path, const char *tail, const char *access)
{
    return !path || *path != '/' || rule(r, real_path(r->g->arena, path), tail, access);
}

static bool object(struct rules *r, const struct object *o, const char *real)
{
    bool reads = o->use == OBJECT_READONLY, there = access(o->path, F_OK) == 0;
    const char *access = reads ? accesses[o->kind].read : accesses[o->kind].write;
    guard_add(r->g, &(struct guard_entry){ .layer = "apparmor", .path = o->path, .why = o->why, .use = object_use_names[o->use],
                                           .wanted = access, .change = true, .note = there ? NULL : "is not there" });
    if (o->kind == OBJECT_DIRECTORY)
        return rule(r, real, "/", "r") && rule(r, real, "/**", access);
    /* QEMU tries to write first; that it may not is no news for the log. */
    bool image = o->kind == OBJECT_FILE || o->kind == OBJECT_BLOCK;
    return rule(r, real, "", access) &&
           (!reads || !image || tfind(real, &r->written, by_text) || verb_rule(r, "deny ", real, "", "w"));
}

static bool objects(struct rules *r)
{
    const struct guard *g = r->g;
    const char **real = arena_array(g->arena, g->objects.all.n + 1, sizeof *real);
    for (size_t i = 0; i < g->objects.all.n; i++) {
        real[i] = real_path(g->arena, g->objects.all.v[i]->path);
        if (g->objects.all.v[i]->use != OBJECT_READONLY)
            tsearch(real[i], &r->written, by_text);
    }
    for (size_t i = 0; i < g->objects.all.n; i++)
        if (!object(r, g->objects.all.v[i], real[i]))
            return err_wrap(r->e, "%s", g->objects.all.v[i]->why);
    return true;
}

/* Those that QEMU makes. */
static bool sockets(struct rules *r)
{
    const struct devices *d = r->g->domain->devices;
    for (const struct chardev_host *const *h = needs_chardevs(r->g->domain, r->g->arena); *h; h++)
        if ((*h)->type == CHARDEV_UNIX && !real_rule(r, chardev_first(*h)->path, "", "rw"))
            return false;
    for (size_t i = 0; i < d->interfaces.n; i++)
        if (d->interfaces.v[i]->type == INTERFACE_VHOSTUSER && !real_rule(r, d->interfaces.v[i]->path, "", "rw"))
            return false;
    for (size_t i = 0; i < d->graphics.n; i++) {
        if (!real_rule(r, d->graphics.v[i]->socket, "", "rw"))
            return false;
        for (size_t k = 0; k < d->graphics.v[i]->listens.n; k++)
            if (!real_rule(r, d->graphics.v[i]->listens.v[k]->socket, "", "rw"))
                return false;
    }
    return true;
}

static bool own_dir(struct rules *r, const char *dir)
{
    const char *real = dir ? real_path(r->g->arena, dir) : NULL;
    return !dir || (rule(r, real, "/", "r") && rule(r, real, "/**", "rwk"));
}

/* What every guest has: its program, its log, its monitor, its lock, the directories that are its own. The sockets that
 * vm-start hands over, whatever label it runs under, may be used; none may be made or connected by that rule. */
static bool own_places(struct rules *r)
{
    const struct guard *g = r->g;
    const char *const *dir = g->root->dir;
    const char *state = arena_printf(g->arena, "%s/%s", dir[ROOT_STATE], g->name);
    const char *emulator = g->emulator ? g->emulator : g->domain->devices->emulator;
    if (!real_rule(r, emulator, "", "rm") || !real_rule(r, arena_printf(g->arena, "%s/%s.log", dir[ROOT_LOG], g->name), "", "w") ||
        !real_rule(r, arena_printf(g->arena, "%s/alive", state), "", "rk") ||
        !real_rule(r, arena_printf(g->arena, "%s/monitor.sock", state), "", "rw"))
        return false;
    if (!own_dir(r, g->private_dir) || !own_dir(r, g->channel_dir))
        return false;
    /* Of memory in files and huge pages. */
    for (size_t i = 0; g->journal && i < g->journal->rows.n; i++)
        if (streq(g->journal->rows.v[i]->kind, "dir") && !own_dir(r, g->journal->rows.v[i]->object))
            return false;
    /* Whoever may send: a shell that is confined itself stops its guests. No guest may. */
    str_add(r->out, "  signal (receive),\n  ptrace (readby),\n");
    str_add(r->out, "  unix (send, receive, accept, getattr, getopt, setopt, shutdown) type=stream,\n");
    return true;
}

/* Programs that serve QEMU and run under its profile. */
static bool helpers(struct rules *r)
{
    const struct guard *g = r->g;
    for (size_t i = 0; i < g->helpers.n; i++) {
        const struct guard_helper *h = g->helpers.v[i];
        if (h->outside)
            continue;
        if (!real_rule(r, h->path, "", "rm"))
            return false;
        if (!h->state)
            continue;
        const char *real = real_path(g->arena, h->state);
        guard_add(r->g, &(struct guard_entry){ .layer = "apparmor", .path = h->state, .why = h->state_why,
                                               .use = object_use_names[OBJECT_EXCLUSIVE], .wanted = "rwk", .change = true });
        if (!rule(r, real, "/", "r") || !rule(r, real, "/**", "rwk"))
            return false;
    }
    return true;
}

/* The kernel asks the profile about each descriptor at exec, and replaces those that it does not let through. */
static bool inherited(struct rules *r, const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char self[40], path[PATH_MAX];
        snprintf(self, sizeof self, "/proc/self/fd/%d", fds[i]);
        ssize_t got = readlink(self, path, sizeof path - 1);
        if (got <= 0 || *path != '/')
            continue;
        path[got] = '\0';
        if (!rule(r, path, "", "rwk"))
            return false;
    }
    return true;
}

static bool pci(struct rules *r, const struct address *x)
{
    static const char *const files[] = { "config", "vendor", "device", "resource", "rom", "uevent" };
    char link[PATH_MAX], group[PATH_MAX];
    const char *device = arena_printf(r->g->arena, "/sys/bus/pci/devices/%04x:%02x:%02x.%x", (unsigned)x->domain.v, (unsigned)x->bus.v,
                                      (unsigned)x->slot.v, (unsigned)x->function.v);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (!real_rule(r, arena_printf(r->g->arena, "%s/%s", device, files[i]), "", "rw"))
            return false;
    snprintf(link, sizeof link, "%s/iommu_group", device);
    if (realpath(link, group) && !rule(r, arena_printf(r->g->arena, "/dev/vfio%s", strrchr(group, '/')), "", "rw"))
        return false;
    return rule(r, "/dev/vfio/vfio", "", "rw");
}

static bool devices(struct rules *r)
{
    const struct devices *d = r->g->domain->devices;
    for (size_t i = 0; i < d->hostdevs.n; i++) {
        const struct hostdev *h = d->hostdevs.v[i];
        if (h->type == HOSTDEV_PCI && h->source && !pci(r, h->source))
            return false;
        if (h->type == HOSTDEV_USB && h->source && h->source->bus.set && h->source->device.set &&
            !real_rule(r, arena_printf(r->g->arena, "/dev/bus/usb/%03u/%03u", (unsigned)h->source->bus.v, (unsigned)h->source->device.v),
                       "", "rw"))
            return false;
    }
    for (size_t i = 0; i < d->disks.n; i++)
        if (d->disks.v[i]->type == STORAGE_NVME && d->disks.v[i]->source && d->disks.v[i]->source->address &&
            !pci(r, d->disks.v[i]->source->address))
            return false;
    for (size_t i = 0; i < d->interfaces.n; i++)
        if (d->interfaces.v[i]->type == INTERFACE_HOSTDEV && d->interfaces.v[i]->source_address &&
            !pci(r, d->interfaces.v[i]->source_address))
            return false;
    for (size_t i = 0; i < d->interfaces.n; i++)
        if (str_starts(d->interfaces.v[i]->model ? d->interfaces.v[i]->model : "", "virtio") && !rule(r, "/dev/vhost-net", "", "rw"))
            return false;
    return !d->vsock || rule(r, "/dev/vhost-vsock", "", "rw");
}

/* Drawing by the host's card, in whose libraries and settings Mesa looks around. */
static bool drawing(struct rules *r)
{
    static const char host[] = "  \"/usr/lib{,32,64}/dri/*.so*\" mr,\n  \"/usr/lib/@{multiarch}/dri/*.so*\" mr,\n"
                               "  \"/etc/drirc\" r,\n  \"/usr/share/drirc.d/{,*.conf}\" r,\n"
                               "  \"/{etc,usr/share}/glvnd/egl_vendor.d/{,*}\" r,\n"
                               "  \"/usr/share/egl/egl_external_platform.d/{,*}\" r,\n  \"/dev/dri/\" r,\n"
                               "  \"/sys/devices/**/{uevent,vendor,device,subsystem_vendor,subsystem_device,config,revision}\" r,\n";
    const struct devices *d = r->g->domain->devices;
    for (size_t i = 0; i < d->graphics.n; i++) {
        const struct graphics *g = d->graphics.v[i];
        if (g->gl != TRI_YES && g->type != GRAPHICS_EGL_HEADLESS)
            continue;
        str_add(r->out, host);
        return g->rendernode ? real_rule(r, g->rendernode, "", "rw") : (str_add(r->out, "  \"/dev/dri/renderD*\" rw,\n"), true);
    }
    return true;
}

bool apparmor_rules(struct guard *g, struct str *out, struct err *e)
{
    struct rules r = { .g = g, .out = out, .e = e };
    bool ok = objects(&r) && own_places(&r) && helpers(&r) && sockets(&r) && devices(&r) && drawing(&r) &&
              inherited(&r, g->inherited, g->n_inherited) && inherited(&r, g->held, g->n_held);
    tdestroy(r.seen, keep);
    tdestroy(r.written, keep);
    return ok;
}
