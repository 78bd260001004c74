/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "domain/graphics.h"
#include "guard/devices.h"
#include "guard/guard.h"
#include "guard/mounts.h"
#include "guard/needs.h"
#include "guard/user_namespace.h"

static void add_node(struct guard *g, const char *path)
{
    if (path && str_starts(path, "/dev/"))
        list_add(g->arena, &g->enter.mounts.nodes, path);
}

static void plan_dev(struct guard *g)
{
    struct device_rules rules = { 0 };
    devices_plan_objects(g->domain, &g->objects, g->conf, g->arena, &rules, NULL);
    for (size_t i = 0; i < rules.all.n; i++)
        add_node(g, rules.all.v[i]->path);
    /* Rules go by number: a second name of one node has none. */
    for (size_t i = 0; i < g->objects.all.n; i++)
        add_node(g, g->objects.all.v[i]->path);
    add_node(g, "/dev/fd");
    add_node(g, "/dev/userfaultfd");
}

static bool wants_mount(const struct conf *conf)
{
    const struct conf_value *v = conf_value(conf, "namespaces");
    for (size_t i = 0; i < v->list.n; i++)
        if (streq(v->list.v[i], "mount"))
            return true;
    return false;
}

static bool below(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return path && strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n]);
}

/* Does the guest itself use something below dir? */
static bool uses(const struct guard *g, const char *dir)
{
    for (size_t i = 0; i < g->objects.all.n; i++)
        if (below(g->objects.all.v[i]->path, dir))
            return true;
    for (size_t i = 0; g->journal && i < g->journal->rows.n; i++)
        if (below(g->journal->rows.v[i]->object, dir))
            return true;
    for (size_t i = 0; i < g->enter.landlock.rules.n; i++)
        if (below(g->enter.landlock.rules.v[i]->path, dir))
            return true;
    return below(g->emulator, dir) || below(g->private_dir, dir);
}

static bool hide(struct guard *g, const char *dir)
{
    struct stat st;
    if (!dir || *dir != '/' || lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || uses(g, dir))
        return false;
    list_add(g->arena, &g->enter.mounts.hidden, dir);
    return true;
}

static const char *hidden_text(const struct guard *g)
{
    const char *text = NULL;
    for (size_t i = 0; i < g->enter.mounts.hidden.n; i++)
        text = arena_printf(g->arena, "%s%s%s", text ? text : "hidden: ", text ? ", " : "", g->enter.mounts.hidden.v[i]);
    return text;
}

/* A window, sound and buses of the desktop are in the directory of the session. */
static bool uses_session(const struct guard *g)
{
    for (size_t i = 0; i < g->domain->devices->graphics.n; i++)
        if (g->domain->devices->graphics.v[i]->type == GRAPHICS_DBUS)
            return true;
    return needs_of(g->domain, g->arena) & (NEED_DESKTOP | NEED_PULSE | NEED_JACK | NEED_ALSA);
}

bool mounts_layer(struct guard *g, struct err *e)
{
    struct enter_mounts *m = &g->enter.mounts;
    bool privileged = g->root->privileged;
    const char *why_not = NULL;
    (void)e;
    m->arena = g->arena;
    if (privileged && !wants_mount(g->conf)) {
        guard_add_process(g, "mount", NULL, "namespaces of qemu.conf has no \"mount\"");
        return true;
    }
    m->dev = privileged;
    m->asked = conf_get(g->conf, "namespaces") != NULL;
    if (m->dev)
        plan_dev(g);
    if (g->enter.sockets.no_unix || (!privileged && enter_takes_label(&g->enter)))
        why_not = "not needed";
    else if (!privileged && !user_namespace_works())
        why_not = "no user namespaces here: monitors of this user's other guests are in reach of its sockets";
    if (!why_not) {
        m->own_users = !privileged;
        m->hides_monitors = hide(g, g->root->dir[ROOT_STATE]);
        if (!privileged && !uses_session(g))
            hide(g, getenv("XDG_RUNTIME_DIR"));
    }
    if (m->dev || m->hidden.n)
        guard_add_process(g, "mount", m->dev ? "a /dev of its own" : "a namespace of its own", hidden_text(g));
    else
        guard_add_process(g, "mount", NULL, why_not);
    return true;
}
