/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/capsdoc.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/facts.h"
#include "host/facts_json.h"
#include "host/facts_xml.h"
#include "host/firmware.h"
#include "qemu/caps_probe.h"
#include "qemu/caps_xml.h"

/* --- the host ------------------------------------------------------------------------------ */

/* The CPU model is known where KVM told of it. */
static const char *host_model(const struct caps_emulators *emulators)
{
    for (size_t i = 0; i < emulators->list.n; i++) {
        const struct caps_host_model *m = emulators->list.v[i]->kvm ? caps_host_model(emulators->list.v[i]->kvm) : NULL;
        if (m)
            return m->model;
    }
    return NULL;
}

void capsdoc_host(struct str *out, struct arena *a, const struct caps_env *env, const struct caps_emulators *emulators,
                  struct host_facts_more more, struct notes *notes)
{
    const struct host_facts *h = host_facts(a, env->sysroot);
    more.model = host_model(emulators);
    str_add(out, "<capabilities>\n\n");
    host_facts_xml(out, h, &more);
    /* By architecture, as libvirt does; those that it has no name for come last. */
    for (const struct arch *arch = arches;; arch++) {
        for (size_t i = 0; i < emulators->list.n; i++)
            if (emulators->list.v[i]->arch == (arch->name ? arch : NULL))
                caps_guest_xml(out, emulators->list.v[i]);
        if (!arch->name)
            break;
    }
    str_add(out, "</capabilities>\n");
    if (!emulators->list.n)
        note_add(notes, "no emulator was found in %s/usr/bin%s", env->sysroot ? env->sysroot : "",
                 env->n_bindirs ? " or --bindir" : "");
}

static void add_json(struct str *out, json_t *j)
{
    autofree char *text = json_dumps(j, JSON_INDENT(1) | JSON_SORT_KEYS);
    str_add(out, text ? text : "null");
    str_addc(out, '\n');
    json_decref(j);
}

static json_t *emulator_json(const struct caps_emulator *em)
{
    json_t *one = json_object();
    json_object_set_new(one, "path", json_string(em->path));
    json_object_set_new(one, "arch", em->arch ? json_string(em->arch->name) : json_null());
    json_object_set_new(one, "tcg", em->tcg ? caps_json(em->tcg) : json_null());
    json_object_set_new(one, "kvm", em->kvm ? caps_json(em->kvm) : json_null());
    return one;
}

void capsdoc_one_json(struct str *out, struct caps *c, const struct capsdoc_choice *choice)
{
    struct caps_emulator em = { choice->emulator, arch_by_name(choice->arch), caps_kvm(c) ? NULL : c, caps_kvm(c) ? c : NULL };
    add_json(out, emulator_json(&em));
}

void capsdoc_json(struct str *out, struct arena *a, const struct caps_env *env, const struct caps_emulators *emulators)
{
    json_t *list = json_array(), *all = json_object();
    for (size_t i = 0; i < emulators->list.n; i++)
        json_array_append_new(list, emulator_json(emulators->list.v[i]));
    json_t *host = host_facts_json(host_facts(a, env->sysroot));
    json_object_set_new(all, "host", host ? host : json_null());
    json_object_set_new(all, "emulators", list);
    add_json(out, all);
}

/* --- one emulator -------------------------------------------------------------------------- */

/* One emulator may serve several architectures: qemu-system-x86_64 i686, qemu-system-arm armv6l, qemu-system-ppc64 ppc64le. */
static bool serves(const char *emulators_arch, const char *wanted)
{
    const struct arch *has = emulators_arch ? arch_by_name(emulators_arch) : NULL, *want = arch_by_name(wanted);
    if (!has || !want)
        return streq(emulators_arch, wanted);
    return streq(has->target, want->target) || arch_is_native(has, want);
}

struct caps *capsdoc_choose(struct arena *a, const struct caps_env *env, struct capsdoc_choice *choice, struct err *e)
{
    const struct arch *host = arch_host();
    if (!choice->arch && !choice->emulator)
        choice->arch = host ? host->name : "x86_64";
    if (!choice->emulator)
        choice->emulator = caps_find_emulator(env, a, choice->arch, e);
    if (!choice->emulator)
        return NULL;
    struct caps *c = NULL;
    bool any = !choice->virttype, native = !choice->arch || arch_is_native(host, arch_by_name(choice->arch));
    if (streq(choice->virttype, "kvm") || (any && native && caps_kvm_usable(env)))
        c = caps_get(env, choice->emulator, true, e);
    /* What hangs with one accelerator is not waited for again with the other. */
    if (!c && !streq(choice->virttype, "kvm") && e->status != ST_TIMEOUT)
        c = caps_get(env, choice->emulator, false, e);
    if (!c)
        return NULL;
    const char *arch = caps_fact(c, "arch");
    if (choice->arch && !serves(arch, choice->arch)) {
        err_set(e, ST_FAILED, "emulator %s is for architecture '%s', not for '%s'", choice->emulator, arch ? arch : "?", choice->arch);
        caps_free(c);
        return NULL;
    }
    if (!choice->arch)
        choice->arch = arch ? arena_strdup(a, arch) : "unknown";
    choice->virttype = caps_kvm(c) ? "kvm" : "qemu";
    return c;
}

