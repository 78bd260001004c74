/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/caps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "qemu/caps_image.h"

enum { MAX_IMAGE = 64 << 20, BUCKETS = 64 };

struct kept {
    struct kept *next;
    const char *at; /* place in the image */
    void *what;
};

struct caps {
    const char *image;
    size_t n;
    int fd; /* of the mapped file, -1 */
    struct arena *arena;
    struct kept *texts[BUCKETS], *machines, *cpus;
    const struct caps_host_model *host_model;
    bool host_model_known;
    const char *type_asked, *model_found; /* caps_cpu_of_type's last answer: a run asks one thing again and again */
};

static struct caps *checked(struct caps *c, struct err *e)
{
    static const size_t magic = sizeof CAPS_MAGIC - 1;
    if (c->n >= magic && memcmp(c->image, CAPS_MAGIC, magic) == 0)
        return c;
    err_set(e, ST_FAILED, "not a capabilities file of this version (it does not begin with \"%.*s\"; make it with: caps-probe --export)",
            (int)(magic - 1), CAPS_MAGIC);
    caps_free(c);
    return NULL;
}

static struct caps *caps_new(const char *image, size_t n, int fd)
{
    struct arena *a = arena_new();
    struct caps *c = arena_alloc(a, sizeof *c);
    *c = (struct caps){ .image = image, .n = n, .fd = fd, .arena = a };
    return c;
}

struct caps *caps_load(const void *image, size_t n, struct err *e)
{
    char *copy = malloc(n ? n : 1);
    if (!copy) {
        err_errno(e, "cannot keep capabilities");
        return NULL;
    }
    if (n)
        memcpy(copy, image, n);
    return checked(caps_new(copy, n, -1), e);
}

struct caps *caps_map(int fd, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        err_errno(e, "cannot read capabilities");
        return NULL;
    }
    if (st.st_size <= 0 || st.st_size > MAX_IMAGE) {
        err_set(e, ST_FAILED, "not a capabilities file: its size is %lld bytes", (long long)st.st_size);
        return NULL;
    }
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (p == MAP_FAILED) {
        err_errno(e, "cannot map capabilities");
        return NULL;
    }
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own >= 0)
        return checked(caps_new(p, (size_t)st.st_size, own), e);
    err_errno(e, "cannot map capabilities");
    munmap(p, (size_t)st.st_size);
    return NULL;
}

int caps_dup_fd(const struct caps *c)
{
    return fcntl(c->fd, F_DUPFD_CLOEXEC, 3);
}

struct caps *caps_read(const char *path, struct err *e)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, path, MAX_IMAGE, false, &text) < 0) {
        err_errno(e, "cannot read %s", path);
        return NULL;
    }
    struct caps *c = caps_load(str_text(&text), text.len, e);
    if (!c)
        err_wrap(e, "%s", path);
    return c;
}

void caps_free(struct caps *c)
{
    if (!c)
        return;
    if (c->fd >= 0) {
        munmap((void *)(uintptr_t)c->image, c->n);
        close(c->fd);
    } else {
        free((void *)(uintptr_t)c->image);
    }
    arena_free(c->arena);
}

const char *caps_image(const struct caps *c, size_t *n)
{
    *n = c->n;
    return c->image;
}

/* --- looking up ---------------------------------------------------------------------------- */

static int compare_part(const char **line, size_t *left, const char *part, size_t n)
{
    size_t m = *left < n ? *left : n;
    int d = memcmp(*line, part, m);
    if (d || m < n)
        return d ? d : -1;
    *line += m;
    *left -= m;
    return 0;
}

/* Key of the line [line, line + n) against "kind name". */
static int compare_key(const char *line, size_t n, const char *kind, const char *name, size_t name_len)
{
    const char *tab = memchr(line, '\t', n);
    size_t left = tab ? (size_t)(tab - line) : n;
    int d = compare_part(&line, &left, kind, strlen(kind));
    if (d == 0)
        d = compare_part(&line, &left, " ", 1);
    if (d == 0)
        d = compare_part(&line, &left, name, name_len);
    return d ? d : left > 0;
}

