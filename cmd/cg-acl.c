/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/cgroup.h"
#include "guard/cgroup_bpf.h"
#include "guard/cgroup_use.h"
#include "guard/chain.h"
#include "guard/devices.h"
#include "guard/narrow.h"
#include "run/load.h"

static bool strict, print_default, apply, show, remove_it, path;
static const char *cgroup_root, *compat;
static const struct cli_option options[] = {
    { "apply", 0, NULL, CLI_FLAG, &apply, "make the guest's control groups with these rules and its limits" },
    { "show", 0, NULL, CLI_FLAG, &show, "the rules that the kernel has for the guest now" },
    { "remove", 0, NULL, CLI_FLAG, &remove_it, "remove the groups that --apply made, with what runs in them" },
    { "path", 0, NULL, CLI_FLAG, &path, "the directories of the guest's groups, one a line" },
    { "cgroup-root", 0, "DIR", CLI_TEXT, &cgroup_root, "only the hierarchy that is mounted there" },
    { "compat", 0, "VERSION", CLI_TEXT, &compat, "the nodes that every guest may open as that version of libvirt had them" },
    { "print-default", 0, NULL, CLI_FLAG, &print_default, "only the nodes that every guest may open, without a domain" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_END,
};
static const struct cli_program program = {
    "cg-acl", "DOMAIN.xml|-|GUEST [-- CMD [ARG…]]", "prints which device nodes the guest's cgroup lets QEMU open", options,
    CLI_URI | CLI_GUEST | CLI_JSON,
};

static const struct column columns[] = {
    { "TYPE", "type", COLUMN_TEXT },    { "MAJOR", "major", COLUMN_NUMBER }, { "MINOR", "minor", COLUMN_TEXT },
    { "ACCESS", "access", COLUMN_TEXT }, { "PATH", "path", COLUMN_TEXT },     { "WHY", "why", COLUMN_TEXT },
};
static const struct column shown_columns[] = {
    { "TYPE", "type", COLUMN_TEXT },     { "MAJOR", "major", COLUMN_NUMBER }, { "MINOR", "minor", COLUMN_TEXT },
    { "ACCESS", "access", COLUMN_TEXT }, { "VERSION", "version", COLUMN_TEXT }, { "GROUP", "group", COLUMN_TEXT },
};

static int put(const struct table *t)
{
    autostr struct str out = STR_INIT;
    (cli.json ? table_json : table_text)(t, &out);
    fputs(str_text(&out), stdout);
    return cli_done(ST_DONE);
}

static int print_rules(struct guard *g)
{
    struct device_rules rules = { 0 };
    struct table t;
    devices_plan_objects(g->domain, &g->objects, g->conf, g->arena, &rules, g->notes);
    cli_notes(g->notes);
    table_init(&t, g->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < rules.all.n; i++) {
        const struct device_rule *r = rules.all.v[i];
        table_row(&t, (const char *[]){ r->type == 'b' ? "b" : "c", arena_printf(g->arena, "%u", r->major),
                                        r->any_minor ? "*" : arena_printf(g->arena, "%u", r->minor),
                                        arena_printf(g->arena, "%sm", r->access), r->path, r->why });
    }
    return put(&t);
}

static int print_list(struct arena *a, const struct conf *conf)
{
    static const struct column one[] = { { NULL, "path", COLUMN_TEXT } };
    const struct conf_value *nodes = conf_value(conf, "cgroup_device_acl");
    struct table t;
    table_init(&t, a, one, 1);
    for (size_t i = 0; i < nodes->list.n; i++) {
        table_row(&t, &nodes->list.v[i]);
        if (!cli.json)
            puts(nodes->list.v[i]);
    }
    return cli.json ? put(&t) : cli_done(ST_DONE);
}

static int print_paths(const struct cgroup_dirs *dirs)
{
    for (size_t i = 0; i < dirs->path.n; i++)
        puts(dirs->path.v[i]);
    return cli_done(ST_DONE);
}

static bool add_shown(struct table *t, struct arena *a, const char *dir, const char *version, struct err *e)
{
    autostr struct str text = STR_INIT;
    struct bpf_rule r;
    if (access(streq(version, "v2") ? dir : arena_printf(a, "%s/devices.list", dir), F_OK) < 0)
        return true;
    if (!cgroup_show_devices(dir, streq(version, "v2"), &text, e))
        return false;
    for (const char *p = str_text(&text); *p; p += strcspn(p, "\n"), p += *p == '\n') {
        if (str_starts(p, "a *:*"))
            table_row(t, (const char *[]){ "a", NULL, "*", "rwm", version, dir });
        else if (bpf_rule_next(p, &r))
            table_row(t, (const char *[]){ r.type == 'b' ? "b" : "c", arena_printf(a, "%ld", r.major),
                                           r.minor < 0 ? "*" : arena_printf(a, "%ld", r.minor), arena_strdup(a, r.access), version, dir });
    }
    return true;
}

static int print_shown(struct guard *g, const struct cgroup_dirs *dirs)
{
    struct err e = { 0 };
    struct table t;
    table_init(&t, g->arena, shown_columns, sizeof shown_columns / sizeof *shown_columns);
    for (size_t i = 0; i < dirs->path.n; i++)
        if (!add_shown(&t, g->arena, dirs->path.v[i], dirs->version.v[i], &e))
            return err_wrap(&e, "%s", g->name), cli_fail(&e);
    if (!t.rows.n)
        return err_set(&e, ST_NOENT, "%s: has no control group now", g->name), cli_fail(&e);
    return put(&t);
}

static int run(struct guard *g, const struct cgroup_dirs *dirs, char **command)
{
    struct err e = { 0 };
    cli_notes(g->notes);
    if (dirs->path.n && ((!cgroup_exists(g) && !cgroup_make(g, &e)) || !cgroup_join(g, &e)))
        return err_wrap(&e, "%s", g->name), cli_fail(&e);
    execvp(*command, command);
    err_errno(&e, "%s", *command);
    cli_fail(&e);
    return errno == ENOENT ? 127 : 126;
}

static int act(struct guard *g, char **command)
{
    struct err e = { 0 };
    struct cgroup_dirs dirs;
    if (!cgroup_by_hand(g, &e))
        return err_wrap(&e, "%s", g->name), cli_fail(&e);
    cgroup_dirs(g, &dirs);
    if (!dirs.path.n && !g->notes->n && g->processes.n)
        note_add(g->notes, "%s: no control group: %s", g->name, g->processes.v[0]->note);
    if (*command)
        return run(g, &dirs, command);
    cli_notes(g->notes);
    if (path)
        return print_paths(&dirs);
    if (show)
        return print_shown(g, &dirs);
    if (!(remove_it ? cgroup_remove(g, &e) : cgroup_make(g, &e)))
        return err_wrap(&e, "%s", g->name), cli_fail(&e);
    return remove_it ? cli_done(ST_DONE) : print_paths(&dirs);
}

int main(int argc, char **argv)
{
    bool dashes = cli_has_dashes(argc, argv);
    int first = cli_parse(&program, argc, argv);
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    struct parse p = { .arena = a, .notes = &notes, .err = &e, .strict = strict };
    struct root root;
    struct conf conf;
    struct journal journal = { .arena = a };
    struct guard g = { .arena = a, .conf = &conf, .root = &root, .claims = -1, .dry_run = true, .notes = &notes,
                       .journal = &journal, .cgroup_root = cgroup_root };
    int n = argc - first;
    if (print_default ? n != 0 : n != 1 && !(dashes && n > 1))
        cli_usage(print_default ? "--print-default takes no operand" : "needs one DOMAIN.xml, - or GUEST, and -- before a command");
    if (apply + show + remove_it + path + (n > 1) > 1)
        cli_usage("--apply, --show, --remove, --path and a command exclude each other");
    if (compat && (show || remove_it || path))
        cli_usage("--compat goes with the plan, --print-default, --apply or a command");
    const char *option = apply ? "--apply" : remove_it ? "--remove" : show ? "--show" : n > 1 ? "-- CMD" : NULL;
    bool kernel = option; /* asks or changes it */
    if (!root_init(&root, a, cli.uri, &e) || !narrow_with(program.name, option, NULL, &root, &e) ||
        !conf_read_root(&conf, a, &root, &notes, &e) || (compat && !devices_compat(&conf, a, compat, &e)))
        return cli_fail(&e);
    if (print_default)
        return cli_notes(&notes), print_list(a, &conf);
    cli_reading("domain XML", 1, argv + first);
    struct domain *d = load_domain(argv[first], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &root, &p);
    cli_notes(&notes);
    if (!d)
        return cli_fail(&e);
    notes.n = 0;
    g.domain = d;
    g.name = d->name;
    domain_objects(d, a, &g.objects);
    if (!chain_add(&g, &e) && (apply || n > 1))
        return cli_fail(&e);
    if (!kernel && !path && *e.text)
        note_add(&notes, "%s", e.text);
    return kernel || path ? act(&g, argv + first + 1) : print_rules(&g);
}
