/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/apparmor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/apparmor_private.h"
#include "guard/apparmor_rules.h"

/* Debian's libvirt has the first, older ones the second, vmutils brings the third. */
static const char *const templates[] = { "TEMPLATE.qemu", "TEMPLATE", "TEMPLATE.vmutils" };

enum { PROFILE_MAX = 1 << 20 };

bool apparmor_name(const struct domain *d, char out[APPARMOR_NAME], struct err *e)
{
    if (!d->uuid)
        return err_set(e, ST_FAILED, "a profile is named by its guest's UUID, and there is no <uuid> (try: vm-define, or xml-expand)");
    snprintf(out, APPARMOR_NAME, "libvirt-%s", d->uuid);
    return true;
}

const char *apparmor_parser(const char *sysroot, struct arena *a)
{
    static const char *const places[] = { "/usr/sbin/apparmor_parser", "/sbin/apparmor_parser" };
    for (int real = sysroot == NULL; real < 2; real++)
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            const char *path = arena_printf(a, "%s%s", real ? "" : sysroot, places[i]);
            if (access(path, X_OK) == 0)
                return path;
        }
    return NULL;
}

static const char *template_path(const char *dir, struct arena *a)
{
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        const char *path = arena_printf(a, "%s/%s", dir, templates[i]);
        if (access(path, F_OK) == 0)
            return path;
    }
    return NULL;
}

static const char *profile_dir(const struct mac_driver *m, struct arena *a)
{
    return arena_printf(a, "%s" APPARMOR_DIR, m->sysroot ? m->sysroot : "");
}

bool apparmor_usable(const struct mac_driver *m, const struct root *r, struct arena *a, const char **why)
{
    const char *sysroot = m->sysroot ? m->sysroot : "", *dir = profile_dir(m, a), *template = template_path(dir, a);
    if (m->which != MAC_APPARMOR)
        *why = m->why;
    else if (!r->privileged)
        *why = "only root loads profiles";
    else if (access(arena_printf(a, "%s" APPARMOR_FS, sysroot), F_OK) < 0)
        *why = "securityfs is not mounted (try: mount -t securityfs securityfs /sys/kernel/security)";
    else if (!apparmor_parser(m->sysroot, a))
        *why = "apparmor_parser is not installed";
    else if (!template)
        *why = arena_printf(a, "there is no template of profiles in %s (try: make install of vmutils, or libvirt-daemon-system)", dir);
    else
        *why = arena_printf(a, "profiles are made from %s", template);
    return str_starts(*why, "profiles ");
}

/* --- the texts ----------------------------------------------------------------------------- */

struct texts {
    const char *dir;       /* /etc/apparmor.d/libvirt */
    const char *profile;   /* path */
    const char *files;     /* path */
    bool mine;             /* there is no profile yet: text is made from the template */
    struct str text;       /* of the profile */
    struct str rules;      /* of .files */
};

static void texts_release(struct texts *t)
{
    str_release(&t->text);
    str_release(&t->rules);
}

static bool read_profile(struct texts *t, const char *name, struct arena *a, struct err *e)
{
    autostr struct str template = STR_INIT;
    if (file_read_at(AT_FDCWD, t->profile, PROFILE_MAX, true, &t->text) == 0)
        return true;
    if (errno != ENOENT && errno != ENOTDIR)
        return err_errno(e, "%s", t->profile);
    const char *from = template_path(t->dir, a);
    if (!from)
        return err_set(e, ST_NOENT, "there is no template of profiles in %s (try: make install of vmutils, or libvirt-daemon-system)",
                       t->dir);
    if (file_read_at(AT_FDCWD, from, PROFILE_MAX, false, &template) < 0)
        return err_errno(e, "%s", from);
    t->mine = true;
    return apparmor_from_template(&t->text, str_text(&template), from, name, e);
}

static bool make_texts(struct texts *t, struct guard *g, const struct mac_driver *m, const char *name, struct err *e)
{
    *t = (struct texts){ .dir = profile_dir(m, g->arena) };
    t->profile = arena_printf(g->arena, "%s/%s", t->dir, name);
    t->files = arena_printf(g->arena, "%s.files", t->profile);
    str_add(&t->rules, "# Made by vmutils when the guest starts; what is changed here is lost then.\n");
    return apparmor_rules(g, &t->rules, e) && read_profile(t, name, g->arena, e);
}

/* In place of its line that includes the rules, the rules. */
static void inline_rules(struct str *out, const char *text, const char *name, const char *rules)
{
    autostr struct str wanted = STR_INIT;
    str_addf(&wanted, "<libvirt/%s.files>", name);
    const char *include = strstr(text, str_text(&wanted)), *line = include;
    while (line && line > text && line[-1] != '\n')
        line--;
    if (!include) {
        str_add(out, text);
        return;
    }
    str_addn(out, text, (size_t)(line - text));
    str_add(out, rules);
    const char *rest = strchr(include, '\n');
    str_add(out, rest ? rest + 1 : "");
}

bool apparmor_profile(struct guard *g, struct str *out, struct err *e)
{
    char name[APPARMOR_NAME];
    struct mac_driver m;
    struct texts t = { .text = STR_INIT, .rules = STR_INIT };
    bool ok = guard_objects(g, e) && apparmor_name(g->domain, name, e) && mac_driver(&m, g->conf, g->root, g->arena, e) &&
              make_texts(&t, g, &m, name, e);
    if (ok)
        inline_rules(out, str_text(&t.text), name, str_text(&t.rules));
    texts_release(&t);
    return ok;
}

