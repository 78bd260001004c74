/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/apparmor.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "guard/access_walk.h"
#include "guard/apparmor.h"
#include "guard/apparmor_private.h"

/* A profile that is loaded and kept by an administrator (type='static'): the kernel says what it allows. One that is made and
 * loaded at the start has the guest's own files in it, whatever the kernel has under that name before. */

static bool enforced(const char *profile)
{
    autostr struct str text = STR_INIT, line = STR_INIT;
    if (file_read_at(AT_FDCWD, APPARMOR_FS "/profiles", 16 << 20, false, &text) < 0)
        return false;
    str_addf(&line, "%s (enforce)\n", profile);
    const char *at = strstr(str_text(&text), str_text(&line));
    return at && (at == str_text(&text) || at[-1] == '\n');
}

/* Whether the profile lets its processes do mask (AA_MAY_*) to path; true where it is not loaded. Not by the library's
 * aa_query_file_path(): that of version 3.0 says no to everything (tried). */
static bool allows(struct arena *a, const char *profile, const char *path, unsigned mask)
{
    size_t n = strlen(profile), size = AA_QUERY_CMD_LABEL_SIZE + n + 2 + strlen(path);
    char *query = arena_alloc(a, size + 1), *at = query + AA_QUERY_CMD_LABEL_SIZE;
    int allowed, audited;
    memcpy(at, profile, n);
    at[n + 1] = AA_CLASS_FILE;
    memcpy(at + n + 2, path, strlen(path));
    return aa_query_label(mask, query, size, &allowed, &audited) < 0 || allowed;
}

/* In the letters of apparmor.d(5). QEMU locks what it writes. */
static const char *letters(unsigned need)
{
    static const char *const by_need[8] = { "", "", "wk", "wk", "r", "r", "rwk", "rwk" };
    return by_need[need & 7];
}

static void look_apparmor(struct access_walk *w, const struct access_check *c, const struct access_place *p)
{
    const char *profile = c->guard && c->guard->enter.apparmor_kept ? c->guard->enter.apparmor : NULL;
    unsigned mask = (p->need & ACCESS_READ ? AA_MAY_READ : 0U) | (p->need & ACCESS_WRITE ? AA_MAY_WRITE | AA_MAY_LOCK : 0U);
    bool run = p->object && S_ISREG(p->st->st_mode) && p->need & ACCESS_EXECUTE; /* from outside of the profile */
    if (!profile || !p->object || run || !mask || S_ISDIR(p->st->st_mode) || S_ISSOCK(p->st->st_mode) ||
        allows(access_arena(w), profile, p->path, mask) || !enforced(profile))
        return;
    struct arena *a = access_arena(w);
    autostr struct str rule = STR_INIT;
    struct err e;
    if (!apparmor_rule(&rule, "", p->path, "", letters(p->need), &e))
        return;
    access_refuse(w, p, &(struct access_refusal){
        .status = ST_PERM, .layer = "apparmor", .has = arena_printf(a, "profile '%s'", profile),
        .needs = arena_printf(a, "rule \"%s\"", letters(p->need)),
        .text = arena_printf(a, "Permission denied by AppArmor's profile '%s'", profile),
        .hint = arena_printf(a, "in the profile, the rule %.*s", (int)strcspn(str_text(&rule) + 2, "\n"), str_text(&rule) + 2) });
}

const struct access_layer access_apparmor = { "apparmor", look_apparmor };
