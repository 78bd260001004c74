/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/define.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/uuid.h"
#include "domain/general.h"
#include "domain/os.h"
#include "domain/tpm.h"
#include "qemu/caps_get.h"
#include "qemu/facts.h"
#include "run/firmware.h"
#include "run/life.h"
#include "store/beside.h"
#include "store/defs.h"
#include "store/guest.h"

enum { TPM_DEPTH = 3 }; /* UUID/tpm2/files */

static const char header[] = "<!-- Written by vm-define; to change it use vm-edit or virsh edit. -->\n";

struct known_emulator {
    const char *path;
    bool kvm;
    struct caps *caps;
};

bool definer_open(struct definer *d, const struct root *root, struct arena *a, struct err *e)
{
    d->root = root;
    d->arena = a;
    d->state = -1;
    d->etc = root_open(root, ROOT_ETC, true, e);
    if (d->etc >= 0)
        d->state = root_open(root, ROOT_STATE, true, e);
    return d->etc >= 0 && d->state >= 0;
}

void definer_close(struct definer *d)
{
    for (size_t i = 0; i < d->known.n; i++)
        caps_free(d->known.v[i]->caps);
    d->known.n = 0;
    cleanup_close(&d->etc);
    cleanup_close(&d->state);
    d->etc = d->state = -1;
}

/* A guest for KVM can be defined where there is no KVM: it just cannot be started. */
static struct caps *ask_emulator(const struct caps_env *env, const char *path, bool kvm, struct err *e)
{
    struct caps *caps = NULL;
    if (!caps_may_run(env, path, e))
        return NULL;
    if (kvm && caps_kvm_usable(env))
        caps = caps_get(env, path, true, e);
    if (!caps && e->status == ST_TIMEOUT)
        return NULL;
    return caps ? caps : caps_get(env, path, false, e);
}

static struct caps *emulator_of(struct definer *d, const struct domain *domain, struct err *e)
{
    struct caps_env env = { .cache_dir = d->root->dir[ROOT_PROBES], .bindirs = d->bindirs, .n_bindirs = d->n_bindirs };
    const char *path = domain->devices->emulator;
    bool kvm = domain->type == DOMAIN_KVM;
    if (!path && !(path = caps_find_emulator(&env, d->arena, domain->os->arch, e)))
        return NULL;
    for (size_t i = 0; i < d->known.n; i++)
        if (streq(d->known.v[i]->path, path) && d->known.v[i]->kvm == kvm)
            return d->known.v[i]->caps;
    struct caps *caps = ask_emulator(&env, path, kvm, e);
    if (!caps)
        return NULL;
    struct known_emulator *k = arena_alloc(d->arena, sizeof *k);
    *k = (struct known_emulator){ arena_strdup(d->arena, path), kvm, caps };
    list_add(d->arena, &d->known, k);
    return caps;
}

static bool complete(struct definer *d, struct domain *domain, struct parse *p)
{
    struct caps *caps = emulator_of(d, domain, p->err);
    if (!caps)
        return err_wrap(p->err, "%s: %s", p->file, domain->name);
    struct emulator_facts facts = facts_of_caps(caps);
    return domain_expand(domain, &facts, p);
}

static const char *new_uuid(struct arena *a)
{
    char text[37];
    return uuid_new(text) ? arena_strdup(a, text) : NULL;
}

bool define_check(struct definer *d, struct definition *out, const char *file, const char *text, size_t n, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct parse p = { .arena = a, .file = file, .notes = d->notes, .err = e, .strict = d->strict };
    struct domain *domain = domain_parse(text, n, &p);
    if (!domain)
        return false;
    if (!domain->name)
        return parse_error(&p, domain->meta.line, "<domain> has no <name>");
    if (!domain->uuid && !(domain->uuid = def_uuid(d->root, a, domain->name)) && !(domain->uuid = new_uuid(a)))
        return err_errno(e, "%s: cannot make a UUID", domain->name);
    domain->id.set = false;
    if (!complete(d, domain, &p))
        return false;
    autostr struct str printed = STR_INIT;
    str_add(&printed, header);
    domain_print(domain, &printed, PRINT_SECRETS);
    *out = (struct definition){ .name = arena_strdup(d->arena, domain->name),
                                .uuid = arena_strdup(d->arena, domain->uuid),
                                .text = arena_strndup(d->arena, printed.p, printed.len),
                                .n = printed.len };
    return true;
}

