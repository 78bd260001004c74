/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_tpm.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "domain/tpm.h"
#include "run/helper.h"

static const char package[] = "swtpm swtpm-tools";

/* As in libvirt, whose guests' states are the same: the user that packages of swtpm bring, else QEMU's. */
static const char own_user[] = "tss";

static bool whose(const struct conf *conf, bool privileged, struct enter_user *u, struct err *e)
{
    const char *user = conf_text(conf, "swtpm_user"), *group = conf_text(conf, "swtpm_group");
    if (!privileged)
        return true; /* like QEMU's own user */
    if (!user && user_id(own_user, &u->uid))
        group_id(group ? group : own_user, &u->gid);
    if (user && !user_id(user, &u->uid))
        return err_set(e, ST_FAILED, "%s: swtpm_user '%s': there is no such user", conf->path, user);
    if (group && !group_id(group, &u->gid))
        return err_set(e, ST_FAILED, "%s: swtpm_group '%s': there is no such group", conf->path, group);
    u->change = u->uid != geteuid() || u->gid != getegid();
    return true;
}

static const char *banks(struct arena *a, const struct tpm *t)
{
    const struct { const char *name; enum tri on; } all[] = {
        { "sha1", t->bank_sha1 }, { "sha256", t->bank_sha256 }, { "sha384", t->bank_sha384 }, { "sha512", t->bank_sha512 },
    };
    const char *list = NULL;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].on == TRI_YES)
            list = list ? arena_printf(a, "%s,%s", list, all[i].name) : all[i].name;
    return list ? list : "-";
}

/* Whether something in the state is another's than u's, as its own user was another at its last start. */
static bool is_others(const char *state, const struct enter_user *u)
{
    struct stat st;
    autodir DIR *d = opendir(state);
    for (struct dirent *f; d && (f = readdir(d));)
        if (!streq(f->d_name, "..") && fstatat(dirfd(d), f->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (st.st_uid != u->uid || st.st_gid != u->gid))
            return true;
    return false;
}

static void add_word(struct plan *p, struct plan_helper *h, const char *word)
{
    list_add(p->arena, &h->args, word);
}

static bool one(struct plan *p, const struct life *l, const struct domain *d, const struct tpm *t, const struct plan_options *o,
                const struct enter_user *user, const char *private_dir, struct err *e)
{
    struct arena *a = p->arena;
    struct plan_helper *h = arena_alloc(a, sizeof *h);
    bool old = streq(t->version, "1.2");
    const char *setup = helper_find(a, "swtpm_setup", o->caps->bindirs, o->caps->n_bindirs, package, e);
    *h = (struct plan_helper){ .log = ROOT_LOG_SWTPM };
    h->as = (struct guard_helper){ .name = "swtpm", .state_why = "TPM state", .needs = NEED_HELPER, .user = *user };
    h->as.path = setup ? helper_find(a, "swtpm", o->caps->bindirs, o->caps->n_bindirs, package, e) : NULL;
    if (!h->as.path)
        return err_wrap(e, "<tpm> <backend type='emulator'>");
    h->as.state = arena_printf(a, "%s/%s/%s", l->root->dir[ROOT_LIB_SWTPM], d->uuid, old ? "tpm1.2" : "tpm2");
    h->socket = arena_printf(a, "%s/swtpm.sock", private_dir);
    h->as.state_new = access(h->as.state, F_OK) < 0;
    if (h->as.state_new || (user->change && is_others(h->as.state, user)))
        journal_add(&p->journal, &(struct row){
            .kind = "tpm", .object = h->as.state, .before = h->as.state_new ? "absent" : "another's", .why = "tpm",
            .wanted = arena_printf(a, "%u:%u %s %s %s", (unsigned)user->uid, (unsigned)user->gid, old ? "1.2" : "2.0",
                                   old ? "-" : banks(a, t), setup) });
    add_word(p, h, "socket");
    if (!old)
        add_word(p, h, "--tpm2");
    add_word(p, h, "--ctrl");
    add_word(p, h, arena_printf(a, "type=unixio,fd=%d", HELPER_SOCKET));
    add_word(p, h, "--tpmstate");
    add_word(p, h, "dir=.,mode=0600");
    if (t->debug.set) {
        add_word(p, h, "--log");
        add_word(p, h, arena_printf(a, "fd=2,level=%llu", (unsigned long long)t->debug.v));
    }
    add_word(p, h, "--terminate");
    list_add(a, &p->helpers, h);
    return true;
}

bool plan_tpm(struct plan *p, const struct life *l, const struct domain *d, const struct plan_options *o, uid_t uid, gid_t gid,
              const char *private_dir, struct err *e)
{
    struct enter_user user = { .uid = uid, .gid = gid };
    for (size_t i = 0; i < d->devices->tpms.n; i++) {
        const struct tpm *t = d->devices->tpms.v[i];
        if (t->backend != TPM_EMULATOR)
            continue;
        if (t->encryption_secret)
            return err_set(e, ST_FAILED, "<tpm> <encryption>: secrets are not supported (try: without)");
        if (!whose(o->conf, l->root->privileged, &user, e) || !one(p, l, d, t, o, &user, private_dir, e))
            return false;
    }
    return true;
}
