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

static const char *own_dir(struct argv *a, const char *path)
{
    for (size_t i = 0; i < a->command->dirs.n; i++)
        if (streq(a->command->dirs.v[i], path))
            return path;
    list_add(a->arena, &a->command->dirs, path);
    return path;
}

static const char *ram_dir(struct argv *a)
{
    return own_dir(a, arena_printf(a->arena, "%s/%s", a->options->ram_dir, a->short_name));
}

static const char *huge_mount(struct argv *a, uint64_t page)
{
    const struct argv_options *o = a->options;
    for (size_t i = 0; i < o->n_huge; i++)
        if (page == UINT64_MAX ? o->huge[i].usual : o->huge[i].kib == page)
            return o->huge[i].path;
    if (!o->n_huge)
        return NULL;
    if (page == UINT64_MAX)
        argv_beyond(a, "<hugepages>: hugetlbfs_mount of qemu.conf has no pages of the usual size");
    else
        argv_beyond(a, "<hugepages>: hugetlbfs_mount of qemu.conf has no pages of %llu KiB", (unsigned long long)page);
    return NULL;
}

static const char *huge_dir(struct argv *a, uint64_t page)
{
    const char *mount = huge_mount(a, page);
    const char *base = mount                                ? mount
                       : page == UINT64_MAX || page == 2048 ? "/dev/hugepages"
                       : page == 1048576                    ? "/dev/hugepages1G"
                                                            : arena_printf(a->arena, "/dev/hugepages%lluK", (unsigned long long)page);
    return own_dir(a, arena_printf(a->arena, "%s/libvirt/qemu/%s", base, a->short_name));
}

/* The nodes of the host that the memory comes from, NULL: anywhere. */
static const char *host_nodes(const struct argv *a, long cell, enum numa_mode *mode)
{
    const struct numatune *t = a->domain->numatune;
    const char *nodes = NULL;
    *mode = NUMA_MODE_UNSET;
    if (!t)
        return NULL;
    if (t->placement != PLACEMENT_AUTO && t->nodeset) {
        nodes = t->nodeset;
        *mode = t->mode;
    }
    for (size_t i = 0; i < t->memnodes.n; i++)
        if ((long)t->memnodes.v[i]->cell.v == cell) {
            nodes = t->memnodes.v[i]->nodeset;
            *mode = t->memnodes.v[i]->mode;
        }
    return *mode == NUMA_RESTRICTIVE ? NULL : nodes;
}

static void node_list(struct props *p, const char *key, const char *nodes)
{
    struct props *list = props_array(p, key);
    for (long n = cpuset_next(nodes, -1); n >= 0; n = cpuset_next(nodes, n))
        props_uint(list, NULL, (uint64_t)n);
}

/* Threads that fill the memory run on the nodes it comes from; since 7.2. */
static void preallocation(struct argv *a, struct props *p, const char *id, const char *nodes)
{
    props_bool(p, "prealloc", true);
    props_num(p, "prealloc-threads", backing(a)->threads);
    if (!nodes || !caps_object(a->caps, "thread-context"))
        return;
    struct props *t = props_new(a->arena);
    const char *context = arena_printf(a->arena, "tc-%s", id);
    props_str(t, "qom-type", "thread-context");
    props_str(t, "id", context);
    node_list(t, "node-affinity", nodes);
    argv_object(a, t);
    props_str(p, "prealloc-context", context);
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
            props_fmt(p, "mem-path", "%s/%s", ram_dir(a), id);
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
    if (shareable && discard && m->source != MEMORY_MEMFD)
        props_bool(p, "discard-data", true);
    if (access && shareable)
        props_bool(p, "share", access == MEMORY_SHARED);
    if (shareable && canonical)
        props_bool(p, "x-use-canonical-path-for-ramblock-id", false);
    enum numa_mode mode;
    const char *nodes = host_nodes(a, cell, &mode);
    if (m->allocation == ALLOCATION_IMMEDIATE || (page_size(a, cell) && m->source != MEMORY_MEMFD && !m->allocation))
        preallocation(a, p, id, nodes);
    props_uint(p, "size", size * 1024);
    if (nodes) {
        node_list(p, "host-nodes", nodes);
        props_str(p, "policy", mode == NUMA_PREFERRED ? "preferred" : mode == NUMA_INTERLEAVE ? "interleave" : "bind");
    }
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

static uint64_t cell_id(const struct domain_cpu *c, size_t i)
{
    return c->cells.v[i]->id.set ? c->cells.v[i]->id.v : i;
}

static bool distance(const struct domain_cpu *c, size_t from, size_t to, uint64_t *value)
{
    const struct numa_cell *v = c->cells.v[from];
    for (size_t i = 0; i < v->distances.n; i++)
        if (v->distances.v[i]->id.v == cell_id(c, to)) {
            *value = v->distances.v[i]->value.v;
            return true;
        }
    return false;
}

/* QEMU wants all or none: what is not said is as far as the way back, else 10 at home and 20 elsewhere. */
static void distances(struct argv *a, const struct domain_cpu *c)
{
    bool any = false;
    for (size_t i = 0; i < c->cells.n; i++)
        any |= c->cells.v[i]->distances.n > 0;
    for (size_t i = 0; any && i < c->cells.n; i++)
        for (size_t k = 0; k < c->cells.n; k++) {
            uint64_t value = i == k ? 10 : 20;
            if (!distance(c, i, k, &value))
                distance(c, k, i, &value);
            argv_addf(a, "-numa", "dist,src=%llu,dst=%llu,val=%llu", (unsigned long long)cell_id(c, i),
                      (unsigned long long)cell_id(c, k), (unsigned long long)value);
        }
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
            if (cell_id(c, i) == id)
                cell(a, c->cells.v[i], (long)id);
    distances(a, c);
    for (size_t i = 0; i < c->latencies.n; i++)
        hmat(a, c->latencies.v[i], true);
    for (size_t i = 0; i < c->bandwidths.n; i++)
        hmat(a, c->bandwidths.v[i], false);
    for (size_t i = 0; i < c->cells.n; i++)
        hmat_caches(a, c->cells.v[i], cell_id(c, i));
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
