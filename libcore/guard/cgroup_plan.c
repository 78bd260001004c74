/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "domain/general.h"
#include "guard/cgroup.h"
#include "guard/cgroup_bpf.h"
#include "guard/cgroup_layer.h"
#include "guard/cgroup_scope.h"
#include "guard/cgroup_tune.h"

/* What a hierarchy gets: settings of the guest's own group, and of the groups below it. */
struct subgroup {
    const char *name;
    struct str settings;
};
struct part {
    const struct cgroup_tree *tree;
    const char *dir;
    unsigned controllers; /* that settings are of */
    struct str settings;
    LIST(struct subgroup) subs;
};
struct making {
    struct guard *g;
    const char *place;
    const char *unit, *slice; /* of systemd, NULL: none */
    struct cgroups found;
    struct part parts[CGROUP_TREES];
    struct cgroup_threads threads;
    const char *why_none; /* no groups are made: why */
};

const char *cgroup_rules_text(struct arena *a, const struct device_rules *rules)
{
    autostr struct str s = STR_INIT;
    for (size_t i = 0; i < rules->all.n; i++) {
        const struct device_rule *r = rules->all.v[i];
        str_addf(&s, "%s%c %u:", i ? ", " : "", r->type, r->major);
        if (r->any_minor)
            str_addc(&s, '*');
        else
            str_addf(&s, "%u", r->minor);
        str_addf(&s, " %sm", r->access);
    }
    return arena_strdup(a, str_text(&s));
}

static struct part *part_of(struct making *m, enum cgroup_controller which, bool v1_only)
{
    for (size_t i = 0; i < m->found.n; i++) {
        const struct cgroup_tree *t = &m->found.tree[i];
        if ((t->has & 1U << which) && !t->refused && !(v1_only && t->v2))
            return &m->parts[i];
    }
    return NULL;
}

static struct subgroup *sub_of(struct making *m, struct part *p, const char *name)
{
    for (size_t i = 0; i < p->subs.n; i++)
        if (streq(p->subs.v[i]->name, name))
            return p->subs.v[i];
    struct subgroup *s = arena_alloc(m->g->arena, sizeof *s);
    s->name = name;
    list_add(m->g->arena, &p->subs, s);
    return s;
}

static void use(struct making *m, struct part *p)
{
    if (!p->dir)
        p->dir = arena_printf(m->g->arena, "%s/%s", p->tree->base, m->place);
}

static bool fulfil(struct making *m, const struct cgroup_wish *w, struct err *e)
{
    struct part *p = part_of(m, w->controller, false);
    if (!p && w->may_lack)
        return true;
    if (!p)
        return err_set(e, ST_FAILED, "%s needs the control group '%s': %s", w->element, cgroup_controller_names[w->controller],
                       m->why_none ? m->why_none : "it is not mounted or not in cgroup_controllers of qemu.conf");
    const char *file = p->tree->v2 ? w->v2 : w->v1, *value = p->tree->v2 ? w->v2_value : w->v1_value;
    if (!value)
        return true; /* said in one with another */
    use(m, p);
    p->controllers |= 1U << w->controller;
    struct str *to = w->sub ? &sub_of(m, p, w->sub)->settings : &p->settings;
    str_addf(to, "; %s=%s", file, value);
    return true;
}

static bool has_rules(struct making *m, const struct cgroup_tree *t)
{
    struct err e = { 0 };
    if (!(t->has & 1U << CGROUP_DEVICES) || t->refused || geteuid() != 0)
        return false;
    if (!t->v2 || bpf_possible(t->base, &e))
        return true;
    if (!part_of(m, CGROUP_DEVICES, true))
        note_add(m->g->notes, "no device rules: %s", e.text);
    return false;
}

