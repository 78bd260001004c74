/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/caps_digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_pull.h"
#include "qemu/arch.h"
#include "qemu/caps.h"

struct caps_digest {
    struct caps_writer *writer;
    struct str name, value; /* of the line in the making */
    struct str accels;
    struct arena *arena;
    LIST(const char) models; /* CPU models whose features are asked for when their names are known */
    size_t models_asked;
    bool x86;
    unsigned next; /* the question that is answered next */
    bool greeted;
};

typedef void taker(struct caps_digest *d, struct pull *p);

/* --- building lines ------------------------------------------------------------------------ */

static void add_span(struct str *out, struct span s)
{
    str_addn(out, s.p, s.n);
}

/* A word of the value: sigil or "key=", and text whose blanks would end the word. */
static void add_word(struct str *out, const char *prefix, struct span s)
{
    if (out->len)
        str_addc(out, ' ');
    str_add(out, prefix);
    for (size_t i = 0; i < s.n; i++)
        str_addc(out, (unsigned char)s.p[i] > ' ' && s.p[i] != 0x7f ? s.p[i] : '_');
}

static void add_key_value(struct str *out, struct span key, struct span value)
{
    add_word(out, "", key);
    str_addc(out, '=');
    struct str word = STR_INIT;
    add_word(&word, "", value);
    str_add(out, str_text(&word));
    str_release(&word);
}

static void flag(struct str *out, const char *word, bool set)
{
    if (set)
        add_word(out, word, (struct span){ "", 0 });
}

static void begin(struct caps_digest *d)
{
    str_clear(&d->name);
    str_clear(&d->value);
}

static void put(struct caps_digest *d, const char *kind)
{
    caps_put(d->writer, kind, str_text(&d->name), str_text(&d->value));
}

