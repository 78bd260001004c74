/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/facts_json.h"

static json_t *node_json(const struct host_node *n)
{
    json_t *pages = json_array(), *distances = json_array(), *cpus = json_array();
    for (size_t i = 0; i < n->pages.n; i++)
        json_array_append_new(pages, json_pack("{s:I, s:I}", "kib", (json_int_t)n->pages.v[i]->kib, "count",
                                               (json_int_t)n->pages.v[i]->count));
    for (size_t i = 0; i < n->distances.n; i++)
        json_array_append_new(distances, json_integer(n->distances.v[i]->value));
    for (size_t i = 0; i < n->cpus.n; i++) {
        const struct host_thread *t = n->cpus.v[i];
        json_array_append_new(cpus, json_pack("{s:i, s:i, s:i, s:i, s:s}", "id", (int)t->id, "socket", (int)t->socket, "die",
                                              (int)t->die, "core", (int)t->core, "siblings", t->siblings));
    }
    return json_pack("{s:i, s:I, s:o, s:o, s:o}", "id", (int)n->id, "memory-kib", (json_int_t)n->memory_kib, "pages", pages,
                     "distances", distances, "cpus", cpus);
}

static json_t *cpu_json(const struct host_cpu *c)
{
    json_t *features = json_array();
    for (size_t i = 0; i < c->features.n; i++)
        json_array_append_new(features, json_string(c->features.v[i]->s));
    return json_pack("{s:s*, s:s*, s:s*, s:s*, s:i, s:i, s:i, s:I, s:{s:i, s:i, s:i, s:i}, s:i, s:o}", "arch", c->arch, "vendor",
                     c->vendor, "vendor-id", c->vendor_id, "model-name", c->model_name, "family", (int)c->family, "model",
                     (int)c->model, "stepping", (int)c->stepping, "microcode", (json_int_t)c->microcode, "topology", "sockets",
                     (int)c->sockets, "dies", (int)c->dies, "cores", (int)c->cores, "threads", (int)c->threads, "phys-bits",
                     (int)c->phys_bits, "features", features);
}

json_t *host_facts_json(const struct host_facts *h)
{
    json_t *nodes = json_array(), *caches = json_array();
    for (size_t i = 0; i < h->nodes.n; i++)
        json_array_append_new(nodes, node_json(h->nodes.v[i]));
    for (size_t i = 0; i < h->caches.n; i++) {
        const struct host_cache *c = h->caches.v[i];
        json_array_append_new(caches, json_pack("{s:i, s:i, s:s, s:I, s:s}", "id", (int)c->id, "level", (int)c->level, "type",
                                                c->type, "kib", (json_int_t)c->kib, "cpus", c->cpus));
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:b, s:b, s:b}", "uuid", h->uuid, "cpu", cpu_json(&h->cpu), "nodes", nodes, "caches",
                     caches, "iommu", h->iommu, "selinux", h->selinux, "apparmor", h->apparmor);
}
