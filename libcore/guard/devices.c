/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/devices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "domain/disk.h"
#include "domain/general.h"
#include "domain/hostdev.h"
#include "domain/interface.h"
#include "domain/memory_device.h"
#include "guard/nodes.h"

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

static void host_nodes(struct plan *p, const struct nodes *n, const char *why)
{
    for (size_t i = 0; i < n->path.n; i++)
        node(p, n->path.v[i], why, "rw", 0);
}

static void interface(struct plan *p, const struct interface *x, const char *why)
{
    struct nodes n = { 0 };
    /* Taps and vhost reach QEMU as open descriptors, which no rule is about. */
    if (x->type == INTERFACE_VDPA && x->dev)
        node(p, x->dev, why, "rw", S_IFCHR);
    if (x->type == INTERFACE_HOSTDEV && x->source_address)
        nodes_of_pci(x->source_address, NULL, why, p->arena, &n, p->notes);
    host_nodes(p, &n, why);
}

static void nvme(struct plan *p, enum storage_type type, const struct storage_source *source, const char *why)
{
    struct nodes n = { 0 };
    if (type == STORAGE_NVME && source && source->address)
        nodes_of_pci(source->address, NULL, why, p->arena, &n, p->notes);
    host_nodes(p, &n, why);
}

static void disk(struct plan *p, const struct disk *d)
{
    const char *why = arena_printf(p->arena, "disk %s", d->target ? d->target : "?");
    nvme(p, d->type, d->source, why);
    for (const struct backing_store *b = d->backing; b && b->type; b = b->backing)
        nvme(p, b->type, b->source, why);
}

/* Nodes that belong to a way of working and not to a device. */
static void features(struct plan *p, const struct domain *d)
{
    if (d->launch_security && d->launch_security->type == LAUNCH_SEV)
        node(p, "/dev/sev", "launch security", "rw", S_IFCHR);
    for (size_t i = 0; i < d->devices->memories.n; i++)
        if (d->devices->memories.v[i]->model == MEMORY_SGX_EPC) {
            node(p, "/dev/sgx_vepc", "SGX memory", "rw", S_IFCHR);
            node(p, "/dev/sgx_provision", "SGX memory", "r", S_IFCHR);
        }
}

static void object(struct plan *p, const struct object *o)
{
    const char *access = o->use == OBJECT_READONLY ? "r" : "rw";
    struct stat st;
    if (o->kind == OBJECT_BLOCK || o->kind == OBJECT_CHARACTER)
        node(p, o->path, o->why, access, o->kind == OBJECT_BLOCK ? S_IFBLK : S_IFCHR);
    else if (o->kind == OBJECT_FILE && str_starts(o->path, "/dev/") && stat(o->path, &st) == 0 && !S_ISREG(st.st_mode))
        node(p, o->path, o->why, access, 0); /* such as persistent memory */
}

void devices_plan_objects(const struct domain *d, const struct objects *o, const struct conf *conf, struct arena *a,
                          struct device_rules *rules, struct notes *notes)
{
    struct plan p = { a, rules, notes };
    shared(&p, conf);
    for (size_t i = 0; i < o->all.n; i++)
        object(&p, o->all.v[i]);
    for (size_t i = 0; i < d->devices->hostdevs.n; i++) {
        const char *why = arena_printf(a, "host device %zu", i);
        struct nodes n = { 0 };
        nodes_of_hostdev(d->devices->hostdevs.v[i], NULL, why, a, &n, notes);
        host_nodes(&p, &n, why);
    }
    for (size_t i = 0; i < d->devices->disks.n; i++)
        disk(&p, d->devices->disks.v[i]);
    for (size_t i = 0; i < d->devices->interfaces.n; i++)
        interface(&p, d->devices->interfaces.v[i], arena_printf(a, "interface %zu", i));
    features(&p, d);
}

void devices_plan(const struct domain *d, const struct conf *conf, struct arena *a, struct device_rules *rules,
                  struct notes *notes)
{
    struct objects objects = { 0 };
    domain_objects(d, a, &objects);
    devices_plan_objects(d, &objects, conf, a, rules, notes);
}

bool devices_compat(struct conf *c, struct arena *a, const char *version, struct err *e)
{
    static const char *const nodes[] = { "/dev/rtc", "/dev/hpet", "/dev/kqemu", "/dev/net/tun" };
    unsigned major, minor = 0, release = 0;
    int end = 0, n = sscanf(version, "%4u%n.%4u%n.%4u%n", &major, &end, &minor, &end, &release, &end);
    if (n < 1 || version[end] || version[strspn(version, "0123456789.")])
        return err_set(e, ST_USAGE, "--compat %s: must be a version of libvirt (try: 5.6)", version);
    size_t older = major >= 6 ? 0 : major == 5 && minor >= 6 ? 2 : 4;
    if (!older || conf_get(c, "cgroup_device_acl"))
        return true;
    const struct conf_value *now = conf_value(c, "cgroup_device_acl");
    struct conf_value *v = arena_alloc(a, sizeof *v);
    *v = (struct conf_value){ .name = "cgroup_device_acl", .type = CONF_LIST };
    for (size_t i = 0; i < now->list.n; i++)
        list_add(a, &v->list, now->list.v[i]);
    for (size_t i = 0; i < older; i++)
        list_add(a, &v->list, nodes[i]);
    list_add(a, &c->values, v);
    return true;
}
