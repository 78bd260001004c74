/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/facts.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

struct reader {
    struct arena *a;
    const char *root;
};

/* --- reading ------------------------------------------------------------------------------- */

/* The file's text without its last newline, NULL if there is none. */
static char *text_of(const struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static char *text_of(const struct reader *r, const char *fmt, ...)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s", r->root);
    if ((size_t)n >= sizeof path)
        return NULL;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(path + n, sizeof path - (size_t)n, fmt, ap);
    va_end(ap);
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, path, 4 << 20, false, &text) < 0)
        return NULL;
    while (text.len && isspace((unsigned char)text.p[text.len - 1]))
        text.p[--text.len] = 0;
    return arena_strdup(r->a, str_text(&text));
}

static uint64_t number(const char *text)
{
    return text ? strtoull(text, NULL, 0) : 0;
}

/* "0-2,5": calls f for each, at most 65536 of them. */
static void each_in_list(const char *list, void (*f)(void *arg, unsigned n), void *arg)
{
    while (list && isdigit((unsigned char)*list)) {
        char *end;
        unsigned long lo = strtoul(list, &end, 10), hi = lo;
        if (*end == '-')
            hi = strtoul(end + 1, &end, 10);
        for (unsigned long i = lo; i <= hi && i < 65536; i++)
            f(arg, (unsigned)i);
        list = *end == ',' ? end + 1 : end;
    }
}

/* The value of "key<blanks>: value" in the first paragraph of /proc/cpuinfo. */
static const char *field(struct arena *a, const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = text; line && *line && *line != '\n'; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        const char *p = line;
        if (strncmp(p, key, n) != 0)
            continue;
        p += n;
        p += strspn(p, " \t");
        if (*p == ':') {
            p += 1 + strspn(p + 1, " \t");
            return arena_strndup(a, p, strcspn(p, "\n"));
        }
    }
    return NULL;
}

/* --- the processor ------------------------------------------------------------------------- */

/* Where the kernel's name of a feature is not libvirt's. NULL: no feature but a remark of the kernel's. */
static const char *const feature_names[][2] = {
    { "avx512_4fmaps", "avx512-4fmaps" },
    { "avx512_4vnniw", "avx512-4vnniw" },
    { "avx512_bf16", "avx512-bf16" },
    { "avx512_bitalg", "avx512bitalg" },
    { "avx512_fp16", "avx512-fp16" },
    { "avx512_vbmi2", "avx512vbmi2" },
    { "avx512_vnni", "avx512vnni" },
    { "avx512_vp2intersect", "avx512-vp2intersect" },
    { "avx512_vpopcntdq", "avx512-vpopcntdq" },
    { "avx_vnni", "avx-vnni" },
    { "amx_bf16", "amx-bf16" },
    { "amx_int8", "amx-int8" },
    { "amx_tile", "amx-tile" },
    { "arch_capabilities", "arch-capabilities" },
    { "constant_tsc", NULL },
    { "cpuid", NULL },
    { "cr8_legacy", "cr8legacy" },
    { "extd_apicid", NULL },
    { "flush_l1d", NULL },
    { "md_clear", "md-clear" },
    { "nonstop_tsc", "invtsc" },
    { "nopl", NULL },
    { "pclmulqdq", "pclmuldq" },
    { "rep_good", NULL },
    { "sha_ni", "sha-ni" },
    { "sse4_1", "sse4.1" },
    { "sse4_2", "sse4.2" },
    { "tsc_deadline_timer", "tsc-deadline" },
    { "tsc_known_freq", NULL },
    { "tsc_reliable", NULL },
    { "xtopology", NULL },
};

static const char *feature_name(const char *flag)
{
    for (size_t i = 0; i < sizeof feature_names / sizeof *feature_names; i++)
        if (strcmp(feature_names[i][0], flag) == 0)
            return feature_names[i][1];
    return flag;
}

