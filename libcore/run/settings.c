/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/settings.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "guard/apparmor.h"
#include "guard/driver.h"
#include "guard/ruleset.h"
#include "host/conf_own.h"

const char *const setting_status_names[4] = { "honoured", "refused", "not honoured", "unknown" };

/* --- what a key means here ----------------------------------------------------------------- */

struct asked {
    struct arena *a;
    const struct conf *conf, *own;
    const struct root *root;
};

static const char *user_note(const struct asked *q)
{
    uid_t uid;
    gid_t gid;
    struct err e;
    if (!q->root->privileged || q->root->kind == ROOT_SESSION)
        return "guests run as who starts them";
    if (!conf_qemu_ids(q->conf, &uid, &gid, &e))
        return arena_strdup(q->a, e.text);
    return uid == 0 ? "QEMU runs as root; a user of its own is safer" : NULL;
}

static const char *driver_note(const struct asked *q)
{
    struct mac_driver m;
    struct err e;
    const char *why;
    if (!mac_driver(&m, q->conf, q->root, q->a, &e))
        return arena_strdup(q->a, e.text);
    if (m.which != MAC_APPARMOR)
        return arena_printf(q->a, "%s: %s", mac_names[m.which], m.why);
    bool usable = apparmor_usable(&m, q->root, q->a, &why);
    return arena_printf(q->a, usable ? "apparmor: %s; %s" : "none: AppArmor is enabled, but %s%s", usable ? m.why : why, usable ? why : "");
}

static const char *owners_note(const struct asked *q)
{
    return q->root->privileged ? NULL : "only root changes owners";
}

static const char *caller_note(const struct asked *q)
{
    (void)q;
    return "not set: as who starts the guest has it";
}

static const char *locked_note(const struct asked *q)
{
    (void)q;
    return "not set: what the domain locks";
}

static const char *dump_note(const struct asked *q)
{
    return arena_printf(q->a, "not set: %s/dump", q->root->dir[ROOT_LIB]);
}

static const char *sandbox_note(const struct asked *q)
{
    return conf_number(q->conf, "seccomp_sandbox") ? "on" : NULL;
}

static const char *landlock_note(const struct asked *q)
{
    if (conf_no_landlock())
        return "VMUTILS_LANDLOCK=0";
    if (!conf_number(q->own, "landlock"))
        return NULL;
    int abi = ruleset_abi();
    return abi ? arena_printf(q->a, "version %d", abi) : "this kernel has none";
}

static const struct {
    const char *key;
    const char *(*note)(const struct asked *q);
    bool unset_only;
} explained[] = {
    { "user", user_note, false },
    { "group", user_note, false },
    { "security_driver", driver_note, false },
    { "dynamic_ownership", owners_note, false },
    { "remember_owner", owners_note, false },
    { "auto_dump_path", dump_note, true },
    { "landlock", landlock_note, false },
    { "max_core", caller_note, true },
    { "max_files", caller_note, true },
    { "max_locked_memory", locked_note, true },
    { "max_processes", caller_note, true },
    { "seccomp_sandbox", sandbox_note, false },
};

static const char *note_of(const struct asked *q, const struct setting *s)
{
    for (size_t i = 0; i < sizeof explained / sizeof *explained; i++)
        if (streq(explained[i].key, s->name) && !(explained[i].unset_only && s->value->text))
            return explained[i].note(q);
    return NULL;
}

/* --- rows ---------------------------------------------------------------------------------- */

static const char *note_unknown(const struct asked *q, const struct setting *s)
{
    const struct conf_table *t = s->conf->table;
    if (conf_key(conf_other(t), s->name))
        return arena_printf(q->a, "passed over: it is a key of %s", conf_other(t)->file);
    return arena_printf(q->a, "%s has no such key", t->owner);
}

static void fill(struct setting *s, const struct asked *q, const struct conf *conf, const char *name)
{
    static const struct conf_value off = { "landlock", CONF_NUMBER, 0, "0", { 0, NULL }, 0 };
    const struct conf_key *k = conf_key(conf->table, name);
    const struct conf_value *v = conf_get(conf, name);
    bool environment = k && conf == q->own && streq(name, off.name) && conf_no_landlock();
    *s = (struct setting){ .name = name, .conf = conf, .value = environment ? &off : conf_value(conf, name) };
    s->status = !k ? SETTING_UNKNOWN : !k->honoured ? SETTING_IGNORED : v && conf_refused(v, q->root) ? SETTING_REFUSED : SETTING_HONOURED;
    s->from = environment ? "environment" : v ? arena_printf(q->a, "%s:%d", conf->path, v->line) : k && k->of_build ? "build" : "built-in";
    if (s->status == SETTING_HONOURED)
        s->note = note_of(q, s);
    else if (s->status == SETTING_REFUSED)
        s->note = "not settable in session mode: guests run as who starts them";
    else if (s->status == SETTING_UNKNOWN)
        s->note = note_unknown(q, s);
}

static bool listed(const struct settings *s, const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < s->all.n; i++)
        if (s->all.v[i]->conf == conf && streq(s->all.v[i]->name, name))
            return true;
    return false;
}

static void add(struct settings *s, const struct asked *q, const struct conf *conf, const char *name)
{
    struct setting *one = arena_alloc(q->a, sizeof *one);
    if (listed(s, conf, name))
        return;
    fill(one, q, conf, name);
    list_add(q->a, &s->all, one);
}