/* Start of the first line whose key is not below "kind name"; exact: it is that key. */
static size_t lower_bound(const struct caps *c, const char *kind, const char *name, size_t name_len, bool *exact)
{
    size_t lo = 0, hi = c->n;
    *exact = false;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const char *before = memrchr(c->image + lo, '\n', mid - lo);
        size_t start = before ? (size_t)(before - c->image) + 1 : lo;
        const char *nl = memchr(c->image + mid, '\n', c->n - mid);
        size_t end = nl ? (size_t)(nl - c->image) : c->n;
        int d = compare_key(c->image + start, end - start, kind, name, name_len);
        if (d == 0) {
            *exact = true;
            return start;
        }
        if (d < 0)
            lo = end < c->n ? end + 1 : c->n;
        else
            hi = start;
    }
    return lo;
}

static struct span value_at(const struct caps *c, size_t start, struct span *key)
{
    const char *line = c->image + start;
    const char *nl = memchr(line, '\n', c->n - start);
    size_t n = nl ? (size_t)(nl - line) : c->n - start;
    const char *tab = memchr(line, '\t', n);
    if (key)
        *key = (struct span){ line, tab ? (size_t)(tab - line) : n };
    return tab ? (struct span){ tab + 1, n - (size_t)(tab + 1 - line) } : (struct span){ line + n, 0 };
}

bool caps_find(const struct caps *c, const char *kind, struct span name, struct span *value)
{
    bool exact;
    size_t at = lower_bound(c, kind, name.p, name.n, &exact);
    if (exact)
        *value = value_at(c, at, NULL);
    return exact;
}

static bool find(const struct caps *c, const char *kind, const char *name, struct span *value)
{
    return caps_find(c, kind, (struct span){ name, strlen(name) }, value);
}

/* Takes the next word; words are separated by single blanks. */
bool span_word(struct span *rest, struct span *word)
{
    while (rest->n && *rest->p == ' ') {
        rest->p++;
        rest->n--;
    }
    if (!rest->n)
        return false;
    const char *blank = memchr(rest->p, ' ', rest->n);
    size_t n = blank ? (size_t)(blank - rest->p) : rest->n;
    *word = (struct span){ rest->p, n };
    rest->p += n;
    rest->n -= n;
    return true;
}

/* The value of "name=value" among the words of text; a bare "name" has an empty one. */
static bool word_value(struct span text, const char *name, struct span *value)
{
    size_t n = strlen(name);
    struct span w;
    while (span_word(&text, &w))
        if (w.n >= n && memcmp(w.p, name, n) == 0 && (w.n == n || w.p[n] == '=')) {
            *value = w.n == n ? (struct span){ w.p + n, 0 } : (struct span){ w.p + n + 1, w.n - n - 1 };
            return true;
        }
    return false;
}

static struct kept *kept_at(struct kept *k, const char *at)
{
    while (k && k->at != at)
        k = k->next;
    return k;
}

static struct kept *keep_at(struct caps *c, struct kept **list, const char *at, void *what)
{
    struct kept *k = arena_alloc(c->arena, sizeof *k);
    *k = (struct kept){ *list, at, what };
    return *list = k;
}

/* The span as a string of its own: made once, however often it is asked for. */
static const char *keep(struct caps *c, struct span s)
{
    struct kept **bucket = &c->texts[(uintptr_t)s.p / 8 % BUCKETS];
    struct kept *k = kept_at(*bucket, s.p);
    if (!k || strlen(k->what) != s.n)
        k = keep_at(c, bucket, s.p, arena_strndup(c->arena, s.p, s.n));
    return k->what;
}

static const char *keep_word(struct caps *c, struct span text, const char *name)
{
    struct span v;
    return word_value(text, name, &v) && v.n ? keep(c, v) : NULL;
}

