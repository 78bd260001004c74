/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "guard/guard.h"

enum { GROUPS_MAX = 1024 };

void privileges_find_groups(struct arena *a, struct enter_user *u)
{
    const struct passwd *p = getpwuid(u->uid);
    int n = GROUPS_MAX;
    gid_t *groups = arena_array(a, GROUPS_MAX, sizeof *groups);
    if (!p || getgrouplist(p->pw_name, u->gid, groups, &n) < 0) {
        groups[0] = u->gid;
        n = 1;
    }
    u->groups = groups;
    u->n_groups = (size_t)n;
}

const char *privileges_words(struct arena *a, const struct enter_user *u)
{
    autostr struct str text = STR_INIT;
    for (unsigned i = 0; i < 64; i++)
        if (u->caps & 1ULL << i)
            str_addf(&text, "%s%s", text.len ? " " : "", capng_capability_to_name(i));
    return u->keep ? "all" : text.len ? arena_strdup(a, str_text(&text)) : "none";
}

static const char *better_user(void)
{
    static const char *const names[] = { "libvirt-qemu", "qemu" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getpwnam(names[i]))
            return names[i];
    return "qemu";
}

bool privileges_layer(struct guard *g, struct err *e)
{
    struct enter_user *u = &g->enter.user;
    const struct conf_value *clear = conf_get(g->conf, "clear_emulator_capabilities");
    (void)e;
    *u = (struct enter_user){ .change = g->root->privileged, .uid = g->uid, .gid = g->gid };
    if (u->change)
        privileges_find_groups(g->arena, u);
    u->keep = u->uid == 0 && !(clear && clear->number);
    guard_add_process(g, "capabilities", privileges_words(g->arena, u),
                      u->keep ? "root would get them back (clear_emulator_capabilities = 1 takes them all the same)" : NULL);
    if (u->uid == 0)
        g->enter.tainted = "high-privileges";
    if (u->uid == 0 && !g->dry_run && !conf_get(g->conf, "user"))
        note_add(g->notes, "%s: QEMU runs as root (try: user = \"%s\" in %s, or user = \"root\" if it is meant)", g->name,
                 better_user(), g->root->conf);
    return true;
}

bool privileges_forbid_new(const struct enter *x)
{
    /* Root confines itself without. */
    bool label = enter_takes_label(x), needed = x->landlock.fd || x->sockets.length;
    return (label && (!needed || geteuid() == 0)) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool keep_only(uint64_t caps)
{
    bool bounds = capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
    capng_clear(CAPNG_SELECT_ALL);
    for (unsigned i = 0; i < 64; i++)
        if (caps & 1ULL << i)
            capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, i);
    return capng_apply(bounds ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) == 0;
}

bool user_enter(const struct enter_user *u)
{
    errno = 0;
    if (!u->change)
        return keep_only(0) || (errno = errno ? errno : EPERM, false);
    if (setgroups(u->n_groups, u->groups) < 0)
        return false;
    if (u->uid == 0)
        return setresgid(u->gid, u->gid, u->gid) == 0 && (u->keep || keep_only(u->caps));
    capng_clear(CAPNG_SELECT_ALL);
    int r = capng_change_id((int)u->uid, (int)u->gid, CAPNG_CLEAR_BOUNDING | CAPNG_CLEAR_AMBIENT);
    if (r < 0 && errno == 0)
        errno = EPERM;
    return r == 0;
}
