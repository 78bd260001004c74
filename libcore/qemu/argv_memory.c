/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "domain/cpu.h"
#include "domain/general.h"
#include "domain/os_family.h"
#include "domain/memory_device.h"
#include "qemu/argv_top.h"

/* -m, memory backends, -overcommit, -numa, iothreads. */

static const struct memory_backing nothing;

static const struct memory_backing *backing(const struct argv *a)
{
    return a->domain->memory_backing ? a->domain->memory_backing : &nothing;
}

static bool in_set(const char *set, long n)
{
    return set && n >= 0 && cpuset_next(set, n - 1) == n;
}

/* KiB of the huge page that a cell's memory is made of: the entry that names the cell, else the one for
 * all others. 0: ordinary pages; UINT64_MAX: the host's default huge page. */
static uint64_t page_size(const struct argv *a, long cell)
{
    const struct memory_backing *m = backing(a);
    uint64_t size = 0;
    if (!m->hugepages)
        return 0;
    if (!m->pages.n)
        return UINT64_MAX;
    for (size_t i = 0; i < m->pages.n; i++)
        if (!m->pages.v[i]->nodeset || (cell < 0 && in_set(m->pages.v[i]->nodeset, 0)))
            size = m->pages.v[i]->size.v;
    for (size_t i = 0; i < m->pages.n; i++)
        if (in_set(m->pages.v[i]->nodeset, cell))
            size = m->pages.v[i]->size.v;
    return size == (uint64_t)sysconf(_SC_PAGESIZE) / 1024 ? 0 : size;
}

static const char *huge_dir(struct argv *a, uint64_t page)
{
    const char *base = page == UINT64_MAX || page == 2048 ? "/dev/hugepages"
                       : page == 1048576                  ? "/dev/hugepages1G"
                                                          : arena_printf(a->arena, "/dev/hugepages%lluK", (unsigned long long)page);
    return arena_printf(a->arena, "%s/libvirt/qemu/%s", base, a->short_name);
}

static void bind_nodes(struct argv *a, struct props *p, long cell)
{
    const struct numatune *t = a->domain->numatune;
    const char *nodes = NULL;
    enum numa_mode mode = NUMA_MODE_UNSET;
    if (!t)
        return;
    if (t->placement != PLACEMENT_AUTO && t->nodeset) {
        nodes = t->nodeset;
        mode = t->mode;
    }
    for (size_t i = 0; i < t->memnodes.n; i++)
        if ((long)t->memnodes.v[i]->cell.v == cell) {
            nodes = t->memnodes.v[i]->nodeset;
            mode = t->memnodes.v[i]->mode;
        }
    if (!nodes || mode == NUMA_RESTRICTIVE)
        return;
    struct props *list = props_array(p, "host-nodes");
    for (long n = cpuset_next(nodes, -1); n >= 0; n = cpuset_next(nodes, n))
        props_uint(list, NULL, (uint64_t)n);
    props_str(p, "policy", mode == NUMA_PREFERRED ? "preferred" : mode == NUMA_INTERLEAVE ? "interleave" : "bind");
}

/* What the memory is made of: the object's type and where it lives. True if it can be shared. */
static bool material(struct argv *a, struct props *p, const char *id, long cell, int access)
{
    const struct memory_backing *m = backing(a);
    uint64_t page = page_size(a, cell);
    if (m->source == MEMORY_MEMFD) {
        props_str(p, "qom-type", "memory-backend-memfd");
        props_str(p, "id", id);
        if (page) {
            props_bool(p, "hugetlb", true);
            if (page != UINT64_MAX)
                props_uint(p, "hugetlbsize", page * 1024);
        }
        return true;
    }
    if (page || m->source == MEMORY_FILE || access) {
        props_str(p, "qom-type", "memory-backend-file");
        props_str(p, "id", id);
        if (page)
            props_str(p, "mem-path", huge_dir(a, page));
        else
            props_fmt(p, "mem-path", "%s/ram/%s/%s", a->options->lib_dir, a->short_name, id);
        return true;
    }
    props_str(p, "qom-type", "memory-backend-ram");
    props_str(p, "id", id);
    return false;
}