static bool has_word(struct span text, const char *name)
{
    struct span v;
    return word_value(text, name, &v);
}

/* --- questions ----------------------------------------------------------------------------- */

const char *caps_fact(struct caps *c, const char *name)
{
    struct span v;
    return find(c, "fact", name, &v) ? keep(c, v) : NULL;
}

static unsigned number(const char *text)
{
    uint64_t n;
    return text && parse_u64(text, &n) && n <= UINT32_MAX ? (unsigned)n : 0;
}

unsigned caps_version(struct caps *c)
{
    return number(caps_fact(c, "version"));
}

unsigned caps_bits(struct caps *c)
{
    return number(caps_fact(c, "bits")) == 32 ? 32 : 64;
}

bool caps_kvm(struct caps *c)
{
    return streq(caps_fact(c, "accel"), "kvm") && streq(caps_fact(c, "kvm"), "enabled");
}

bool caps_device(struct caps *c, const char *device)
{
    struct span v;
    return find(c, "device", device, &v);
}

bool caps_prop(struct caps *c, const char *device, const char *prop)
{
    struct span v;
    return find(c, "device", device, &v) && has_word(v, prop);
}

const char *caps_prop_type(struct caps *c, const char *device, const char *prop)
{
    struct span v;
    return find(c, "device", device, &v) ? keep_word(c, v, prop) : NULL;
}

bool caps_object(struct caps *c, const char *type)
{
    struct span v;
    return find(c, "qom", type, &v);
}

bool caps_command(struct caps *c, const char *command)
{
    struct span v;
    return find(c, "command", command, &v);
}

bool caps_event(struct caps *c, const char *event)
{
    struct span v;
    return find(c, "event", event, &v);
}

bool caps_option(struct caps *c, const char *group, const char *parameter)
{
    struct span v;
    return find(c, "option", group, &v) && (!parameter || has_word(v, parameter));
}

bool caps_json_device(struct caps *c)
{
    return caps_schema(c, "device_add/$json-cli");
}

bool caps_json_object(struct caps *c)
{
    return caps_schema(c, "object-add/arg/qom-type/=secret");
}

bool caps_json_netdev(struct caps *c)
{
    return caps_schema(c, "netdev_add/arg/type/=dgram");
}

static struct caps_machine *machine_parse(struct caps *c, struct span name, struct span v)
{
    const char *max = keep_word(c, v, "max"), *acpi = keep_word(c, v, "acpi");
    struct caps_machine *m = arena_alloc(c->arena, sizeof *m);
    *m = (struct caps_machine){
        .name = arena_strndup(c->arena, name.p, name.n),
        .alias = keep_word(c, v, "alias"),
        .cpu_type = keep_word(c, v, "cpu"),
        .ram_id = keep_word(c, v, "ram"),
        .cpu_max = number(max),
        .hotpluggable_cpus = has_word(v, "hotplug"),
        .numa_mem = has_word(v, "numa"),
        .deprecated = has_word(v, "deprecated"),
        .is_default = has_word(v, "default"),
        .acpi = acpi ? streq(acpi, "yes") : -1,
    };
    return m;
}

const struct caps_machine *caps_machine(struct caps *c, const char *name)
{
    struct span value, canonical;
    if (!name)
        name = caps_fact(c, "machine");
    /* QEMU has no default for ARM any more; a domain that names none has always meant this one. */
    if (!name)
        name = "integratorcp";
    canonical = (struct span){ name, strlen(name) };
    if (!caps_find(c, "machine", canonical, &value) &&
        !(find(c, "alias", name, &canonical) && caps_find(c, "machine", canonical, &value)))
        return NULL;
    struct kept *k = kept_at(c->machines, value.p);
    if (!k)
        k = keep_at(c, &c->machines, value.p, machine_parse(c, canonical, value));
    return k->what;
}

