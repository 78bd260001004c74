/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/helpers.h"

#include <sys/stat.h>

#include "base/str.h"
#include "guard/guard.h"
#include "guard/landlock.h"
#include "guard/sockets.h"

static void show_owner(struct guard *g, const struct guard_helper *h)
{
    const char *wanted = arena_printf(g->arena, "%u:%u", (unsigned)h->user.uid, (unsigned)h->user.gid);
    struct guard_entry entry = { .layer = "dac", .path = h->state, .why = h->state_why, .use = object_use_names[OBJECT_EXCLUSIVE],
                                 .wanted = wanted, .made = h->state_new, .mode = h->state_new ? "0700" : NULL };
    struct stat st;
    if (lstat(h->state, &st) == 0) {
        entry.mode = arena_printf(g->arena, "%04o", (unsigned)st.st_mode & 07777);
        entry.now = arena_printf(g->arena, "%u:%u", (unsigned)st.st_uid, (unsigned)st.st_gid);
    }
    entry.change = h->state_new || (g->root->privileged && !streq(entry.now, wanted));
    entry.note = h->state_new ? "is made, and stays" : entry.change ? "stays so, as in libvirt" : "is right";
    guard_add(g, &entry);
}

static void show_user(struct guard *g, const struct guard_helper *h)
{
    const struct enter_user *u = &h->enter.user;
    guard_add_helper_process(g, h, "dac", arena_printf(g->arena, "%u:%u", (unsigned)u->uid, (unsigned)u->gid), NULL);
    guard_add_helper_process(g, h, "capabilities", privileges_words(g->arena, u), NULL);
}

static void take_user(struct guard *g, struct guard_helper *h)
{
    h->enter.user = h->user;
    if (h->user.change)
        privileges_find_groups(g->arena, &h->enter.user);
    show_user(g, h);
}

/* SELinux's label is there already, where the policy has a way in for the program. */
static void take_profile(struct guard *g, struct guard_helper *h)
{
    if (!g->enter.apparmor)
        return;
    if (!h->outside)
        h->enter.apparmor = g->enter.apparmor;
    guard_add_helper_process(g, h, "apparmor", h->enter.apparmor, h->outside);
}

static void take_filter(struct guard *g, struct guard_helper *h)
{
    if (enter_takes_label(&h->enter) && !g->root->privileged)
        return;
    h->enter.sockets.no_io_uring = true;
    h->enter.sockets.no_unix = !h->unix_sockets;
    guard_add_helper_process(g, h, "seccomp", h->unix_sockets ? "no io_uring" : "no AF_UNIX, no io_uring", NULL);
}

bool helpers_layer(struct guard *g, struct err *e)
{
    for (size_t i = 0; i < g->helpers.n; i++) {
        struct guard_helper *h = g->helpers.v[i];
        if (h->state)
            show_owner(g, h);
        take_user(g, h);
        take_profile(g, h);
        if (!landlock_helper(g, h, e))
            return err_wrap(e, "%s", h->name);
        take_filter(g, h);
    }
    return true;
}

bool guard_prepare_helper(struct guard_helper *h, struct notes *notes, struct err *e)
{
    return landlock_prepare(&h->enter, notes, e) && sockets_prepare(&h->enter, e);
}
