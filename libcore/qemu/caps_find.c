/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "qemu/caps_env.h"
#include "qemu/caps_probe.h"

static const char *root(const struct caps_env *env)
{
    return env->sysroot ? env->sysroot : "";
}

bool caps_kvm_usable(const struct caps_env *env)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/dev/kvm", root(env));
    return access(path, R_OK | W_OK) == 0;
}

/* --- which may be run ---------------------------------------------------------------------- */

/* path lies directly in dir, by what both really are. */
static bool lies_in(const char *path, const char *dir)
{
    char real[PATH_MAX];
    if (!realpath(dir, real))
        return false;
    size_t n = strlen(real);
    return strncmp(path, real, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

static bool roots_own(const char *path)
{
    char part[PATH_MAX];
    struct stat st;
    snprintf(part, sizeof part, "%s", path);
    for (;;) {
        /* Where anyone may add a file but not remove another's (sticky), what lies there is still root's. */
        if (stat(part, &st) < 0 || st.st_uid != 0 || (st.st_mode & 022 && !(S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX)))
            return false;
        char *slash = strrchr(part, '/');
        if (!slash || !part[1])
            return true;
        slash[slash == part] = 0;
    }
}

bool caps_may_run(const struct caps_env *env, const char *emulator, struct err *e)
{
    char path[PATH_MAX], usr_bin[PATH_MAX];
    if (*emulator != '/')
        return err_set(e, ST_USAGE, "emulator '%s' is not an absolute path", emulator);
    if (!realpath(emulator, path))
        return err_errno(e, "cannot use emulator %s", emulator);
    snprintf(usr_bin, sizeof usr_bin, "%s/usr/bin", root(env));
    if (streq(env->emulator, emulator) || lies_in(emulator, usr_bin) || lies_in(path, usr_bin) || roots_own(path))
        return true;
    for (size_t i = 0; i < env->n_bindirs; i++)
        if (lies_in(emulator, env->bindirs[i]) || lies_in(path, env->bindirs[i]))
            return true;
    return err_set(e, ST_PERM, "will not run emulator %s: it is neither in /usr/bin nor root's alone (try: --bindir or --emulator)", emulator);
}

/* --- finding them -------------------------------------------------------------------------- */

static bool is_emulator_name(const char *name)
{
    static const char *const others[] = { "qemu", "qemu-kvm", "kvm" };
    return str_starts(name, "qemu-system-") || name_index(others, 3, name) >= 0;
}

struct candidate {
    const char *name, *path, *real;
};
typedef LIST(struct candidate) candidates;

/* Target names first and others after them, so that of two names of one file the telling one stays. */
static int by_name(const void *a, const void *b)
{
    const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;
    int d = str_starts(y->name, "qemu-system-") - str_starts(x->name, "qemu-system-");
    return d ? d : strcmp(x->name, y->name);
}

static void search_dir(struct arena *a, const char *dir, candidates *found)
{
    autodir DIR *d = opendir(dir);
    struct dirent *entry;
    size_t first = found->n;
    while (d && (entry = readdir(d))) {
        char real[PATH_MAX];
        struct stat st;
        char *path;
        bool known = false;
        if (!is_emulator_name(entry->d_name))
            continue;
        path = arena_printf(a, "%s/%s", dir, entry->d_name);
        if (!realpath(path, real) || stat(real, &st) < 0 || !S_ISREG(st.st_mode) || access(real, X_OK) < 0)
            continue;
        for (size_t i = 0; i < first; i++)
            known |= streq(found->v[i]->name, entry->d_name);
        if (known)
            continue;
        struct candidate *c = arena_alloc(a, sizeof *c);
        *c = (struct candidate){ arena_strdup(a, entry->d_name), path, arena_strdup(a, real) };
        list_add(a, found, c);
    }
    if (found->n > first)
        qsort(found->v + first, found->n - first, sizeof *found->v, by_name);
}

/* qemu-system-TARGET tells its target; the others are of the host's architecture. */
const struct arch *caps_arch_by_file(const char *path)
{
    static const char prefix[] = "qemu-system-";
    char target[64];
    const char *base = strrchr(path, '/'), *name = base ? base + 1 : path;
    if (!str_starts(name, prefix))
        return arch_host();
    snprintf(target, sizeof target, "%s", name + sizeof prefix - 1);
    target[strcspn(target, "-")] = 0;
    return arch_by_target(target);
}

/* --- asking them --------------------------------------------------------------------------- */

/* One emulator with one accelerator, on its way from the cache or a probe. */
struct question {
    struct caps_emulator *emulator;
    const char *real, *key;
    struct caps *caps;
    struct caps_job *job;
    struct err err;
    bool kvm;
    bool failed; /* not long ago: err says how */
};

static struct question *ask(const struct caps_env *env, struct arena *a, struct caps_emulator *em, bool kvm)
{
    autostr struct str real = STR_INIT, key = STR_INIT;
    struct question *q = arena_alloc(a, sizeof *q);
    *q = (struct question){ .emulator = em, .kvm = kvm };
    if (!caps_key(env, em->path, kvm, &real, &key, &q->err))
        return q;
    q->real = arena_strdup(a, str_text(&real));
    q->key = arena_strdup(a, str_text(&key));
    q->caps = caps_cache_open(env, q->real, kvm, q->key);
    q->failed = !q->caps && caps_cache_failed(env, q->real, kvm, q->key, &q->err);
    return q;
}

static void settle(const struct caps_env *env, struct question *q)
{
    if (q->job && q->job->ok) {
        caps_cache_keep(env, q->real, q->kvm, q->key, &q->job->image);
        q->caps = caps_load(q->job->image.p, q->job->image.len, &q->err);
    } else if (q->job) {
        q->err = q->job->err;
        caps_cache_keep_failure(env, q->real, q->kvm, q->key, q->job);
    }
    *(q->kvm ? &q->emulator->kvm : &q->emulator->tcg) = q->caps;
}

typedef LIST(struct question) questions;

/* Two names of one file (ppc64, ppc64le) share a run. */
static struct caps_job *same_job(const questions *qs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (qs->v[i]->job && qs->v[i]->kvm == qs->v[n]->kvm && streq(qs->v[i]->real, qs->v[n]->real))
            return qs->v[i]->job;
    return NULL;
}

static void answer_all(const struct caps_env *env, struct arena *a, questions *qs)
{
    struct caps_job *jobs = arena_array(a, qs->n + 1, sizeof *jobs);
    size_t n = 0;
    /* Those for the host's own architecture take longest (more devices, CPU models): not last, when others idle. */
    for (int native = 1; native >= 0; native--)
        for (size_t i = 0; i < qs->n; i++) {
            struct question *q = qs->v[i];
            if (q->caps || q->failed || !q->key || arch_is_native(arch_host(), q->emulator->arch) != native ||
                (q->job = same_job(qs, i)))
                continue;
            q->job = &jobs[n++];
            *q->job = (struct caps_job){ .emulator = q->real, .kvm = q->kvm };
        }
    if (n)
        caps_probe(jobs, n, env->parallel, caps_timeout(env));
    for (size_t i = 0; i < qs->n; i++)
        settle(env, qs->v[i]);
    for (size_t i = 0; i < n; i++)
        str_release(&jobs[i].image);
}

/* Questions for one emulator: TCG always, KVM where the name tells that it is for this host. */
static void question_emulator(const struct caps_env *env, struct arena *a, struct caps_emulator *em, bool kvm, questions *qs)
{
    list_add(a, qs, ask(env, a, em, false));
    if (kvm && arch_is_native(arch_host(), em->arch))
        list_add(a, qs, ask(env, a, em, true));
}

static void take_arch(struct caps_emulator *em)
{
    struct caps *c = em->tcg ? em->tcg : em->kvm;
    const char *name = c ? caps_fact(c, "arch") : NULL;
    const struct arch *a = name ? arch_by_name(name) : NULL;
    /* qemu-system-ppc64le is qemu-system-ppc64: there, what it is called tells more than what it says. */
    if (!(em->arch && a && streq(em->arch->name, "ppc64le") && streq(a->name, "ppc64")))
        em->arch = a;
}

static void drop_failed(struct caps_emulators *found)
{
    size_t n = 0;
    for (size_t i = 0; i < found->list.n; i++)
        if (found->list.v[i]->tcg || found->list.v[i]->kvm)
            found->list.v[n++] = found->list.v[i];
    found->list.n = n;
}

static struct caps_emulator *emulator_new(struct arena *a, const char *path)
{
    struct caps_emulator *em = arena_alloc(a, sizeof *em);
    *em = (struct caps_emulator){ .path = path, .arch = caps_arch_by_file(path) };
    return em;
}

static bool same_file(const candidates *c, size_t n, const char *real, const char *name)
{
    for (size_t i = 0; i < n; i++)
        /* ppc64 and ppc64le are one file and two architectures. */
        if (streq(c->v[i]->real, real) && caps_arch_by_file(c->v[i]->name) == caps_arch_by_file(name))
            return true;
    return false;
}

void caps_find_all(const struct caps_env *env, struct arena *a, struct caps_emulators *found, struct notes *notes)
{
    candidates c = { 0, NULL };
    questions qs = { 0, NULL };
    bool kvm = caps_kvm_usable(env);
    for (size_t i = 0; i < env->n_bindirs; i++)
        search_dir(a, env->bindirs[i], &c);
    search_dir(a, arena_printf(a, "%s/usr/bin", root(env)), &c);
    for (size_t i = 0; i < c.n; i++) {
        if (same_file(&c, i, c.v[i]->real, c.v[i]->name))
            continue;
        struct caps_emulator *em = emulator_new(a, c.v[i]->path);
        list_add(a, &found->list, em);
        question_emulator(env, a, em, kvm, &qs);
    }
    answer_all(env, a, &qs);
    for (size_t i = 0; i < qs.n; i++)
        /* Of an emulator without TCG or without KVM the other answer is enough. */
        if (!qs.v[i]->caps && !qs.v[i]->kvm && !qs.v[i]->emulator->kvm)
            note_add(notes, "skipped: %s", qs.v[i]->err.text);
    for (size_t i = 0; i < found->list.n; i++)
        take_arch(found->list.v[i]);
    drop_failed(found);
}

bool caps_find_one(const struct caps_env *env, struct arena *a, const char *path, struct caps_emulators *found, struct err *e)
{
    questions qs = { 0, NULL };
    if (!caps_may_run(env, path, e))
        return false;
    struct caps_emulator *em = emulator_new(a, arena_strdup(a, path));
    list_add(a, &found->list, em);
    question_emulator(env, a, em, caps_kvm_usable(env), &qs);
    answer_all(env, a, &qs);
    take_arch(em);
    if (em->tcg || em->kvm)
        return true;
    *e = qs.v[0]->err;
    found->list.n = 0;
    return false;
}

void caps_emulators_release(struct caps_emulators *found)
{
    for (size_t i = 0; i < found->list.n; i++) {
        caps_free(found->list.v[i]->tcg);
        caps_free(found->list.v[i]->kvm);
    }
    found->list.n = 0;
}

static const char *in_dirs(const struct caps_env *env, struct arena *a, const char *name)
{
    for (size_t i = 0; i <= env->n_bindirs; i++) {
        char *path = i < env->n_bindirs ? arena_printf(a, "%s/%s", env->bindirs[i], name)
                                        : arena_printf(a, "%s/usr/bin/%s", root(env), name);
        if (access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

const char *caps_find_emulator(const struct caps_env *env, struct arena *a, const char *arch, struct err *e)
{
    static const char *const natives[] = { "qemu-kvm", "kvm", "qemu" };
    const struct arch *guest = arch_by_name(arch), *host = arch_host();
    const char *target = guest ? guest->target : arch, *path = NULL;
    if (!strchr(target, '/'))
        path = in_dirs(env, a, arena_printf(a, "qemu-system-%s", target));
    if (!path && host && guest && streq(guest->name, "i686") && streq(host->name, "x86_64"))
        path = in_dirs(env, a, "qemu-system-x86_64");
    for (size_t i = 0; !path && guest && guest == host && i < sizeof natives / sizeof *natives; i++)
        path = in_dirs(env, a, natives[i]);
    if (!path)
        err_set(e, ST_NOENT, "no emulator for architecture '%s' (looked for qemu-system-%s in /usr/bin; try: --bindir or <emulator>)", arch, target);
    return path;
}