static bool others_free(const struct definer *d, const char *name, struct err *e)
{
    return beside_root_free(d->root, e) && beside_guest_free(d->root, name, e);
}

/* Under the guest's lock: undoes what a start left that came to no good end. */
static bool repair(const struct definer *d, const char *name, int lock, struct err *e)
{
    autoarena struct arena *a = arena_new();
    enum life_is is;
    autoclose int pidfd = -1;
    struct life l;
    if (!life_open(&l, d->root, a, name, false, e))
        return false;
    l.lock = lock;
    bool ok = life_repair(&l, d->by, &is, &pidfd, d->notes, e);
    l.lock = -1; /* still the caller's */
    life_close(&l);
    return ok;
}

static struct def_change change(const struct definer *d, enum def_lock lock)
{
    return (struct def_change){ .etc = d->etc, .state = d->state, .lock = lock, .wait_ms = d->wait_ms };
}

static struct def_text text_of(const struct definition *x)
{
    return (struct def_text){ .name = x->name, .uuid = x->uuid, .text = x->text, .n = x->n, .expect = x->expect };
}

static bool store_locked(struct definer *d, struct definition *x, struct err *e)
{
    struct guest_status s;
    autoclose int dir = -1;
    autoclose int lock = guest_lock(d->state, x->name, now_ms() + d->wait_ms, "vm-define", &dir, e);
    if (lock < 0)
        return false;
    struct def_change c = change(d, DEF_LOCKED);
    struct def_text t = text_of(x);
    guest_status(d->state, -1, x->name, &s);
    x->running = s.active && !def_exists(d->etc, x->name);
    bool ok = (s.state == GUEST_OFF || repair(d, x->name, lock, e)) && defs_write(&c, &t, 1, e) == 1;
    x->replaced = t.replaced;
    guest_dir_tidy(d->state, x->name, dir);
    return ok;
}

/* How many, from the first on, may be stored without their guests' locks; fewer than n and *refused: the next one may
 * not be stored at all. */