struct props *argv_memory_backend(struct argv *a, const char *id, uint64_t size, long cell, int access, bool discard,
                                  bool canonical)
{
    const struct memory_backing *m = backing(a);
    struct props *p = props_new(a->arena);
    if (!access)
        access = (int)m->access;
    bool shareable = material(a, p, id, cell, access);
    if (shareable && discard)
        props_bool(p, "discard-data", true);
    if (access && shareable)
        props_bool(p, "share", access == MEMORY_SHARED);
    if (shareable && canonical)
        props_bool(p, "x-use-canonical-path-for-ramblock-id", false);
    if (m->allocation == ALLOCATION_IMMEDIATE || (page_size(a, cell) && m->source != MEMORY_MEMFD && !m->allocation)) {
        props_bool(p, "prealloc", true);
        props_num(p, "prealloc-threads", m->threads);
    }
    props_uint(p, "size", size * 1024);
    bind_nodes(a, p, cell);
    return p;
}

static uint64_t round_up(uint64_t v, uint64_t to)
{
    return (v + to - 1) / to * to;
}

uint64_t argv_initial_memory(const struct domain *d)
{
    uint64_t total = d->memory.v, cells = 0;
    for (size_t i = 0; d->cpu && i < d->cpu->cells.n; i++)
        cells += d->cpu->cells.v[i]->memory.v;
    if (cells)
        return cells;
    for (size_t i = 0; i < d->devices->memories.n; i++)
        if (d->devices->memories.v[i]->size.v < total)
            total -= d->devices->memories.v[i]->size.v;
    return total;
}

/* pseries hands out memory in blocks of 256 MiB. */
static uint64_t granule(const struct domain *d)
{
    return os_is_pseries(d->os) ? 262144 : 1024;
}

bool argv_memory(struct argv *a)
{
    const struct domain *d = a->domain;
    uint64_t size = round_up(argv_initial_memory(d), granule(d));
    const struct caps_machine *m = caps_machine(a->caps, d->os->machine);
    bool cells = d->cpu && d->cpu->cells.n;
    if (!size)
        return argv_fail(a, &d->meta, "<memory> is missing");
    if (d->max_memory.set)
        argv_addf(a, "-m", "size=%lluk,slots=%llu,maxmem=%lluk", (unsigned long long)size,
                  (unsigned long long)d->memory_slots.v, (unsigned long long)round_up(d->max_memory.v, granule(d)));
    else
        argv_addf(a, "-m", "%llu", (unsigned long long)(size / 1024));
    if (!cells && m && m->ram_id)
        argv_object(a, argv_memory_backend(a, m->ram_id, size, -1, 0, backing(a)->discard == TRI_YES, true));
    argv_addf(a, "-overcommit", "mem-lock=%s", backing(a)->locked ? "on" : "off");
    return true;
}

static void distances(struct argv *a, const struct numa_cell *c, unsigned long long id)
{
    for (size_t i = 0; i < c->distances.n; i++)
        argv_addf(a, "-numa", "dist,src=%llu,dst=%llu,val=%llu", id, (unsigned long long)c->distances.v[i]->id.v,
                  (unsigned long long)c->distances.v[i]->value.v);
}

static void hmat(struct argv *a, const struct numa_interconnect *n, bool latency)
{
    autostr struct str s = STR_INIT;
    str_addf(&s, "hmat-lb,initiator=%llu,target=%llu,hierarchy=", (unsigned long long)n->initiator.v,
             (unsigned long long)n->target.v);
    if (n->cache.set && n->cache.v)
        str_addf(&s, "%s-level", n->cache.v == 1 ? "first" : n->cache.v == 2 ? "second" : "third");
    else
        str_add(&s, "memory");
    str_addf(&s, ",data-type=%s-%s,%s=%llu%s", enum_name(latency_type_names, n->type), latency ? "latency" : "bandwidth",
             latency ? "latency" : "bandwidth", (unsigned long long)n->value.v, latency ? "" : "K");
    argv_add(a, "-numa", arena_strdup(a->arena, str_text(&s)));
}

