/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/devices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "domain/hostdev.h"
#include "domain/interface.h"
#include "domain/objects.h"

/* Slave ends of pseudo-terminals (Linux, Documentation/admin-guide/devices.txt). */
enum { PTS_MAJOR = 136 };

struct plan {
    struct arena *arena;
    struct device_rules *rules;
    struct notes *notes;
};

static void add(struct plan *p, const struct device_rule *rule)
{
    struct device_rule *copy = arena_alloc(p->arena, sizeof *copy);
    for (size_t i = 0; i < p->rules->all.n; i++) {
        struct device_rule *old = p->rules->all.v[i];
        if (old->type != rule->type || old->major != rule->major || old->minor != rule->minor || old->any_minor != rule->any_minor)
            continue;
        if (strlen(rule->access) > strlen(old->access))
            old->access = rule->access;
        return;
    }
    *copy = *rule;
    list_add(p->arena, &p->rules->all, copy);
}

/* want: the file type that a node must have, 0 for either kind of device. */
static void node(struct plan *p, const char *path, const char *why, const char *access, mode_t want)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        note_add(p->notes, "%s: %s: no rule: %s", why, path, strerror(errno));
        return;
    }
    mode_t type = st.st_mode & S_IFMT;
    if ((type != S_IFBLK && type != S_IFCHR) || (want && type != want)) {
        note_add(p->notes, "%s: %s: no rule: it is not a %sdevice", why, path,
                 want == S_IFBLK ? "block " : want == S_IFCHR ? "character " : "");
        return;
    }
    add(p, &(struct device_rule){ type == S_IFBLK ? 'b' : 'c', major(st.st_rdev), minor(st.st_rdev), false, access,
                                  arena_strdup(p->arena, path), why });
}

static void shared(struct plan *p, const struct conf *conf)
{
    const struct conf_value *nodes = conf_value(conf, "cgroup_device_acl");
    /* Nodes of the built-in list that this kernel does not have are no news. */
    struct plan silent = { p->arena, p->rules, NULL };
    for (size_t i = 0; i < nodes->list.n; i++)
        node(nodes->line ? p : &silent, nodes->list.v[i], "shared", "rw", 0);
    add(p, &(struct device_rule){ 'c', PTS_MAJOR, 0, true, "rw", NULL, "pseudo-terminals" });
}

static void hostdev(struct plan *p, const struct hostdev *h, size_t i)
{
    const char *why = arena_printf(p->arena, "host device %zu", i);
    if (h->block)
        node(p, h->block, why, "rw", S_IFBLK);
    if (h->character)
        node(p, h->character, why, "rw", S_IFCHR);
    if (h->type == HOSTDEV_USB && h->source && h->source->bus.set && h->source->device.set)
        node(p, arena_printf(p->arena, "/dev/bus/usb/%03u/%03u", (unsigned)h->source->bus.v, (unsigned)h->source->device.v),
             why, "rw", S_IFCHR);
    if (h->type == HOSTDEV_PCI)
        node(p, "/dev/vfio/vfio", why, "rw", S_IFCHR);
}

void devices_plan(const struct domain *d, const struct conf *conf, struct arena *a, struct device_rules *rules,
                  struct notes *notes)
{
    struct plan p = { a, rules, notes };
    struct objects objects = { 0 };
    shared(&p, conf);
    domain_objects(d, a, &objects);
    for (size_t i = 0; i < objects.all.n; i++) {
        const struct object *o = objects.all.v[i];
        const char *access = o->use == OBJECT_READONLY ? "r" : "rw";
        if (o->kind == OBJECT_BLOCK)
            node(&p, o->path, o->why, access, S_IFBLK);
        else if (o->kind == OBJECT_CHARACTER)
            node(&p, o->path, o->why, access, S_IFCHR);
    }
    for (size_t i = 0; i < d->devices->hostdevs.n; i++)
        hostdev(&p, d->devices->hostdevs.v[i], i);
    for (size_t i = 0; i < d->devices->interfaces.n; i++) {
        const struct interface *x = d->devices->interfaces.v[i];
        if (x->type == INTERFACE_VDPA && x->dev)
            node(&p, x->dev, arena_printf(a, "interface %zu", i), "rw", S_IFCHR);
    }
}