static void read_features(const struct reader *r, struct host_cpu *cpu, const char *flags)
{
    if (!flags)
        return;
    char *save = NULL, *copy = arena_strdup(r->a, flags);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        const char *name = feature_name(w);
        if (!name)
            continue;
        struct host_text *t = arena_alloc(r->a, sizeof *t);
        t->s = name;
        list_add(r->a, &cpu->features, t);
    }
}

static const char *vendor_name(const char *id)
{
    static const char *const names[][2] = { { "AuthenticAMD", "AMD" }, { "GenuineIntel", "Intel" }, { "HygonGenuine", "Hygon" } };
    for (size_t i = 0; id && i < sizeof names / sizeof *names; i++)
        if (streq(names[i][0], id))
            return names[i][1];
    return NULL;
}

static void read_cpu(const struct reader *r, struct host_cpu *cpu)
{
    const char *info = text_of(r, "/proc/cpuinfo");
    const char *arch = *r->root ? text_of(r, "/etc/arch") : NULL;
    struct utsname u;
    cpu->arch = arch ? arch : uname(&u) == 0 ? arena_strdup(r->a, u.machine) : "unknown";
    cpu->vendor_id = field(r->a, info, "vendor_id");
    cpu->vendor = vendor_name(cpu->vendor_id);
    cpu->model_name = field(r->a, info, "model name");
    cpu->family = (unsigned)number(field(r->a, info, "cpu family"));
    cpu->model = (unsigned)number(field(r->a, info, "model"));
    cpu->stepping = (unsigned)number(field(r->a, info, "stepping"));
    cpu->microcode = (unsigned)number(field(r->a, info, "microcode"));
    cpu->phys_bits = (unsigned)number(field(r->a, info, "address sizes"));
    const char *flags = field(r->a, info, "flags");
    read_features(r, cpu, flags ? flags : field(r->a, info, "Features"));
}

/* --- nodes and threads --------------------------------------------------------------------- */

struct node_reader {
    const struct reader *r;
    struct host_node *node;
};