static void add_keys(struct settings *s, const struct asked *q, const struct conf *conf, bool honoured)
{
    for (size_t i = 0; i < conf->table->n; i++)
        if (conf->table->keys[i].honoured == honoured)
            add(s, q, conf, conf->table->keys[i].name);
}

static void add_set(struct settings *s, const struct asked *q, const struct conf *conf)
{
    for (size_t i = 0; i < conf->values.n; i++)
        add(s, q, conf, conf->values.v[i]->name);
}

bool settings_read(struct settings_files *f, struct arena *a, const struct root *r, struct err *e)
{
    struct notes shown_as_rows = { .arena = a };
    return conf_read(&f->libvirt, &conf_libvirt, a, r->conf, &shown_as_rows, e) &&
           conf_read(&f->own, &conf_own, a, conf_own_path(r, a), &shown_as_rows, e);
}

void settings_list(struct settings *s, struct arena *a, const struct settings_files *f, const struct root *r, bool everything)
{
    struct asked q = { a, &f->libvirt, &f->own, r };
    add_keys(s, &q, &f->libvirt, true);
    add_keys(s, &q, &f->own, true);
    add_set(s, &q, &f->libvirt);
    add_set(s, &q, &f->own);
    if (everything)
        add_keys(s, &q, &f->libvirt, false);
}

bool settings_one(struct setting *s, struct arena *a, const struct settings_files *f, const struct root *r, const char *key, struct err *e)
{
    struct asked q = { a, &f->libvirt, &f->own, r };
    bool own = conf_key(&conf_own, key) || (!conf_key(&conf_libvirt, key) && !conf_get(&f->libvirt, key));
    const struct conf *conf = own ? &f->own : &f->libvirt;
    if (!conf_key(conf->table, key) && !conf_get(conf, key))
        return err_set(e, ST_NOENT, "%s: there is no such key (try: vm-conf --all)", key);
    fill(s, &q, conf, key);
    return true;
}

const char *setting_shown(const struct setting *s, struct arena *a)
{
    const struct conf_value *v = s->value;
    autostr struct str out = STR_INIT;
    if (str_ends(s->name, "_password") && v->text)
        return "(not shown)";
    if (v->type == CONF_NUMBER || !v->text)
        str_add(&out, v->text ? v->text : "");
    else
        str_addf(&out, "\"%s\"", v->text);
    if (v->type == CONF_LIST) {
        str_clear(&out);
        for (size_t i = 0; i < v->list.n; i++)
            str_addf(&out, "%s\"%s\"", i ? ", " : "[ ", v->list.v[i]);
        str_add(&out, v->list.n ? " ]" : v->line ? "[ ]" : "");
    }
    return out.len ? arena_strdup(a, str_text(&out)) : NULL;
}

/* --- check --------------------------------------------------------------------------------- */

static void check_ports(const struct conf *conf, const char *min, const char *max, struct notes *faults)
{
    const struct conf_value *low = conf_value(conf, min), *high = conf_value(conf, max);
    if (low->number > high->number)
        note_add(faults, "%s:%d: %s = %lld is above %s = %lld", conf->path, low->line > high->line ? low->line : high->line, min,
                 low->number, max, high->number);
}

static void check_swtpm(const struct conf *conf, struct notes *faults)
{
    const struct conf_value *user = conf_get(conf, "swtpm_user"), *group = conf_get(conf, "swtpm_group");
    uid_t uid;
    gid_t gid;
    if (user && !user_id(user->text, &uid))
        note_add(faults, "%s:%d: swtpm_user: there is no user '%s' on this host", conf->path, user->line, user->text);
    if (group && !group_id(group->text, &gid))
        note_add(faults, "%s:%d: swtpm_group: there is no group '%s' on this host", conf->path, group->line, group->text);
}

static void check_known(const struct conf *conf, const struct conf_value *v, bool strict, struct notes *notes, struct notes *faults)
{
    const struct conf_key *k = conf_key(conf->table, v->name);
    if (!k && strict)
        note_add(faults, "%s:%d: unknown key %s", conf->path, v->line, v->name);
    else if (k && !k->honoured)
        note_add(notes, "%s:%d: %s is known but not honoured", conf->path, v->line, v->name);
}

void settings_check(struct arena *a, const struct conf *conf, const struct root *r, bool strict, struct notes *notes, struct notes *faults)
{
    uid_t uid;
    gid_t gid;
    struct err e;
    struct mac_driver m;
    for (size_t i = 0; i < conf->values.n; i++) {
        const struct conf_value *v = conf->values.v[i];
        check_known(conf, v, strict, notes, faults);
        if (conf_refused(v, r))
            note_add(faults, "%s:%d: %s: not settable in session mode, where guests run as who starts them", conf->path, v->line, v->name);
    }
    if (conf->table == &conf_own)
        return;
    if (r->privileged && !conf_qemu_ids(conf, &uid, &gid, &e))
        note_add(faults, "%s", e.text);
    if (!mac_driver(&m, conf, r, a, &e))
        note_add(faults, "%s", e.text);
    check_swtpm(conf, faults);
    check_ports(conf, "remote_display_port_min", "remote_display_port_max", faults);
    check_ports(conf, "remote_websocket_port_min", "remote_websocket_port_max", faults);
    check_ports(conf, "migration_port_min", "migration_port_max", faults);
}