/* For each of the versions that are mounted: a node must be allowed by both. */
static void devices(struct making *m)
{
    struct guard *g = m->g;
    struct device_rules rules = { 0 };
    const char *text = NULL;
    for (size_t i = 0; i < m->found.n; i++) {
        struct part *p = &m->parts[i];
        if (!has_rules(m, p->tree))
            continue;
        if (!text) {
            devices_plan_objects(g->domain, &g->objects, g->conf, g->arena, &rules, g->notes);
            text = cgroup_rules_text(g->arena, &rules);
        }
        use(m, p);
        str_addf(&p->settings, "; devices=%s", text);
    }
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static void add_row(struct making *m, const char *kind, const char *object, const char *wanted, const char *why)
{
    bool there = streq(kind, "cgroup-dir") && exists(object);
    journal_add(m->g->journal, &(struct row){ .kind = kind, .object = object, .before = there ? "present" : "absent", .wanted = wanted,
                                              .why = why });
}

/* Rows for those of the directories above the group that are not there, or that we made for another guest. */
static void add_dirs(struct making *m, const struct part *p)
{
    struct arena *a = m->g->arena;
    for (const char *end = p->dir + strlen(p->tree->base); (end = strchr(end + 1, '/'));)
        add_row(m, "cgroup-dir", arena_strndup(a, p->dir, (size_t)(end - p->dir)), "present", "control groups of guests");
}

/* A partition is the administrator's: he gave it its limits. */
static bool check_partition(struct making *m, const struct part *p, struct err *e)
{
    const char *end = strrchr(p->dir, '/'), *partition = m->g->domain->partition;
    const char *above = arena_strndup(m->g->arena, p->dir, (size_t)(end - p->dir));
    autostr struct str quoted = STR_INIT;
    str_add_shell(&quoted, above);
    return exists(above) || err_set(e, ST_NOENT, "<resource> partition %s: %s is not there (try: mkdir -p %s)", partition, above,
                                    str_text(&quoted));
}

static const char *controllers(struct arena *a, unsigned bits)
{
    static const char *const names[CGROUP_CONTROLLERS] = { "+cpu", "+cpuset", "+memory", "+io", NULL };
    autostr struct str s = STR_INIT;
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
        if (names[i] && bits & 1U << i)
            str_addf(&s, "%s%s", s.len ? "," : " controllers=", names[i]);
    return arena_strdup(a, str_text(&s));
}

static bool add_part(struct making *m, struct part *p, struct err *e)
{
    struct guard *g = m->g;
    struct arena *a = g->arena;
    struct enter_cgroup *enter = &g->enter.cgroup;
    const char *version = p->tree->v2 ? "v2" : "v1";
    bool partition = g->domain->partition && !streq(g->domain->partition, "/machine");
    if (partition && !m->unit && !check_partition(m, p, e))
        return false;
    /* systemd has made those of its own, where it uses the hierarchy. */
    if (m->unit ? !p->tree->v2 : !partition)
        add_dirs(m, p);
    add_row(m, "cgroup", p->dir, arena_printf(a, "%s start=%.8s%s%s", version, g->journal->start,
                                              p->tree->v2 ? controllers(a, p->controllers) : "", str_text(&p->settings)),
            "control group");
    /* Memory and I/O are of the whole process; the others can be of single threads. */
    const char *of_threads = p->tree->v2 ? controllers(a, p->controllers & (1U << CGROUP_CPU | 1U << CGROUP_CPUSET)) : "";
    for (size_t i = 0; i < p->subs.n; i++) {
        const struct subgroup *s = p->subs.v[i];
        add_row(m, "cgroup", arena_printf(a, "%s/%s", p->dir, s->name),
                arena_printf(a, "%s start=%.8s%s%s%s", version, g->journal->start, of_threads,
                             p->tree->v2 ? "; cgroup.type=threaded" : "", str_text(&s->settings)), s->name);
    }
    if (p->tree->v2)
        enter->into_dir = p->dir;
    if ((!p->tree->v2 || p->subs.n) && enter->n < CGROUP_JOINS)
        enter->join[enter->n++] = arena_printf(a, "%s%s/%s", p->dir, p->subs.n ? "/emulator" : "", p->tree->v2 ? "cgroup.threads" : "tasks");
    return true;
}

static void find_threads(struct making *m)
{
    unsigned long words[CGROUP_CPU_WORDS] = { 0 };
    autostr struct str all = STR_INIT;
    if (syscall(SYS_sched_getaffinity, 0, sizeof words, words) > 0)
        for (unsigned i = 0; i < CGROUP_CPU_WORDS * 8 * sizeof *words; i++)
            if (words[i / (8 * sizeof *words)] >> (i % (8 * sizeof *words)) & 1)
                str_addf(&all, "%s%u", all.len ? "," : "", i);
    cgroup_threads(m->g->domain, m->g->arena, cpuset_normal(m->g->arena, str_text(&all)), &m->threads);
}

static const char *sub_name(struct making *m, const struct cgroup_thread *x)
{
    return x->kind == THREAD_EMULATOR ? "emulator"
                                      : arena_printf(m->g->arena, "%s%u", x->kind == THREAD_VCPU ? "vcpu" : "iothread", x->number);
}

/* Where one thread has a group, all have: none is to be counted with the emulator by mistake. */
static void complete_subs(struct making *m, struct part *p)
{
    if (!p->subs.n)
        return;
    sub_of(m, p, "emulator");
    for (size_t i = 0; i < m->threads.all.n; i++)
        sub_of(m, p, sub_name(m, m->threads.all.v[i]));
}

static void add_threads(struct making *m)
{
    struct guard *g = m->g;
    for (size_t i = 0; i < m->threads.all.n; i++) {
        struct cgroup_thread *x = m->threads.all.v[i];
        for (size_t k = 0; x->kind != THREAD_EMULATOR && k < m->found.n; k++)
            if (m->parts[k].subs.n)
                list_add(g->arena, &x->join, arena_printf(g->arena, "%s/%s/%s", m->parts[k].dir, sub_name(m, x),
                                                          m->parts[k].tree->v2 ? "cgroup.threads" : "tasks"));
        if (x->join.n || x->cpus || x->policy >= 0)
            list_add(g->arena, &g->threads.all, x);
    }
}

/* The policy for memory that QEMU does not bind itself: that of its process. */
static bool numa_policy(struct making *m, struct err *e)
{
    static const int modes[NUMA_MODES] = { [NUMA_MODE_UNSET] = MPOL_BIND, [NUMA_STRICT] = MPOL_BIND, [NUMA_PREFERRED] = MPOL_PREFERRED,
                                           [NUMA_INTERLEAVE] = MPOL_INTERLEAVE };
    const struct numatune *t = m->g->domain->numatune;
    struct enter_cgroup *x = &m->g->enter.cgroup;
    if (!t || !t->nodeset || !modes[t->mode] || (modes[t->mode] == MPOL_BIND && part_of(m, CGROUP_CPUSET, false)))
        return true;
    if (!cgroup_bits(t->nodeset, x->numa, sizeof x->numa / sizeof *x->numa))
        return err_set(e, ST_FAILED, "<numatune> nodeset '%s' is no set of nodes", t->nodeset);
    x->numa_mode = modes[t->mode];
    return true;
}

static bool pin_emulator(struct making *m, struct err *e)
{
    struct enter_cgroup *x = &m->g->enter.cgroup;
    const char *cpus = cgroup_emulator_cpus(m->g->domain);
    if (cpus && !(x->n_cpus = cgroup_bits(cpus, x->cpus, CGROUP_CPU_WORDS)))
        return err_set(e, ST_FAILED, "'%s' is no set of CPUs", cpus);
    return true;
}

/* Why there are no groups, to the whole of the guest. */
static void say_none(struct making *m)
{
    const struct conf_value *c = conf_value(m->g->conf, "cgroup_controllers");
    for (size_t i = 0; i < m->found.n; i++)
        if (!m->found.tree[i].refused)
            return;
    m->why_none = m->found.n ? arena_printf(m->g->arena, "%s: %s", m->found.tree[0].mount, m->found.tree[0].refused)
                  : !c->list.n ? "cgroup_controllers of qemu.conf is empty"
                               : "no control groups are mounted";
}

static void add_scope(struct making *m)
{
    const struct part *p = NULL;
    for (size_t i = 0; i < m->found.n; i++)
        if (m->parts[i].dir && (!p || m->parts[i].tree->v2))
            p = &m->parts[i];
    if (m->unit && p)
        add_row(m, "scope", arena_strndup(m->g->arena, p->dir, (size_t)(strrchr(p->dir, '/') - p->dir)),
                arena_printf(m->g->arena, "slice=%s unit=%s", m->slice, m->unit), "control group");
}

/* Without version 2 systemd knows what is in its units by a hierarchy that has no controller, always at one place: a scope that
 * nobody is in there ends. */
static void join_scope(struct making *m)
{
    static const char mount[] = "/sys/fs/cgroup/systemd";
    struct enter_cgroup *enter = &m->g->enter.cgroup;
    if (m->unit && enter->n && !enter->into_dir && enter->n < CGROUP_JOINS && exists(mount))
        enter->join[enter->n++] = arena_printf(m->g->arena, "%s/%.*s/tasks", mount, (int)(strrchr(m->place, '/') - m->place), m->place);
}

/* Where the group is below each mount point: what systemd gives, else directories. */
static bool find_place(struct making *m, struct err *e)
{
    struct guard *g = m->g;
    const char *name = g->name ? g->name : g->domain->name, *why = NULL, *path;
    if (geteuid() == 0 && !g->no_scope && !g->cgroup_root && scope_possible(&why)) {
        m->unit = scope_unit(g->arena, name, cgroup_root_hash(g->arena, g->root));
        m->slice = scope_slice(g->arena, g->domain->partition, &path, e);
        m->place = m->slice ? arena_printf(g->arena, "%s/%s/libvirt", path, m->unit) : NULL;
        return m->place != NULL;
    }
    if (why)
        note_add(g->notes, "control groups beside systemd's: %s", why);
    m->place = cgroup_place(g->arena, g->root, name, g->domain->partition, e);
    return m->place != NULL;
}

static bool plan(struct making *m, struct err *e)
{
    struct cgroup_wishes wishes;
    struct guard *g = m->g;
    if (!cgroup_wishes(g->domain, g->arena, &wishes, e))
        return false;
    for (size_t i = 0; i < m->found.n; i++)
        m->parts[i].tree = &m->found.tree[i];
    find_threads(m);
    devices(m);
    for (size_t i = 0; i < wishes.all.n; i++)
        if (!fulfil(m, wishes.all.v[i], e))
            return false;
    for (size_t i = 0; i < m->found.n; i++) {
        struct part *p = &m->parts[i];
        complete_subs(m, p);
        /* Without anything to set, too: what belongs to the guest can be ended by it. */
        if (p->tree->v2 && !p->tree->refused)
            use(m, p);
    }
    add_scope(m);
    for (size_t i = 0; i < m->found.n; i++) {
        struct part *p = &m->parts[i];
        if (p->dir && !add_part(m, p, e))
            return false;
        if (p->dir)
            guard_add_process(g, "cgroup", p->dir, NULL);
    }
    join_scope(m);
    add_threads(m);
    return pin_emulator(m, e) && numa_policy(m, e);
}

bool cgroup_layer(struct guard *g, struct err *e)
{
    struct making m = { .g = g };
    g->enter.cgroup.into = -1;
    if (!cgroup_find(&m.found, g->arena, g->cgroup_root, g->conf, e) || (m.found.n && !find_place(&m, e)))
        return false;
    say_none(&m);
    if (m.why_none)
        guard_add_process(g, "cgroup", NULL, m.why_none);
    /* A user has none as a rule; root should know. */
    if (m.why_none && geteuid() == 0 && conf_value(g->conf, "cgroup_controllers")->list.n)
        note_add(g->notes, "no control group, no device rules: %s", m.why_none);
    bool ok = plan(&m, e);
    for (size_t i = 0; i < m.found.n; i++) {
        str_release(&m.parts[i].settings);
        for (size_t k = 0; k < m.parts[i].subs.n; k++)
            str_release(&m.parts[i].subs.v[k]->settings);
    }
    return ok;
}
