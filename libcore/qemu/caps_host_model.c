/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "qemu/caps.h"
#include "qemu/caps_image.h"

const char *caps_cpu_vendor(const char *model)
{
    static const char *const vendors[][2] = {
        { "486", "unknown" },   { "kvm", "unknown" }, { "pentium", "unknown" }, { "qemu", "unknown" }, { "athlon", "AMD" },
        { "phenom", "AMD" },    { "Opteron", "AMD" }, { "EPYC", "AMD" },        { "Dhyana", "Hygon" },
        { "YongFeng", "unknown" }, { "max", "unknown" }, { "host", "unknown" }, { "base", "unknown" },
    };
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++)
        if (str_starts(model, vendors[i][0]))
            return vendors[i][1];
    return "Intel";
}

const char *caps_feature_libvirt(const char *qemu)
{
    static const char *const names[][2] = {
        { "cmp-legacy", "cmp_legacy" },     { "ffxsr", "fxsr_opt" },       { "fxsr-opt", "fxsr_opt" },
        { "i64", "lm" },                    { "lahf-lm", "lahf_lm" },      { "nodeid-msr", "nodeid_msr" },
        { "pclmulqdq", "pclmuldq" },        { "perfctr-core", "perfctr_core" }, { "perfctr-nb", "perfctr_nb" },
        { "tsc-adjust", "tsc_adjust" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (streq(names[i][0], qemu))
            return names[i][1];
    return qemu;
}

/* A sorted set of names. */
struct set {
    size_t n;
    const char **v;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paravirtual features are not of the processor: they come and go with <features>, not with its model. */
static bool is_cpu_feature(const char *name)
{
    return !str_starts(name, "kvm") && !str_starts(name, "hv-") && !str_starts(name, "vmx-");
}

static void set_add_words(struct arena *a, struct set *s, const char *words, char separator, bool on_only)
{
    size_t n = 1;
    for (const char *p = words; *p; p++)
        n += *p == separator;
    const char **v = arena_array(a, s->n + n, sizeof *v);
    if (s->n)
        memcpy(v, s->v, s->n * sizeof *v);
    s->v = v;
    while (*words) {
        const char *end = strchrnul(words, separator), *eq = memchr(words, '=', (size_t)(end - words));
        char *name = arena_strndup(a, words, (size_t)((eq ? eq : end) - words));
        bool on = !eq || strncmp(eq, "=true", 5) == 0;
        if (*name && is_cpu_feature(name) && (on || !on_only))
            s->v[s->n++] = name;
        words = *end ? end + 1 : end;
    }
    if (s->n)
        qsort(s->v, s->n, sizeof *s->v, by_text);
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!kept || strcmp(s->v[i], s->v[kept - 1]) != 0)
            s->v[kept++] = s->v[i];
    s->n = kept;
}

/* What want has and model has not (require), and the other way round. Returns how many; counts only without out. */
static size_t differences(const struct set *want, const struct set *model, struct caps_host_feature *out)
{
    size_t i = 0, j = 0, n = 0;
    while (i < want->n || j < model->n) {
        int d = i == want->n ? 1 : j == model->n ? -1 : strcmp(want->v[i], model->v[j]);
        if (d && out)
            out[n] = (struct caps_host_feature){ d < 0 ? want->v[i] : model->v[j], d < 0 };
        n += d != 0;
        i += d <= 0;
        j += d >= 0;
    }
    return n;
}

static const char *vendor_of(const char *id)
{
    static const char *const names[][2] = { { "AuthenticAMD", "AMD" }, { "GenuineIntel", "Intel" }, { "HygonGenuine", "Hygon" } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (streq(names[i][0], id))
            return names[i][1];
    return NULL;
}

static const char *expansion(struct caps *c, const char *name)
{
    struct span v;
    return caps_find(c, "expansion", (struct span){ name, strlen(name) }, &v) ? arena_strndup(caps_arena(c), v.p, v.n) : NULL;
}

const struct caps_host_model *caps_host_model_make(struct caps *c)
{
    const char *host = expansion(c, caps_kvm(c) ? "host" : "max"), *name, *features;
    struct caps_host_model *best = arena_alloc(caps_arena(c), sizeof *best);
    struct arena *scratch = arena_new();
    struct set want = { 0, NULL };
    if (host)
        set_add_words(caps_arena(c), &want, host, ' ', true);
    const char *vendor = vendor_of(caps_cpu_feature(c, caps_kvm(c) ? "host" : "max", "vendor"));
    for (size_t at = 0; host && caps_each(c, "model", &at, &name, &features);) {
        struct set have = { 0, NULL };
        const struct caps_cpu *cpu = caps_cpu(c, name);
        const char *of = caps_cpu_vendor(name);
        if (!streq(of, "unknown") && vendor && !streq(of, vendor))
            continue;
        set_add_words(scratch, &have, features, ' ', false);
        if (cpu && cpu->missing)
            set_add_words(scratch, &have, cpu->missing, ',', false);
        size_t n = differences(&want, &have, NULL);
        if (best->model && n >= best->n)
            continue;
        struct caps_host_feature *list = arena_array(caps_arena(c), n + 1, sizeof *list);
        differences(&want, &have, list);
        for (size_t i = 0; i < n; i++)
            list[i].name = arena_strdup(caps_arena(c), list[i].name);
        *best = (struct caps_host_model){ name, vendor, n, list };
    }
    arena_free(scratch);
    return best->model ? best : NULL;
}