bool capsdoc_domain(struct str *out, struct arena *a, const struct caps_env *env, struct caps *c,
                    const struct capsdoc_choice *choice, struct notes *notes, struct err *e)
{
    const struct caps_machine *machine = caps_machine(c, choice->machine);
    const struct arch *arch = arch_by_name(choice->arch);
    struct firmwares found = { { 0, NULL } };
    firmware_find(a, env->sysroot, &found, notes);
    struct caps_firmware *list = arena_array(a, found.list.n + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < found.list.n && machine && arch; i++) {
        const struct firmware *f = found.list.v[i];
        bool again = false;
        for (size_t j = 0; j < n; j++)
            again |= streq(list[j].path, f->path);
        if (!again && f->uefi && firmware_fits(f, arch->target, machine->name))
            list[n++] = (struct caps_firmware){ f->path, f->secure_boot && f->requires_smm };
    }
    return caps_domain_xml(out, c, choice->emulator, choice->arch, choice->machine, list, e);
}

/* --- properties ---------------------------------------------------------------------------- */

static json_t *ask_properties(const struct caps_env *env, const struct capsdoc_choice *choice, const char *command,
                              const char *type, struct err *e)
{
    autostr struct str answer = STR_INIT;
    json_t *q = json_pack("{s:s, s:{s:s}, s:s}", "execute", command, "arguments", "typename", type, "id", CAPS_ASK_ID);
    autofree char *text = q ? json_dumps(q, JSON_COMPACT) : NULL;
    json_decref(q);
    if (!text) {
        err_set(e, ST_USAGE, "the name of a device must be UTF-8");
        return NULL;
    }
    long long timeout = env->timeout_ms ? env->timeout_ms : CAPS_TIMEOUT_MS;
    if (!caps_ask(choice->emulator, streq(choice->virttype, "kvm"), text, timeout, &answer, e))
        return NULL;
    json_t *reply = json_loadb(answer.p, answer.len, 0, NULL), *list = json_incref(json_object_get(reply, "return"));
    if (!json_is_array(list)) {
        err_set(e, ST_NOENT, "%s has no device or object type '%s'", choice->emulator, type);
        json_decref(list);
        list = NULL;
    }
    json_decref(reply);
    return list;
}

static int by_name(const void *a, const void *b)
{
    const char *x = json_string_value(json_object_get(*(json_t *const *)a, "name"));
    const char *y = json_string_value(json_object_get(*(json_t *const *)b, "name"));
    return strcmp(x ? x : "", y ? y : "");
}

static void property_line(struct str *out, json_t *p)
{
    const char *name = json_string_value(json_object_get(p, "name")), *type = json_string_value(json_object_get(p, "type"));
    const char *help = json_string_value(json_object_get(p, "description"));
    json_t *initial = json_object_get(p, "default-value");
    autofree char *text = initial ? json_dumps(initial, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    str_add_shown(out, name ? name : "?");
    str_add(out, "=<");
    str_add_shown(out, type ? type : "?");
    str_addc(out, '>');
    if (help) {
        str_add(out, " - ");
        str_add_shown(out, help);
    }
    if (text) {
        str_add(out, " (default: ");
        str_add_shown(out, text);
        str_addc(out, ')');
    }
    str_addc(out, '\n');
}

bool capsdoc_properties(struct str *out, const struct caps_env *env, const struct capsdoc_choice *choice, const char *type,
                        bool json, struct err *e)
{
    json_t *list = ask_properties(env, choice, "device-list-properties", type, e);
    if (!list && e->status == ST_NOENT)
        list = ask_properties(env, choice, "qom-list-properties", type, e);
    if (!list)
        return false;
    if (json) {
        add_json(out, list);
        return true;
    }
    size_t n = json_array_size(list);
    autoarena struct arena *a = arena_new();
    json_t **sorted = arena_array(a, n + 1, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = json_array_get(list, i);
    if (n)
        qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 0; i < n; i++)
        property_line(out, sorted[i]);
    json_decref(list);
    return true;
}