static void hmat_caches(struct argv *a, const struct numa_cell *c, unsigned long long id)
{
    static const char *const associativity[] = { "none", "none", "direct", "complex" };
    static const char *const policy[] = { "none", "none", "write-back", "write-through" };
    for (size_t i = 0; i < c->caches.n; i++) {
        const struct numa_cache *k = c->caches.v[i];
        argv_addf(a, "-numa", "hmat-cache,node-id=%llu,size=%lluK,level=%llu,associativity=%s,policy=%s,line=%llu", id,
                  (unsigned long long)k->size.v, (unsigned long long)k->level.v, associativity[k->associativity],
                  policy[k->policy], (unsigned long long)k->line.v);
    }
}

static void cell(struct argv *a, const struct numa_cell *c, long id)
{
    const char *memdev = arena_printf(a->arena, "ram-node%ld", id);
    autostr struct str s = STR_INIT;
    uint64_t size = round_up(c->memory.v, granule(a->domain));
    int access = c->access == NUMA_SHARED ? MEMORY_SHARED : c->access == NUMA_PRIVATE ? MEMORY_PRIVATE : 0;
    bool discard = c->discard == TRI_YES || (!c->discard && backing(a)->discard == TRI_YES);
    argv_object(a, argv_memory_backend(a, memdev, size, id, access, discard, false));
    str_addf(&s, "node,nodeid=%ld", id);
    for (long i = cpuset_next(c->cpus, -1); i >= 0;) {
        long last = i, next;
        while ((next = cpuset_next(c->cpus, last)) == last + 1)
            last = next;
        str_addf(&s, last > i ? ",cpus=%ld-%ld" : ",cpus=%ld", i, last);
        i = next;
    }
    str_addf(&s, ",memdev=%s", memdev);
    argv_add(a, "-numa", arena_strdup(a->arena, str_text(&s)));
}

bool argv_numa(struct argv *a)
{
    const struct domain_cpu *c = a->domain->cpu;
    if (!c)
        return true;
    /* QEMU wants the cells in order of their numbers. */
    for (size_t id = 0; id < c->cells.n; id++)
        for (size_t i = 0; i < c->cells.n; i++)
            if ((c->cells.v[i]->id.set ? c->cells.v[i]->id.v : i) == id)
                cell(a, c->cells.v[i], (long)id);
    for (size_t i = 0; i < c->cells.n; i++) {
        unsigned long long id = c->cells.v[i]->id.set ? c->cells.v[i]->id.v : i;
        distances(a, c->cells.v[i], id);
    }
    for (size_t i = 0; i < c->latencies.n; i++)
        hmat(a, c->latencies.v[i], true);
    for (size_t i = 0; i < c->bandwidths.n; i++)
        hmat(a, c->bandwidths.v[i], false);
    for (size_t i = 0; i < c->cells.n; i++)
        hmat_caches(a, c->cells.v[i], c->cells.v[i]->id.set ? c->cells.v[i]->id.v : i);
    return true;
}

static void iothread(struct argv *a, uint64_t id, const struct iothread *t)
{
    struct props *p = props_new(a->arena);
    props_str(p, "qom-type", "iothread");
    props_fmt(p, "id", "iothread%llu", (unsigned long long)id);
    if (t && t->pool_min.set && t->pool_min.v >= 0)
        props_int(p, "thread-pool-min", t->pool_min.v);
    if (t && t->pool_max.set && t->pool_max.v >= 0)
        props_int(p, "thread-pool-max", t->pool_max.v);
    argv_object(a, p);
}

static bool id_taken(const struct domain *d, uint64_t id)
{
    for (size_t i = 0; i < d->iothread_ids.n; i++)
        if (d->iothread_ids.v[i]->id.v == id)
            return true;
    return false;
}

bool argv_iothreads(struct argv *a)
{
    const struct domain *d = a->domain;
    size_t n = d->iothread_ids.n;
    if (d->iothreads.v > 4096)
        return argv_fail(a, &d->meta, "<iothreads> '%llu': more than 4096", (unsigned long long)d->iothreads.v);
    for (size_t i = 0; i < n; i++)
        iothread(a, d->iothread_ids.v[i]->id.v, d->iothread_ids.v[i]);
    for (uint64_t id = 1; n < d->iothreads.v; id++)
        if (!id_taken(d, id)) {
            iothread(a, id, NULL);
            n++;
        }
    return true;
}