static size_t without_lock(const struct definer *d, const struct definition *x, size_t n, bool *refused, struct err *e)
{
    struct stat st;
    *refused = false;
    for (size_t i = 0; i < n; i++) {
        *refused = !others_free(d, x[i].name, e);
        if (*refused || fstatat(d->state, x[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return i;
    }
    return n;
}

size_t define_store(struct definer *d, struct definition *x, size_t n, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct def_text *texts = arena_array(a, n, sizeof *texts);
    size_t done = 0;
    for (size_t i = 0; i < n; i++)
        texts[i] = text_of(&x[i]);
    while (done < n) {
        struct def_change c = change(d, DEF_UNLOCKED);
        bool refused;
        size_t some = without_lock(d, x + done, n - done, &refused, e);
        size_t stored = defs_write(&c, texts + done, some, e);
        for (size_t i = done; i < done + stored; i++)
            x[i].replaced = texts[i].replaced;
        done += stored;
        if (done == n || (stored < some ? !c.needs_lock : refused) || !store_locked(d, &x[done], e))
            break;
        done++;
    }
    return done;
}

/* The NVRAM file that the definition names, or that a start has made for it; NULL: none is there. *refused: the definition cannot be read. */
static const char *nvram_file(const struct definer *d, struct arena *a, const char *name, bool *refused, struct err *e)
{
    autostr struct str text = STR_INIT;
    struct parse p = { .arena = a, .file = name, .err = e };
    struct domain *domain = def_read(d->root, name, &text, e) ? domain_parse(str_text(&text), text.len, &p) : NULL;
    *refused = !domain;
    const char *nvram = domain ? firmware_nvram_of(domain, d->root->dir[ROOT_NVRAM], a) : NULL;
    return nvram && *nvram == '/' && access(nvram, F_OK) == 0 ? nvram : NULL;
}

static bool nvram_settled(const struct definer *d, const char *name, const struct undefine_options *o, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct err unread = { 0 };
    bool refused;
    const char *nvram = o->keep_nvram ? NULL : nvram_file(d, a, name, &refused, &unread);
    /* A definition that is broken can still be removed, unless its NVRAM is to go with it. */
    if (!o->keep_nvram && refused) {
        if (o->remove_nvram || unread.status == ST_NOENT || unread.status == ST_PERM) {
            *e = unread;
            return false;
        }
        return true;
    }
    if (!nvram)
        return true;
    if (!o->remove_nvram)
        return err_set(e, ST_STATE, "%s: has an NVRAM file, %s (try: --nvram to remove it, --keep-nvram to leave it)", name,
                       nvram);
    return unlink(nvram) == 0 || errno == ENOENT || err_errno(e, "%s: cannot remove its NVRAM file %s", name, nvram);
}

/* The state of its TPM goes with the definition, as libvirt has it, unless the domain or the caller keeps it. */
static bool tpm_settled(const struct definer *d, const char *name, const struct undefine_options *o, struct err *e)
{
    autoarena struct arena *a = arena_new();
    autostr struct str text = STR_INIT;
    struct err unread;
    struct parse p = { .arena = a, .file = name, .err = &unread };
    struct domain *domain = def_read(d->root, name, &text, &unread) ? domain_parse(str_text(&text), text.len, &p) : NULL;
    bool keep = o->keep_tpm || !domain || !domain->uuid || strlen(domain->uuid) != 36 || strchr(domain->uuid, '/');
    for (size_t i = 0; !keep && !o->remove_tpm && i < domain->devices->tpms.n; i++)
        keep = domain->devices->tpms.v[i]->persistent_state == TRI_YES;
    autoclose int all = keep ? -1 : root_open(d->root, ROOT_LIB_SWTPM, false, &unread);
    return all < 0 || file_remove_tree(all, domain->uuid, TPM_DEPTH) ||
           err_errno(e, "%s: cannot remove the state of its TPM, %s/%s", name, d->root->dir[ROOT_LIB_SWTPM], domain->uuid);
}

static bool remove_it(struct definer *d, const char *name, const struct undefine_options *o, bool running, struct err *e)
{
    if (running && o->remove_tpm)
        return err_set(e, ST_STATE, "%s: is running, its TPM cannot be removed now (try: --keep-tpm)", name);
    if (running && o->remove_nvram)
        return err_set(e, ST_STATE, "%s: is running, its NVRAM file cannot be removed now (try: --keep-nvram)", name);
    /* A guest that goes on needs its NVRAM. */
    if (!running && (!nvram_settled(d, name, o, e) || !tpm_settled(d, name, o, e)))
        return false;
    struct def_change c = change(d, DEF_LOCKED);
    return def_remove(&c, name, running, e);
}

/* l is open and locked. */
static bool undefine_locked(struct definer *d, struct life *l, const struct undefine_options *o, bool *running,
                            struct err *e)
{
    enum life_is is;
    autoclose int pidfd = -1;
    if (!life_repair(l, d->by, &is, &pidfd, d->notes, e))
        return false;
    *running = is == LIFE_RUNNING;
    if (def_exists(d->etc, l->name))
        return remove_it(d, l->name, o, *running, e);
    return *running ? err_set(e, ST_STATE, "%s: is transient, it has no definition to remove", l->name)
                    : err_set(e, ST_NOENT, "%s: is not defined", l->name);
}

bool undefine(struct definer *d, const char *name, const struct undefine_options *o, bool *running, struct err *e)
{
    autoarena struct arena *a = arena_new();
    struct life l;
    *running = false;
    if (!others_free(d, name, e) || !life_open(&l, d->root, a, name, true, e))
        return false;
    bool ok = life_lock(&l, d->wait_ms, "vm-undefine", e) && undefine_locked(d, &l, o, running, e);
    /* What is left of a guest that is neither running nor defined goes with its definition. */
    if (ok && !*running)
        life_end(&l);
    else {
        if (l.lock >= 0)
            guest_dir_tidy(d->state, name, l.dir);
        life_close(&l);
    }
    return ok;
}
