/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/limits.h"

#include "base/arena.h"
#include "base/str.h"
#include "domain/disk.h"
#include "domain/general.h"
#include "domain/hostdev.h"
#include "domain/interface.h"
#include "guard/guard.h"

/* The memory that QEMU may lock beyond the guest's, for its own tables and the like: as the reference has it. */
enum { BEYOND_MIB = 1024 };

static bool assigns_devices(const struct domain *d)
{
    for (size_t i = 0; i < d->devices->hostdevs.n; i++)
        if (d->devices->hostdevs.v[i]->type == HOSTDEV_PCI || d->devices->hostdevs.v[i]->type == HOSTDEV_MDEV)
            return true;
    for (size_t i = 0; i < d->devices->interfaces.n; i++)
        if (d->devices->interfaces.v[i]->type == INTERFACE_HOSTDEV || d->devices->interfaces.v[i]->type == INTERFACE_VDPA)
            return true;
    for (size_t i = 0; i < d->devices->disks.n; i++)
        if (d->devices->disks.v[i]->type == STORAGE_NVME)
            return true;
    return false;
}

/* Bytes that the domain locks; 0: none. With <memoryBacking><locked/> all that it has, unless <memtune> bounds it. */
static rlim_t locked_bytes(const struct domain *d)
{
    rlim_t guest = (rlim_t)(d->max_memory.set ? d->max_memory.v : d->memory.v) << 10;
    if (d->memtune && d->memtune->hard_limit.set && (assigns_devices(d) || (d->memory_backing && d->memory_backing->locked == TRI_YES)))
        return (rlim_t)d->memtune->hard_limit.v << 10;
    if (d->memory_backing && d->memory_backing->locked == TRI_YES)
        return RLIM_INFINITY;
    return assigns_devices(d) ? guest + ((rlim_t)BEYOND_MIB << 20) : 0;
}

static void add(struct guard *g, int which, const char *what, rlim_t value)
{
    struct enter_limits *l = &g->enter.limits;
    const char *label = value == RLIM_INFINITY ? "unlimited" : arena_printf(g->arena, "%llu", (unsigned long long)value);
    l->v[l->n++] = (struct enter_limit){ which, value };
    guard_add_process(g, "limits", arena_printf(g->arena, "%s %s", what, label), NULL);
}

/* A key that is set; 0 leaves the limit as it is where zero_counts is false. */
static void from_conf(struct guard *g, const char *key, int which, const char *what, bool zero_counts)
{
    const struct conf_value *v = conf_get(g->conf, key);
    if (v && (v->number || zero_counts))
        add(g, which, what, v->number < 0 ? RLIM_INFINITY : (rlim_t)v->number);
}

bool limits_layer(struct guard *g, struct err *e)
{
    rlim_t locked = locked_bytes(g->domain);
    const struct conf_value *most = conf_get(g->conf, "max_locked_memory");
    (void)e;
    from_conf(g, "max_files", RLIMIT_NOFILE, "files", false);
    from_conf(g, "max_processes", RLIMIT_NPROC, "processes", false);
    from_conf(g, "max_core", RLIMIT_CORE, "core", true);
    if (most && most->number)
        add(g, RLIMIT_MEMLOCK, "locked memory", most->number < 0 ? RLIM_INFINITY : (rlim_t)most->number << 10);
    else if (locked)
        add(g, RLIMIT_MEMLOCK, "locked memory", locked);
    return true;
}

/* Only root raises the hard limit; an ordinary user gets what it may. */
static bool set(const struct enter_limit *l)
{
    struct rlimit wanted = { l->value, l->value }, now;
    if (setrlimit(l->which, &wanted) == 0)
        return true;
    if (getrlimit(l->which, &now) < 0)
        return false;
    now.rlim_cur = now.rlim_max < l->value ? now.rlim_max : l->value;
    return setrlimit(l->which, &now) == 0;
}

bool limits_enter(const struct enter_limits *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (!set(&l->v[i]))
            return false;
    return true;
}
