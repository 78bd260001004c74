/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/facts_xml.h"

#include <inttypes.h>

static void text_element(struct str *o, const char *before, const char *text, const char *after)
{
    if (!text || !*text)
        return;
    str_add(o, before);
    str_add_xml(o, text, true);
    str_add(o, after);
}

static void cpu_xml(struct str *o, const struct host_facts *h, const char *model)
{
    const struct host_cpu *c = &h->cpu;
    str_add(o, "    <cpu>\n");
    text_element(o, "      <arch>", c->arch, "</arch>\n");
    text_element(o, "      <model>", model, "</model>\n");
    text_element(o, "      <vendor>", c->vendor, "</vendor>\n");
    if (c->microcode)
        str_addf(o, "      <microcode version='%u'/>\n", c->microcode);
    if (c->family)
        str_addf(o, "      <signature family='%u' model='%u' stepping='%u'/>\n", c->family, c->model, c->stepping);
    str_addf(o, "      <topology sockets='%u' dies='%u' cores='%u' threads='%u'/>\n", c->sockets, c->dies, c->cores, c->threads);
    if (c->phys_bits)
        str_addf(o, "      <maxphysaddr mode='emulate' bits='%u'/>\n", c->phys_bits);
    for (size_t i = 0; i < c->features.n; i++)
        text_element(o, "      <feature name='", c->features.v[i]->s, "'/>\n");
    for (size_t i = 0; h->nodes.n && i < h->nodes.v[0]->pages.n; i++)
        str_addf(o, "      <pages unit='KiB' size='%" PRIu64 "'/>\n", h->nodes.v[0]->pages.v[i]->kib);
    str_add(o, "    </cpu>\n");
}

static void power_xml(struct str *o, const struct host_facts *h)
{
    if (!h->suspend_mem && !h->suspend_disk && !h->suspend_hybrid) {
        str_add(o, "    <power_management/>\n");
        return;
    }
    str_add(o, "    <power_management>\n");
    str_add(o, h->suspend_mem ? "      <suspend_mem/>\n" : "");
    str_add(o, h->suspend_disk ? "      <suspend_disk/>\n" : "");
    str_add(o, h->suspend_hybrid ? "      <suspend_hybrid/>\n" : "");
    str_add(o, "    </power_management>\n");
}

static void cell_xml(struct str *o, const struct host_node *n)
{
    str_addf(o, "        <cell id='%u'>\n          <memory unit='KiB'>%" PRIu64 "</memory>\n", n->id, n->memory_kib);
    for (size_t i = 0; i < n->pages.n; i++)
        str_addf(o, "          <pages unit='KiB' size='%" PRIu64 "'>%" PRIu64 "</pages>\n", n->pages.v[i]->kib, n->pages.v[i]->count);
    if (n->distances.n)
        str_add(o, "          <distances>\n");
    for (size_t i = 0; i < n->distances.n; i++)
        str_addf(o, "            <sibling id='%u' value='%u'/>\n", n->distances.v[i]->node, n->distances.v[i]->value);
    if (n->distances.n)
        str_add(o, "          </distances>\n");
    str_addf(o, "          <cpus num='%zu'>\n", n->cpus.n);
    for (size_t i = 0; i < n->cpus.n; i++) {
        const struct host_thread *t = n->cpus.v[i];
        str_addf(o, "            <cpu id='%u' socket_id='%u' die_id='%u' core_id='%u' siblings='", t->id, t->socket, t->die, t->core);
        str_add_xml(o, t->siblings, true);
        str_add(o, "'/>\n");
    }
    str_add(o, "          </cpus>\n        </cell>\n");
}

static void cache_xml(struct str *o, const struct host_facts *h)
{
    if (!h->caches.n)
        return;
    str_add(o, "    <cache>\n");
    for (size_t i = 0; i < h->caches.n; i++) {
        const struct host_cache *c = h->caches.v[i];
        bool mib = c->kib % 1024 == 0;
        str_addf(o, "      <bank id='%u' level='%u' type='%s' size='%" PRIu64 "' unit='%s' cpus='", c->id, c->level, c->type,
                 mib ? c->kib / 1024 : c->kib, mib ? "MiB" : "KiB");
        str_add_xml(o, c->cpus, true);
        str_add(o, "'/>\n");
    }
    str_add(o, "    </cache>\n");
}

static void secmodel_xml(struct str *o, const char *model, const char *kvm_label, const char *tcg_label)
{
    str_addf(o, "    <secmodel>\n      <model>%s</model>\n      <doi>0</doi>\n", model);
    text_element(o, "      <baselabel type='kvm'>", kvm_label, "</baselabel>\n");
    text_element(o, "      <baselabel type='qemu'>", tcg_label, "</baselabel>\n");
    str_add(o, "    </secmodel>\n");
}

void host_facts_xml(struct str *out, const struct host_facts *h, const struct host_facts_more *more)
{
    str_add(out, "  <host>\n");
    text_element(out, "    <uuid>", h->uuid, "</uuid>\n");
    cpu_xml(out, h, more->model);
    power_xml(out, h);
    str_addf(out, "    <iommu support='%s'/>\n", h->iommu ? "yes" : "no");
    str_add(out, "    <migration_features>\n      <live/>\n      <uri_transports>\n        <uri_transport>tcp</uri_transport>\n"
                 "        <uri_transport>rdma</uri_transport>\n      </uri_transports>\n    </migration_features>\n");
    str_addf(out, "    <topology>\n      <cells num='%zu'>\n", h->nodes.n);
    for (size_t i = 0; i < h->nodes.n; i++)
        cell_xml(out, h->nodes.v[i]);
    str_add(out, "      </cells>\n    </topology>\n");
    cache_xml(out, h);
    if (h->selinux && !more->no_selinux)
        secmodel_xml(out, "selinux", h->selinux_kvm, h->selinux_tcg);
    if (h->apparmor && !more->no_apparmor)
        secmodel_xml(out, "apparmor", NULL, NULL);
    if (more->baselabel)
        secmodel_xml(out, "dac", more->baselabel, more->baselabel);
    str_add(out, "  </host>\n\n");
}