const struct caps_cpu *caps_cpu(struct caps *c, const char *name)
{
    struct span v;
    if (!find(c, "cpu", name, &v))
        return NULL;
    struct kept *k = kept_at(c->cpus, v.p);
    if (k)
        return k->what;
    const char *usable = keep_word(c, v, "usable");
    struct caps_cpu *cpu = arena_alloc(c->arena, sizeof *cpu);
    *cpu = (struct caps_cpu){
        .name = arena_strdup(c->arena, name),
        .type = keep_word(c, v, "type"),
        .alias_of = keep_word(c, v, "alias"),
        .missing = keep_word(c, v, "missing"),
        .usable = usable ? streq(usable, "yes") : -1,
        .deprecated = has_word(v, "deprecated"),
        .migratable = has_word(v, "migratable"),
        .is_static = has_word(v, "static"),
    };
    keep_at(c, &c->cpus, v.p, cpu);
    return cpu;
}

/* Length of what stands before "-TARGET-cpu". */
static size_t type_stem(const char *type)
{
    size_t n = strlen(type);
    if (!str_ends(type, "-cpu"))
        return n;
    for (n -= strlen("-cpu"); n && type[n - 1] != '-'; n--)
        ;
    return n ? n - 1 : 0;
}

const char *caps_cpu_of_type(struct caps *c, const char *type)
{
    size_t at = 0;
    const char *name, *value;
    if (streq(c->type_asked, type))
        return c->model_found;
    c->type_asked = arena_strdup(c->arena, type);
    c->model_found = NULL;
    /* Most types are named after their model, "qemu64-x86_64-cpu"; of those with a version in it ("power9_v2.0")
     * there may be a shorter one. */
    const char *stem = arena_strndup(c->arena, type, type_stem(type));
    const struct caps_cpu *own = strchr(stem, '_') ? NULL : caps_cpu(c, stem);
    if (own && streq(own->type, type))
        return c->model_found = own->name;
    while (caps_each(c, "cpu", &at, &name, &value)) {
        const struct caps_cpu *cpu = caps_cpu(c, name);
        if (cpu && streq(cpu->type, type) && (!c->model_found || strlen(name) < strlen(c->model_found)))
            c->model_found = name;
    }
    return c->model_found;
}

const char *caps_cpu_feature(struct caps *c, const char *model, const char *feature)
{
    struct span v;
    return find(c, "expansion", model, &v) ? keep_word(c, v, feature) : NULL;
}

struct arena *caps_arena(struct caps *c)
{
    return c->arena;
}

const struct caps_host_model *caps_host_model(struct caps *c)
{
    if (!c->host_model_known)
        c->host_model = caps_host_model_make(c);
    c->host_model_known = true;
    return c->host_model;
}

bool caps_each(struct caps *c, const char *kind, size_t *at, const char **name, const char **value)
{
    bool exact;
    size_t k = strlen(kind);
    if (*at == 0)
        *at = lower_bound(c, kind, "", 0, &exact);
    if (*at >= c->n)
        return false;
    struct span key, v = value_at(c, *at, &key);
    if (key.n <= k || memcmp(key.p, kind, k) != 0 || key.p[k] != ' ')
        return false;
    *name = keep(c, (struct span){ key.p + k + 1, key.n - k - 1 });
    *value = v.n ? keep(c, v) : "";
    *at = (size_t)(v.p + v.n - c->image) + 1;
    return true;
}

bool caps_word(const char **value, char *key, size_t size, const char **of)
{
    for (;;) {
        const char *p = *value + strspn(*value, " ");
        size_t n = strcspn(p, " ");
        if (!n)
            return false;
        *value = p + n;
        if (n >= size)
            continue;
        memcpy(key, p, n);
        key[n] = 0;
        char *eq = strchr(key, '=');
        if (eq)
            *eq = 0;
        *of = eq ? eq + 1 : "";
        return true;
    }
}
