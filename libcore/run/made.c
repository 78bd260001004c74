/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/made.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "domain/objects.h"

enum wanted {
    W_OWNER,   /* the row begins with UID:GID */
    W_QEMUS,   /* it will be whose QEMU is */
    W_TEXT,    /* what the row says */
    W_ANEW,    /* a text that is too long for a table */
    W_RULES,   /* likewise, and another program tells it */
};

static const struct {
    const char *kind, *layer, *mode, *note;
    enum wanted wanted;
} kinds[] = {
    { "dir", "dac", "0700", "is made, and goes with the guest", W_OWNER },
    { "nvram", "dac", "0600", "is made from its template, and stays", W_OWNER },
    { "file", "dac", "0600", "is made, and stays", W_OWNER },
    { "tpm", "dac", "0700", "is made, and stays", W_OWNER },
    { "socket", "dac", NULL, "QEMU makes it", W_QEMUS },
    { "profile", "apparmor", NULL, "is written", W_ANEW },
    { "apparmor", "apparmor", NULL, "is put into the kernel, and goes with the guest", W_TEXT },
    { "cgroup-dir", "cgroup", NULL, "is made", W_TEXT },
    { "cgroup", "cgroup", NULL, "is made, and goes with the guest", W_RULES },
};

static const char *owner(struct guard *g, uid_t uid, gid_t gid)
{
    return arena_printf(g->arena, "%u:%u", (unsigned)uid, (unsigned)gid);
}

/* mode and now of what is there already. */
static void look(struct guard *g, struct guard_entry *x)
{
    struct stat st;
    if (lstat(x->path, &st) < 0)
        return;
    x->mode = arena_printf(g->arena, "%04o", (unsigned)st.st_mode & 07777);
    x->now = owner(g, st.st_uid, st.st_gid);
}

/* The entry of an object that is not there yet says what will be; one that changes has said it. */
static struct guard_entry *entry_of(struct guard *g, const char *layer, const char *path)
{
    for (size_t i = 0; i < g->entries.n; i++) {
        struct guard_entry *x = g->entries.v[i];
        if (streq(x->layer, layer) && streq(x->path, path) && (x->change || !x->now))
            return x;
    }
    guard_add(g, &(struct guard_entry){ .layer = layer, .path = path, .use = object_use_names[OBJECT_EXCLUSIVE] });
    return g->entries.v[g->entries.n - 1];
}

static void add_row(struct guard *g, const struct row *row)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!streq(kinds[i].kind, row->kind))
            continue;
        bool absent = streq(row->before, "absent");
        struct guard_entry *x = entry_of(g, kinds[i].layer, row->object);
        if (x->change)
            return; /* its layer says it */
        x->why = x->why ? x->why : row->why;
        x->mode = kinds[i].mode;
        x->note = absent ? kinds[i].note : "is there";
        x->made = true;
        x->change = absent || kinds[i].wanted == W_ANEW;
        x->wanted = kinds[i].wanted == W_OWNER   ? arena_strndup(g->arena, row->wanted, strcspn(row->wanted, " "))
                    : kinds[i].wanted == W_QEMUS ? owner(g, g->uid, g->gid)
                    : kinds[i].wanted == W_ANEW  ? "the rules for its files"
                    : kinds[i].wanted == W_RULES ? "devices and limits as cg-acl says"
                                                 : row->wanted;
        if (streq(x->layer, "dac"))
            look(g, x);
        else if (!absent)
            x->now = kinds[i].wanted == W_ANEW ? "other rules" : row->before;
        return;
    }
}

/* Made, and kept, by the starting program; QEMU gets some of them as descriptors. */
static void add_own(struct guard *g, const char *path, const char *why, const char *mode, const char *note)
{
    struct guard_entry x = { .layer = "dac", .path = path, .why = why, .use = object_use_names[OBJECT_EXCLUSIVE], .note = note,
                             .made = true };
    look(g, &x);
    x.mode = x.mode ? x.mode : mode;
    x.wanted = x.now ? x.now : owner(g, geteuid(), getegid());
    guard_add(g, &x);
}

void made_add(struct guard *g, const struct journal *j, bool dumps)
{
    struct arena *a = g->arena;
    const char *dir = arena_printf(a, "%s/%s", g->root->dir[ROOT_STATE], g->name);
    for (size_t i = 0; i < j->rows.n; i++)
        add_row(g, j->rows.v[i]);
    const char *monitor = arena_printf(a, "%s/monitor.sock", dir);
    add_own(g, monitor, "monitor socket", "0600", "vm-start makes it; QEMU gets it open");
    if (g->enter.selinux.image)
        guard_add(g, &(struct guard_entry){ .layer = "selinux", .path = monitor, .why = "monitor socket", .made = true,
                                            .use = object_use_names[OBJECT_EXCLUSIVE], .wanted = g->enter.selinux.image,
                                            .note = "vm-start makes it; QEMU gets it open" });
    add_own(g, arena_printf(a, "%s/alive", dir), "lock of the guest", "0600", "vm-start makes it; QEMU gets it open");
    add_own(g, arena_printf(a, "%s/%s.log", g->root->dir[ROOT_LOG], g->name), "log of QEMU", "0600", "vm-start makes it; vm-reap writes it");
    if (!dumps)
        return;
    const char *to = conf_text(g->conf, "auto_dump_path");
    add_own(g, to ? to : arena_printf(a, "%s/dump", g->root->dir[ROOT_LIB]), "memory dumps", "0711",
            "vm-reap makes a file in it if the guest panics");
}
