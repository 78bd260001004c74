/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/access.h"
#include "guard/apparmor.h"
#include "guard/dac.h"
#include "guard/guard.h"
#include "run/load.h"

static bool strict, check, profile;
static const char *as, *driver;
static const struct cli_option options[] = {
    { "check", 0, NULL, CLI_FLAG, &check, "tell which files QEMU may not open, and what would help" },
    { "as", 0, "USER[:GROUP]", CLI_TEXT, &as, "with --check: as if QEMU ran as that user" },
    { "driver", 0, "LAYER", CLI_TEXT, &driver, "print only this layer: dac, selinux, apparmor…" },
    { "profile", 0, NULL, CLI_FLAG, &profile, "with --driver apparmor: print the guest's profile, as apparmor_parser takes it" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_END,
};
static const struct cli_program program = {
    "seclabel", "DOMAIN.xml|-|GUEST", "prints whose the guest's files are and whose they are to be while it runs", options,
    CLI_URI | CLI_JSON,
};

static const struct column columns[] = {
    { "LAYER", "layer", COLUMN_TEXT }, { "WHY", "why", COLUMN_TEXT },   { "USE", "use", COLUMN_TEXT },
    { "MODE", "mode", COLUMN_TEXT },   { "NOW", "now", COLUMN_TEXT },   { "WANTED", "wanted", COLUMN_TEXT },
    { NULL, "change", COLUMN_BOOL },   { "NOTE", "note", COLUMN_TEXT }, { "PATH", "path", COLUMN_TEXT },
};

static bool asked(const char *layer)
{
    return !driver || streq(driver, layer);
}

static void print(struct arena *a, const struct guard *g)
{
    struct table t;
    autostr struct str out = STR_INIT;
    table_init(&t, a, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < g->processes.n; i++) {
        const struct guard_process *p = g->processes.v[i];
        if (asked(p->layer))
            table_row(&t, (const char *[]){ p->layer, "process", NULL, NULL, NULL, p->label, "no", p->note, NULL });
    }
    for (size_t i = 0; i < g->entries.n; i++) {
        const struct guard_entry *w = g->entries.v[i];
        if (asked(w->layer))
            table_row(&t, (const char *[]){ w->layer, w->why, w->use, w->mode, w->now, w->wanted, w->change ? "yes" : "no",
                                            w->note, w->path });
    }
    (cli.json ? table_json : table_text)(&t, &out);
    fputs(str_text(&out), stdout);
}

/* plan: why the plan could not be made whole, or NULL. */
static int print_check(struct arena *a, const struct guard *g, const struct err *plan)
{
    struct access_check c = { .arena = a };
    struct err e = { 0 };
    struct table t;
    uid_t uid;
    gid_t gid;
    autostr struct str out = STR_INIT;
    access_of_plan(&c, g);
    if (as && !access_run_as(&c, as, &e))
        return cli_fail(&e);
    if (!access_check(&c, &e) || !conf_qemu_ids(g->conf, &uid, &gid, &e))
        return cli_fail(&e);
    access_root_dirs(&c, g->root, uid, gid);
    access_table(&c, &t);
    (cli.json ? table_json : table_text)(&t, &out);
    fputs(str_text(&out), stdout);
    bool right = access_result(&c, g->name, plan, &e);
    int done = cli_done(ST_DONE);
    return right ? done : cli_fail(&e);
}

static int print_profile(struct guard *g)
{
    struct err e = { 0 };
    autostr struct str out = STR_INIT;
    if (!apparmor_profile(g, &out, &e))
        return cli_fail(&e);
    fputs(str_text(&out), stdout);
    return cli_done(ST_DONE);
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    struct parse p = { .arena = a, .notes = &notes, .err = &e, .strict = strict };
    struct root root;
    struct conf conf;
    struct journal journal = { .arena = a };
    struct guard g = { .arena = a, .conf = &conf, .root = &root, .claims = -1, .dry_run = true, .notes = &notes, .journal = &journal };
    if (argc - first != 1)
        cli_usage("needs one DOMAIN.xml, - or GUEST");
    if (as && !check)
        cli_usage("--as goes with --check");
    if (profile && !streq(driver, "apparmor"))
        cli_usage("--profile goes with --driver apparmor");
    if (!root_init(&root, a, cli.uri, &e) || !conf_read_root(&conf, a, &root, &notes, &e))
        return cli_fail(&e);
    cli_reading("domain XML", 1, argv + first);
    const struct domain *d = load_domain(argv[first], &root, &p);
    g.domain = d;
    g.name = d ? d->name : NULL;
    bool asks = d && dac_process(d, &conf, root.privileged, &g.uid, &g.gid, &e) && access_answers(&g, &e);
    bool planned = asks && (profile || guard_plan(&g, &e));
    cli_notes(&notes);
    if (planned && profile)
        return print_profile(&g);
    if (asks && check)
        return print_check(a, &g, planned ? NULL : &e);
    if (!planned)
        return cli_fail(&e);
    print(a, &g);
    return cli_done(ST_DONE);
}