static void fact(struct caps_digest *d, const char *name, struct span value)
{
    begin(d);
    for (size_t i = 0; i < value.n; i++)
        str_addc(&d->value, (unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f ? '_' : value.p[i]);
    caps_put(d->writer, "fact", name, str_text(&d->value));
}

static void fact_text(struct caps_digest *d, const char *name, const char *value)
{
    fact(d, name, (struct span){ value, strlen(value) });
}

/* --- answers ------------------------------------------------------------------------------- */

static void take_nothing(struct caps_digest *d, struct pull *p)
{
    (void)d;
    pull_skip(p);
}

static void take_target(struct caps_digest *d, struct pull *p)
{
    struct span key, s;
    for (pull_object(p); pull_key(p, &key);)
        if (!pull_string(p, &s) || !span_eq(key, "arch"))
            continue;
        else {
            char target[32];
            snprintf(target, sizeof target, "%.*s", (int)(s.n < 31 ? s.n : 31), s.p);
            const struct arch *a = arch_by_target(target);
            d->x86 = streq(target, "x86_64") || streq(target, "i386");
            fact_text(d, "target", target);
            fact_text(d, "arch", a ? a->name : target);
            if (a)
                fact_text(d, "bits", a->bits == 32 ? "32" : "64");
        }
}

/* [{"name": "pc-i440fx-7.2", "alias": "pc", "cpu-max": 255, …}, …] */
static void take_machine(struct caps_digest *d, struct pull *p)
{
    static const char *const texts[][2] = { { "alias", "alias=" }, { "default-cpu-type", "cpu=" }, { "default-ram-id", "ram=" } };
    static const char *const flags[][2] = { { "hotpluggable-cpus", "hotplug" }, { "numa-mem-supported", "numa" },
                                            { "deprecated", "deprecated" }, { "is-default", "default" } };
    struct span key, s, alias = { "", 0 };
    bool yes, is_default = false;
    begin(d);
    for (pull_object(p); pull_key(p, &key);) {
        if (!pull_scalar(p, &s))
            continue;
        if (span_eq(key, "name"))
            add_span(&d->name, s);
        if (span_eq(key, "alias"))
            alias = s;
        if (span_eq(key, "cpu-max"))
            add_word(&d->value, "max=", s);
        yes = span_eq(s, "true");
        is_default |= yes && span_eq(key, "is-default");
        if (span_eq(key, "acpi"))
            flag(&d->value, yes ? "acpi=yes" : "acpi=no", true);
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            if (span_eq(key, texts[i][0]))
                add_word(&d->value, texts[i][1], s);
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            flag(&d->value, flags[i][1], yes && span_eq(key, flags[i][0]));
    }
    put(d, "machine");
    if (is_default)
        caps_put(d->writer, "fact", "machine", str_text(&d->name));
    if (alias.n) {
        struct str name = STR_INIT;
        add_word(&name, "", alias);
        caps_put(d->writer, "alias", str_text(&name), str_text(&d->name));
        str_release(&name);
    }
}

static void take_machines(struct caps_digest *d, struct pull *p)
{
    for (pull_array(p); pull_item(p);)
        take_machine(d, p);
}

static void take_missing(struct caps_digest *d, struct pull *p)
{
    struct span s;
    unsigned n = 0;
    struct str list = STR_INIT;
    for (pull_array(p); pull_item(p);)
        if (pull_string(p, &s)) {
            if (n++)
                str_addc(&list, ',');
            add_span(&list, s);
        }
    flag(&d->value, n ? "usable=no" : "usable=yes", true);
    if (n)
        add_word(&d->value, "missing=", (struct span){ list.p, list.len });
    str_release(&list);
}

/* "EPYC-v2" is EPYC or another name again; only names that libvirt knows too are looked into. */
static bool is_version(const char *name)
{
    const char *v = strrchr(name, '-');
    return v && v[1] == 'v' && v[2] && strspn(v + 2, "0123456789") == strlen(v + 2);
}

static void note_model(struct caps_digest *d, const char *name)
{
    static const char *const none[] = { "max", "host", "base" };
    enum { MAX_MODELS = 256 };
    if (d->x86 && d->models.n < MAX_MODELS && *name && !is_version(name) && name_index(none, 3, name) < 0 &&
        !strpbrk(name, "\"\\"))
        list_add(d->arena, &d->models, arena_strdup(d->arena, name));
}

static void take_cpus(struct caps_digest *d, struct pull *p)
{
    static const char *const texts[][2] = { { "typename", "type=" }, { "alias-of", "alias=" } };
    static const char *const flags[][2] = { { "migration-safe", "migratable" }, { "static", "static" }, { "deprecated", "deprecated" } };
    struct span key, s;
    for (pull_array(p); pull_item(p);) {
        begin(d);
        for (pull_object(p); pull_key(p, &key);) {
            if (span_eq(key, "unavailable-features")) {
                take_missing(d, p);
                continue;
            }
            if (!pull_scalar(p, &s))
                continue;
            if (span_eq(key, "name"))
                add_span(&d->name, s);
            for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                if (span_eq(key, texts[i][0]))
                    add_word(&d->value, texts[i][1], s);
            for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
                flag(&d->value, flags[i][1], span_eq(s, "true") && span_eq(key, flags[i][0]));
        }
        put(d, "cpu");
        note_model(d, str_text(&d->name));
    }
}

/* [{"name": "gl", "type": "boolean"}, …] as values of what was begun. */
static void take_typed_names(struct caps_digest *d, struct pull *p)
{
    struct span key, s;
    for (pull_array(p); pull_item(p);) {
        struct span name = { "", 0 }, type = { "", 0 };
        for (pull_object(p); pull_key(p, &key);)
            if (pull_scalar(p, &s))
                *(span_eq(key, "name") ? &name : span_eq(key, "type") ? &type : &s) = s;
        if (name.n)
            add_key_value(&d->value, name, type);
    }
}

/* [{"option": "spice", "parameters": [{"name": "gl", "type": "boolean"}, …]}, …] */
static void take_options(struct caps_digest *d, struct pull *p)
{
    struct span key, s;
    for (pull_array(p); pull_item(p);) {
        begin(d);
        for (pull_object(p); pull_key(p, &key);) {
            if (span_eq(key, "option") && pull_string(p, &s)) {
                add_span(&d->name, s);
                continue;
            }
            if (!span_eq(key, "parameters")) {
                if (!span_eq(key, "option"))
                    pull_skip(p);
                continue;
            }
            take_typed_names(d, p);
        }
        put(d, "option");
    }
}

static void take_kvm(struct caps_digest *d, struct pull *p)
{
    struct span key;
    bool yes, enabled = false, present = false;
    for (pull_object(p); pull_key(p, &key);)
        if (pull_bool(p, &yes)) {
            enabled |= yes && span_eq(key, "enabled");
            present |= yes && span_eq(key, "present");
        }
    if (enabled || present)
        fact_text(d, "kvm", enabled ? "enabled" : "present");
}

/* [{"name": "virtio-blk-pci", "parent": "virtio-pci"}, …] */
static void take_types(struct caps_digest *d, struct pull *p, bool devices)
{
    struct span key, s;
    for (pull_array(p); pull_item(p);) {
        begin(d);
        for (pull_object(p); pull_key(p, &key);)
            if (pull_string(p, &s))
                add_span(span_eq(key, "name") ? &d->name : span_eq(key, "parent") ? &d->value : &d->accels, s);
        const char *name = str_text(&d->name);
        size_t n = d->name.len;
        if (!devices) {
            put(d, "qom");
            if (n > 6 && strcmp(name + n - 6, "-accel") == 0)
                add_word(&d->accels, "", (struct span){ name, n - 6 });
        } else if (!caps_device_is_asked(name)) {
            caps_put(d->writer, "device", name, "?");
        }
    }
}

static void take_devices(struct caps_digest *d, struct pull *p)
{
    take_types(d, p, true);
}

static void take_objects(struct caps_digest *d, struct pull *p)
{
    take_types(d, p, false);
    if (d->accels.len) {
        struct str accels = d->accels;
        d->accels = STR_INIT;
        fact(d, "accels", (struct span){ accels.p, accels.len });
        str_release(&accels);
    }
}

/* {"model": {"name": "base", "props": {"vme": true, …}}}; all of them, or the names of those that are on. */
static void take_expansion(struct caps_digest *d, struct pull *p, bool all)
{
    struct span key, s;
    begin(d);
    for (pull_object(p); pull_key(p, &key);) {
        if (!span_eq(key, "model")) {
            pull_skip(p);
            continue;
        }
        for (pull_object(p); pull_key(p, &key);) {
            if (!span_eq(key, "props")) {
                pull_skip(p);
                continue;
            }
            for (pull_object(p); pull_key(p, &key);)
                if (pull_scalar(p, &s) && (all || span_eq(s, "true"))) {
                    if (all)
                        add_key_value(&d->value, key, s);
                    else
                        add_word(&d->value, "", key);
                }
        }
    }
}

static void take_max(struct caps_digest *d, struct pull *p)
{
    take_expansion(d, p, true);
    caps_put(d->writer, "expansion", "max", str_text(&d->value));
}

static void take_host(struct caps_digest *d, struct pull *p)
{
    take_expansion(d, p, true);
    caps_put(d->writer, "expansion", "host", str_text(&d->value));
}

static void take_list(struct caps_digest *d, struct pull *p, const char *name)
{
    struct span s;
    struct str list = STR_INIT;
    for (pull_array(p); pull_item(p);)
        if (pull_string(p, &s))
            add_word(&list, "", s);
    fact(d, name, (struct span){ str_text(&list), list.len });
    str_release(&list);
}

static void take_tpm_models(struct caps_digest *d, struct pull *p)
{
    take_list(d, p, "tpm-models");
}

static void take_tpm_types(struct caps_digest *d, struct pull *p)
{
    take_list(d, p, "tpm-types");
}

/* [{"version": 3, "emulated": true, "kernel": false}, …] */
static void take_gic(struct caps_digest *d, struct pull *p)
{
    struct span key;
    struct str list = STR_INIT;
    for (pull_array(p); pull_item(p);) {
        unsigned version = 0;
        bool emulated = false, kernel = false;
        for (pull_object(p); pull_key(p, &key);)
            if (span_eq(key, "version"))
                pull_uint(p, &version);
            else if (span_eq(key, "emulated"))
                pull_bool(p, &emulated);
            else if (span_eq(key, "kernel"))
                pull_bool(p, &kernel);
            else
                pull_skip(p);
        str_addf(&list, "%s%u%s%s", list.len ? " " : "", version, emulated ? "e" : "", kernel ? "k" : "");
    }
    fact(d, "gic", (struct span){ str_text(&list), list.len });
    str_release(&list);
}

static void take_sev(struct caps_digest *d, struct pull *p)
{
    struct span key, s;
    struct str list = STR_INIT;
    for (pull_object(p); pull_key(p, &key);)
        if (pull_scalar(p, &s))
            add_key_value(&list, key, s);
    fact(d, "sev", (struct span){ str_text(&list), list.len });
    str_release(&list);
}

/* --- the schema ---------------------------------------------------------------------------- */

static void add_features(struct str *out, struct pull *p, bool words)
{
    struct span s;
    for (pull_array(p); pull_item(p);)
        if (pull_string(p, &s)) {
            if (words && out->len)
                str_addc(out, ' ');
            str_addc(out, '$');
            add_span(out, s);
        }
}

/* {"name": "discard", "type": "44", "default": null, "features": […]} as ".discard:44?$FEATURE"; a
 * variant {"case": "file", "type": "12"}, an alternative {"type": "12"}, an enum's {"name": "on"} likewise. */
static void add_member(struct str *out, struct pull *p, const char *sigil)
{
    struct span key, s, name = { "", 0 }, type = { "", 0 };
    struct str features = STR_INIT;
    bool optional = false;
    for (pull_object(p); pull_key(p, &key);) {
        if (span_eq(key, "features")) {
            add_features(&features, p, false);
            continue;
        }
        optional |= span_eq(key, "default");
        if (!pull_scalar(p, &s))
            continue;
        if (span_eq(key, "name") || span_eq(key, "case"))
            name = s;
        else if (span_eq(key, "type"))
            type = s;
    }
    if (*sigil == '|')
        name = type;
    add_word(out, sigil, name);
    if (*sigil == '.' || *sigil == '+') {
        str_addc(out, ':');
        add_span(out, type);
    }
    str_add(out, optional ? "?" : "");
    str_add(out, str_text(&features));
    str_release(&features);
}

static void add_members(struct str *out, struct pull *p, const char *sigil)
{
    for (pull_array(p); pull_item(p);)
        add_member(out, p, sigil);
}

/* What decides how the rest of an entity is read; looked at first, as the order of keys is anybody's. */
struct entity {
    struct span name, meta;
    bool members;
};

static struct entity entity_peek(struct pull p)
{
    struct entity t = { { "", 0 }, { "", 0 }, false };
    struct span key, s;
    for (pull_object(&p); pull_key(&p, &key);) {
        t.members |= span_eq(key, "members");
        if (!pull_scalar(&p, &s))
            continue;
        if (span_eq(key, "name"))
            t.name = s;
        else if (span_eq(key, "meta-type"))
            t.meta = s;
    }
    return t;
}

static void add_values(struct str *out, struct pull *p)
{
    struct span s;
    for (pull_array(p); pull_item(p);)
        if (pull_string(p, &s))
            add_word(out, "=", s);
}

static void take_entity(struct caps_digest *d, struct pull *p)
{
    static const char *const texts[][2] = { { "arg-type", ":" }, { "ret-type", ">" }, { "tag", "~" } };
    struct entity t = entity_peek(*p);
    const char *sigil = span_eq(t.meta, "enum") ? "=" : span_eq(t.meta, "alternate") ? "|" : ".";
    struct span key, s;
    begin(d);
    add_span(&d->name, t.name);
    for (pull_object(p); pull_key(p, &key);) {
        if (span_eq(key, "members"))
            add_members(&d->value, p, sigil);
        else if (span_eq(key, "variants"))
            add_members(&d->value, p, "+");
        else if (span_eq(key, "values") && !t.members)
            add_values(&d->value, p);
        else if (span_eq(key, "features"))
            add_features(&d->value, p, true);
        else if (pull_scalar(p, &s))
            for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                if (span_eq(key, texts[i][0]))
                    add_word(&d->value, texts[i][1], s);
    }
    bool named = span_eq(t.meta, "command") || span_eq(t.meta, "event");
    if (!span_eq(t.meta, "builtin") && !span_eq(t.meta, "array"))
        put(d, !named ? "type" : *t.meta.p == 'c' ? "command" : "event");
}

static void take_schema(struct caps_digest *d, struct pull *p)
{
    for (pull_array(p); pull_item(p);)
        take_entity(d, p);
}

/* --- questions ----------------------------------------------------------------------------- */

enum { ANY, TCG, KVM };

static const struct question {
    const char *command, *arguments;
    taker *take;
    int accel;
} questions[] = {
    { "qmp_capabilities", NULL, take_nothing, ANY },
    { "query-target", NULL, take_target, ANY },
    { "query-qmp-schema", NULL, take_schema, ANY },
    { "query-machines", NULL, take_machines, ANY },
    { "query-cpu-definitions", NULL, take_cpus, ANY },
    { "query-command-line-options", NULL, take_options, ANY },
    { "query-kvm", NULL, take_kvm, ANY },
    { "query-tpm-models", NULL, take_tpm_models, ANY },
    { "query-tpm-types", NULL, take_tpm_types, ANY },
    { "query-gic-capabilities", NULL, take_gic, ANY },
    { "query-sev-capabilities", NULL, take_sev, KVM },
    { "query-cpu-model-expansion", "{\"type\":\"static\",\"model\":{\"name\":\"max\"}}", take_max, TCG },
    { "query-cpu-model-expansion", "{\"type\":\"static\",\"model\":{\"name\":\"host\"}}", take_host, KVM },
    { "qom-list-types", "{\"implements\":\"device\",\"abstract\":false}", take_devices, ANY },
    { "qom-list-types", "{\"abstract\":false}", take_objects, ANY },
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

static unsigned device_count(void)
{
    static unsigned n;
    if (!n)
        while (caps_devices[n])
            n++;
    return n;
}

static unsigned first_model(void)
{
    return QUESTIONS + device_count();
}

static unsigned question_count(const struct caps_digest *d)
{
    return first_model() + (unsigned)d->models.n;
}

static void ask_model(struct str *out, const char *model, size_t n)
{
    str_addf(out,
             "{\"execute\":\"query-cpu-model-expansion\",\"arguments\":{\"type\":\"static\",\"model\":{\"name\":\"%s\"}},\"id\":%u}\n",
             model, first_model() + (unsigned)n);
}

void caps_digest_more(struct caps_digest *d, struct str *out)
{
    for (; d->models_asked < d->models.n; d->models_asked++)
        ask_model(out, d->models.v[d->models_asked], d->models_asked);
}

void caps_queries(struct str *out, bool kvm)
{
    for (unsigned i = 0; i < QUESTIONS; i++) {
        const struct question *q = &questions[i];
        if (q->accel != ANY && (q->accel == KVM) != kvm)
            continue;
        str_addf(out, "{\"execute\":\"%s\",", q->command);
        if (q->arguments)
            str_addf(out, "\"arguments\":%s,", q->arguments);
        str_addf(out, "\"id\":%u}\n", i);
    }
    for (unsigned i = 0; i < device_count(); i++)
        str_addf(out, "{\"execute\":\"device-list-properties\",\"arguments\":{\"typename\":\"%s\"},\"id\":%u}\n",
                 caps_devices[i], QUESTIONS + i);
}

void caps_queries_of(struct str *out, struct caps *c)
{
    const char *name, *value;
    size_t n = 0;
    caps_queries(out, caps_kvm(c));
    for (size_t at = 0; caps_each(c, "model", &at, &name, &value);)
        ask_model(out, name, n++);
}

/* [{"name": "iothread", "type": "link<iothread>", …}, …] */
static void take_props(struct caps_digest *d, struct pull *p, const char *device)
{
    begin(d);
    take_typed_names(d, p);
    caps_put(d->writer, "device", device, str_text(&d->value));
}

/* --- the conversation ---------------------------------------------------------------------- */

struct caps_digest *caps_digest_new(const char *emulator, const char *accel)
{
    struct caps_digest *d = calloc(1, sizeof *d);
    if (!d) {
        arena_exhausted();
        abort();
    }
    d->writer = caps_writer_new();
    d->arena = arena_new();
    fact_text(d, "emulator", emulator);
    fact_text(d, "accel", accel);
    return d;
}

void caps_digest_free(struct caps_digest *d)
{
    if (!d)
        return;
    caps_writer_free(d->writer);
    arena_free(d->arena);
    str_release(&d->name);
    str_release(&d->value);
    str_release(&d->accels);
    free(d);
}

/* {"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "…"}, …}} */
static bool take_greeting(struct caps_digest *d, struct pull *p, struct err *e)
{
    struct span key, package = { "", 0 };
    unsigned v[3] = { 0, 0, 0 };
    for (pull_object(p); pull_key(p, &key);) {
        if (!span_eq(key, "version")) {
            pull_skip(p);
            continue;
        }
        for (pull_object(p); pull_key(p, &key);) {
            if (span_eq(key, "package"))
                pull_string(p, &package);
            else if (!span_eq(key, "qemu"))
                pull_skip(p);
            else
                for (pull_object(p); pull_key(p, &key);) {
                    unsigned n = 0;
                    pull_uint(p, &n);
                    if (span_eq(key, "major") || span_eq(key, "minor") || span_eq(key, "micro"))
                        v[span_eq(key, "major") ? 0 : span_eq(key, "minor") ? 1 : 2] = n < 1000 ? n : 999;
                }
        }
    }
    if (v[0] * 1000000 + v[1] * 1000 + v[2] < CAPS_MIN_VERSION)
        return err_set(e, ST_QEMU, "is QEMU %u.%u.%u, but 4.2.0 or newer is required", v[0], v[1], v[2]);
    char text[16];
    snprintf(text, sizeof text, "%u", v[0] * 1000000 + v[1] * 1000 + v[2]);
    fact_text(d, "version", text);
    fact(d, "package", package);
    d->greeted = true;
    return true;
}

/* The next question that was put: those of another accelerator were not. Answers come in that order. */
static bool take_answer(struct caps_digest *d, unsigned id, struct pull *p, bool is_error, struct err *e)
{
    if (id >= question_count(d))
        return err_set(e, ST_QEMU, "answers a question that was not asked (id %u)", id);
    if (id < d->next)
        return err_set(e, ST_QEMU, "answers question %u twice", id);
    d->next = id + 1;
    if (is_error)
        return id > 0 || err_set(e, ST_QEMU, "refuses qmp_capabilities");
    if (id < QUESTIONS)
        questions[id].take(d, p);
    else if (id < first_model())
        take_props(d, p, caps_devices[id - QUESTIONS]);
    else {
        take_expansion(d, p, false);
        caps_put(d->writer, "model", d->models.v[id - first_model()], str_text(&d->value));
    }
    return true;
}

static bool not_qemu(const char *line, size_t n, struct err *e)
{
    struct str shown = STR_INIT;
    char *start = strndup(line, n < 60 ? n : 60);
    str_add_shown(&shown, start ? start : "");
    err_set(e, ST_QEMU, "is not QEMU, or broken: it printed what is not QMP: %s", str_text(&shown));
    free(start);
    str_release(&shown);
    return false;
}

bool caps_digest_line(struct caps_digest *d, const char *line, size_t n, struct err *e)
{
    struct pull p = pull_start(line, n), greeting = p, answer = p;
    struct span key;
    unsigned id = 0;
    bool has_id = false, has_answer = false, is_error = false, hello = false;
    bool object = pull_object(&p);
    while (object && pull_key(&p, &key)) {
        if (span_eq(key, "id")) {
            has_id = pull_uint(&p, &id);
            continue;
        }
        struct pull *keep = span_eq(key, "QMP") ? &greeting : &answer;
        if (span_eq(key, "return") || span_eq(key, "error") || span_eq(key, "QMP")) {
            *keep = p;
            hello |= keep == &greeting;
            has_answer |= keep == &answer;
            is_error |= span_eq(key, "error");
        }
        pull_skip(&p);
    }
    if (!object || !pull_end(&p))
        return not_qemu(line, n, e);
    if (hello && !d->greeted)
        return take_greeting(d, &greeting, e);
    if (!d->greeted)
        return not_qemu(line, n, e);
    return !has_answer || !has_id || take_answer(d, id, &answer, is_error, e);
}

bool caps_digest_complete(const struct caps_digest *d)
{
    return d->next == question_count(d);
}

bool caps_digest_greeted(const struct caps_digest *d)
{
    return d->greeted;
}

void caps_digest_image(struct caps_digest *d, struct str *image)
{
    caps_write(d->writer, image);
}