static void add_thread(void *arg, unsigned id)
{
    struct node_reader *nr = arg;
    const struct reader *r = nr->r;
    const char *core = text_of(r, "/sys/devices/system/cpu/cpu%u/topology/core_id", id);
    const char *siblings = text_of(r, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", id);
    struct host_thread *t = arena_alloc(r->a, sizeof *t);
    long long die = (long long)number(text_of(r, "/sys/devices/system/cpu/cpu%u/topology/die_id", id));
    *t = (struct host_thread){
        .id = id,
        .socket = (unsigned)number(text_of(r, "/sys/devices/system/cpu/cpu%u/topology/physical_package_id", id)),
        .die = die < 0 || die > UINT32_MAX ? 0 : (unsigned)die,
        .core = (unsigned)number(core),
        .siblings = siblings ? siblings : arena_printf(r->a, "%u", id),
    };
    if (core) /* without: offline */
        list_add(r->a, &nr->node->cpus, t);
}

static void add_pages(const struct reader *r, struct host_node *n, uint64_t kib, uint64_t count)
{
    struct host_pages *p = arena_alloc(r->a, sizeof *p);
    *p = (struct host_pages){ kib, count };
    size_t at = 0;
    while (at < n->pages.n && n->pages.v[at]->kib < kib)
        at++;
    list_insert(r->a, &n->pages, at, p);
}

static void read_pages(const struct reader *r, struct host_node *n, const char *dir)
{
    char path[PATH_MAX];
    uint64_t huge = 0, small = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
    snprintf(path, sizeof path, "%s%s", r->root, dir);
    autodir DIR *d = opendir(path);
    struct dirent *entry;
    while (d && (entry = readdir(d))) {
        unsigned long long kib;
        if (sscanf(entry->d_name, "hugepages-%llukB", &kib) != 1)
            continue;
        uint64_t count = number(text_of(r, "%s/%s/nr_hugepages", dir, entry->d_name));
        add_pages(r, n, kib, count);
        huge += kib * count;
    }
    add_pages(r, n, small, n->memory_kib > huge ? (n->memory_kib - huge) / small : 0);
}

static void read_distances(const struct reader *r, struct host_node *n)
{
    char *text = text_of(r, "/sys/devices/system/node/node%u/distance", n->id), *save = NULL;
    unsigned i = 0;
    for (char *w = text ? strtok_r(text, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save)) {
        struct host_distance *d = arena_alloc(r->a, sizeof *d);
        *d = (struct host_distance){ i++, (unsigned)number(w) };
        list_add(r->a, &n->distances, d);
    }
}

static uint64_t mem_total(const char *text)
{
    const char *at = text ? strstr(text, "MemTotal:") : NULL;
    return at ? strtoull(at + 9, NULL, 10) : 0;
}

struct nodes_reader {
    const struct reader *r;
    struct host_facts *h;
};

static struct host_node *node_new(const struct reader *r, struct host_facts *h, unsigned id)
{
    struct host_node *n = arena_alloc(r->a, sizeof *n);
    n->id = id;
    list_add(r->a, &h->nodes, n);
    return n;
}

static void add_node(void *arg, unsigned id)
{
    struct nodes_reader *nr = arg;
    const struct reader *r = nr->r;
    struct host_node *n = node_new(r, nr->h, id);
    n->memory_kib = mem_total(text_of(r, "/sys/devices/system/node/node%u/meminfo", id));
    read_pages(r, n, arena_printf(r->a, "/sys/devices/system/node/node%u/hugepages", id));
    read_distances(r, n);
    each_in_list(text_of(r, "/sys/devices/system/node/node%u/cpulist", id), add_thread, &(struct node_reader){ r, n });
}

static void read_nodes(const struct reader *r, struct host_facts *h)
{
    const char *online = text_of(r, "/sys/devices/system/node/online");
    each_in_list(online, add_node, &(struct nodes_reader){ r, h });
    if (h->nodes.n)
        return;
    struct host_node *n = node_new(r, h, 0);
    n->memory_kib = mem_total(text_of(r, "/proc/meminfo"));
    read_pages(r, n, "/sys/kernel/mm/hugepages");
    each_in_list(text_of(r, "/sys/devices/system/cpu/online"), add_thread, &(struct node_reader){ r, n });
}

static void count_in_list(void *arg, unsigned n)
{
    (void)n;
    ++*(unsigned *)arg;
}

/* Sockets, dies, cores and threads as the largest of each; what is uneven shows in the nodes. */
static void read_shape(struct host_facts *h)
{
    unsigned cpus = 0, sockets = 0, dies = 0, threads = 0;
    for (size_t i = 0; i < h->nodes.n; i++)
        for (size_t j = 0; j < h->nodes.v[i]->cpus.n; j++) {
            const struct host_thread *t = h->nodes.v[i]->cpus.v[j];
            unsigned siblings = 0;
            each_in_list(t->siblings, count_in_list, &siblings);
            cpus++;
            sockets = t->socket + 1 > sockets ? t->socket + 1 : sockets;
            dies = t->die + 1 > dies ? t->die + 1 : dies;
            threads = siblings > threads ? siblings : threads;
        }
    struct host_cpu *c = &h->cpu;
    c->sockets = sockets ? sockets : 1;
    c->dies = dies ? dies : 1;
    c->threads = threads ? threads : 1;
    c->cores = cpus / (c->sockets * c->dies * c->threads);
    c->cores = c->cores ? c->cores : 1;
}

/* --- the rest ------------------------------------------------------------------------------ */

static void add_cache(const struct reader *r, struct host_facts *h, struct host_cache c)
{
    for (size_t i = 0; i < h->caches.n; i++)
        if (h->caches.v[i]->level == c.level && streq(h->caches.v[i]->cpus, c.cpus) && streq(h->caches.v[i]->type, c.type))
            return;
    struct host_cache *copy = arena_alloc(r->a, sizeof *copy);
    *copy = c;
    list_add(r->a, &h->caches, copy);
}

static void read_caches(const struct reader *r, struct host_facts *h, unsigned cpu)
{
    for (unsigned i = 0; i < 8; i++) {
        const char *level = text_of(r, "/sys/devices/system/cpu/cpu%u/cache/index%u/level", cpu, i);
        if (!level)
            return;
        const char *type = text_of(r, "/sys/devices/system/cpu/cpu%u/cache/index%u/type", cpu, i);
        const char *cpus = text_of(r, "/sys/devices/system/cpu/cpu%u/cache/index%u/shared_cpu_list", cpu, i);
        if (number(level) < 3 || !cpus)
            continue;
        add_cache(r, h, (struct host_cache){
            .id = (unsigned)number(text_of(r, "/sys/devices/system/cpu/cpu%u/cache/index%u/id", cpu, i)),
            .level = (unsigned)number(level),
            .type = streq(type, "Instruction") ? "code" : streq(type, "Data") ? "data" : "both",
            .kib = number(text_of(r, "/sys/devices/system/cpu/cpu%u/cache/index%u/size", cpu, i)),
            .cpus = cpus,
        });
    }
}

static void read_uuid(const struct reader *r, char uuid[37])
{
    const char *text = text_of(r, "/sys/class/dmi/id/product_uuid");
    char hex[33];
    size_t n = 0;
    if (!text)
        text = text_of(r, "/etc/machine-id");
    for (; text && *text && n < 32; text++)
        if (isxdigit((unsigned char)*text))
            hex[n++] = (char)tolower((unsigned char)*text);
    hex[n] = 0;
    if (n == 32)
        snprintf(uuid, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static bool has_entries(const struct reader *r, const char *dir)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", r->root, dir);
    autodir DIR *d = opendir(path);
    struct dirent *entry;
    while (d && (entry = readdir(d)))
        if (entry->d_name[0] != '.')
            return true;
    return false;
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; p && (p = strstr(p, word)); p += n)
        if ((p == text || p[-1] == ' ') && (!p[n] || p[n] == ' '))
            return true;
    return false;
}

/* The policy's first line is for KVM, its second, where there is one, for TCG. */
static void read_selinux(const struct reader *r, struct host_facts *h)
{
    const char *config = text_of(r, "/etc/selinux/config"), *type = config ? strstr(config, "SELINUXTYPE=") : NULL;
    h->selinux = text_of(r, "/sys/fs/selinux/enforce") != NULL;
    if (!h->selinux || !type)
        return;
    type += sizeof "SELINUXTYPE=" - 1;
    char *contexts = text_of(r, "/etc/selinux/%.*s/contexts/virtual_domain_context", (int)strcspn(type, " \t\n"), type);
    if (!contexts || !*contexts)
        return;
    char *second = strchr(contexts, '\n');
    if (second)
        *second++ = 0;
    h->selinux_kvm = contexts;
    h->selinux_tcg = second ? arena_strndup(r->a, second, strcspn(second, "\n")) : contexts;
}

const struct host_facts *host_facts(struct arena *a, const char *sysroot)
{
    struct reader r = { a, sysroot ? sysroot : "" };
    struct host_facts *h = arena_alloc(a, sizeof *h);
    read_uuid(&r, h->uuid);
    read_cpu(&r, &h->cpu);
    read_nodes(&r, h);
    read_shape(h);
    for (size_t i = 0; i < h->nodes.n; i++)
        for (size_t j = 0; j < h->nodes.v[i]->cpus.n; j++)
            read_caches(&r, h, h->nodes.v[i]->cpus.v[j]->id);
    h->iommu = has_entries(&r, "/sys/kernel/iommu_groups");
    const char *state = text_of(&r, "/sys/power/state"), *disk = text_of(&r, "/sys/power/disk");
    h->suspend_mem = has_word(state, "mem");
    h->suspend_disk = has_word(state, "disk");
    h->suspend_hybrid = h->suspend_mem && h->suspend_disk && has_word(disk, "suspend");
    read_selinux(&r, h);
    h->apparmor = streq(text_of(&r, "/sys/module/apparmor/parameters/enabled"), "Y");
    return h;
}