/* --- the layer ----------------------------------------------------------------------------- */

static bool complains(const char *text)
{
    const char *flags = strstr(text, "flags="), *complain = flags ? strstr(flags, "complain") : NULL, *end = flags ? strchr(flags, ')') : NULL;
    return complain && end && complain < end;
}

static const char *note_of(const struct texts *t, const char *name, struct arena *a)
{
    const char *kept = t->mine ? NULL : arena_printf(a, "%s is the administrator's", t->profile);
    if (complains(str_text(&t->text)))
        return arena_printf(a, "complain mode: what is refused is only logged%s%s", kept ? "; " : "", kept ? kept : "");
    if (kept && !strstr(str_text(&t->text), arena_printf(a, "%s.files", name)))
        return arena_printf(a, "%s and does not include <libvirt/%s.files>", kept, name);
    return kept;
}

static void add_file_row(struct guard *g, const char *path, const char *before, const char *wanted)
{
    journal_add(g->journal, &(struct row){ .kind = "profile", .object = path, .before = before ? before : "absent",
                                           .wanted = wanted, .why = "AppArmor profile" });
}

static bool add_rows(struct guard *g, const struct mac_driver *m, const struct texts *t, const char *name, struct err *e)
{
    autostr struct str old = STR_INIT;
    bool loaded;
    if (t->mine)
        add_file_row(g, t->profile, NULL, str_text(&t->text));
    bool there = file_read_at(AT_FDCWD, t->files, PROFILE_MAX, true, &old) == 0;
    if (!there && errno != ENOENT)
        return err_errno(e, "%s", t->files);
    add_file_row(g, t->files, there ? str_text(&old) : NULL, str_text(&t->rules));
    if (!apparmor_loaded(m->sysroot, name, &loaded, e))
        return false;
    journal_add(g->journal, &(struct row){ .kind = "apparmor", .object = t->profile, .before = loaded ? "loaded" : "absent",
                                           .wanted = "loaded", .why = "AppArmor profile" });
    return true;
}

static void take_on(struct guard *g, const char *name, const char *note)
{
    g->enter.apparmor = arena_strdup(g->arena, name);
    guard_add_process(g, "apparmor", g->enter.apparmor, note);
    /* Libvirt shows the profile as the label of images, too. */
    g->processes.v[g->processes.n - 1]->image = g->enter.apparmor;
}

static bool under_own(struct guard *g, const struct mac_driver *m, struct err *e)
{
    char name[APPARMOR_NAME];
    struct texts t = { .text = STR_INIT, .rules = STR_INIT };
    bool ok = apparmor_name(g->domain, name, e) && make_texts(&t, g, m, name, e) && add_rows(g, m, &t, name, e);
    if (ok)
        take_on(g, name, note_of(&t, name, g->arena));
    texts_release(&t);
    return ok;
}

/* The administrator wrote it and loads it; nothing is made or loaded here. */
static bool under_static(struct guard *g, const struct mac_driver *m, const struct seclabel *l, struct err *e)
{
    bool loaded = false;
    if (!l->label)
        return err_set(e, ST_FAILED, "line %d: <seclabel type='static' model='apparmor'> needs a <label>, the name of a profile", l->meta.line);
    /* Others than root cannot see which are loaded; for them the change at exec tells. */
    bool known = g->root->privileged && !g->dry_run;
    if (known && !apparmor_loaded(m->sysroot, l->label, &loaded, e))
        return false;
    if (known && !loaded)
        return err_set(e, ST_FAILED, "line %d: AppArmor's profile '%s' is not loaded (try: apparmor_parser -a FILE)", l->meta.line, l->label);
    g->enter.apparmor_kept = true;
    take_on(g, l->label, "type='static': loaded and kept by whoever wrote it");
    return true;
}

bool apparmor_layer(struct guard *g, struct err *e)
{
    struct mac_driver m;
    bool confined = false;
    const char *why;
    if (!mac_driver(&m, g->conf, g->root, g->arena, e))
        return false;
    const struct seclabel *l = m.which == MAC_APPARMOR ? mac_label(&m, g->domain) : NULL;
    if (m.which != MAC_APPARMOR) {
        why = arena_printf(g->arena, "the security driver is %s (%s)", mac_names[m.which], m.why);
    } else if (!mac_confined(&m, g->domain, &confined, &why, e)) {
        return false;
    } else if (confined && l && l->baselabel) {
        return err_set(e, ST_FAILED, "line %d: <baselabel>: AppArmor has none, a profile is made from the template (try: <label> with type='static')",
                       l->meta.line);
    } else if (confined && l && l->type == SECLABEL_STATIC) {
        return under_static(g, &m, l, e);
    } else if (confined && !apparmor_usable(&m, g->root, g->arena, &why)) {
        if (l || m.require_confined || conf_get(g->conf, "security_driver"))
            return err_set(e, g->root->privileged ? ST_FAILED : ST_PERM, "AppArmor cannot confine this guest: %s", why);
        confined = false;
    }
    if (confined)
        return under_own(g, &m, e);
    guard_add_process(g, "apparmor", NULL, arena_printf(g->arena, "not in use: %s", why));
    return true;
}
