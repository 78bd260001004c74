/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/access.h"
#include "guard/apparmor.h"
#include "guard/dac.h"
#include "guard/guard.h"
#include "guard/narrow.h"
#include "guard/user_namespace.h"
#include "run/label.h"
#include "run/load.h"
#include "store/guest.h"

static bool strict, check, profile, apply, restore, show;
static const char *as, *driver;
static const struct cli_option options[] = {
    { "apply", 0, NULL, CLI_FLAG, &apply, "give the files to the guest as a start would, to stay until --restore or vm-start" },
    { "restore", 0, NULL, CLI_FLAG, &restore, "take back what --apply did" },
    { "show", 0, NULL, CLI_FLAG, &show, "a running guest as it is: its process, and whose its files are now" },
    { "check", 0, NULL, CLI_FLAG, &check, "tell which files QEMU may not open, and what would help" },
    { "as", 0, "USER[:GROUP]", CLI_TEXT, &as, "with --check: as if QEMU ran as that user" },
    { "driver", 0, "LAYER", CLI_TEXT, &driver, "print only this layer: dac, selinux, apparmor…" },
    { "profile", 0, NULL, CLI_FLAG, &profile, "with --driver apparmor: print the guest's profile, as apparmor_parser takes it" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_END,
};
static const struct cli_program program = {
    "seclabel", "DOMAIN.xml|-|GUEST [-- CMD [ARG…]]", "prints whose the guest's files are and whose they are to be while it runs", options,
    CLI_URI | CLI_JSON | CLI_WAIT,
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

static int print(struct arena *a, const struct guard *g)
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
    return cli_done(ST_DONE);
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
    if (apparmor_profile(g, &out, &e))
        fputs(str_text(&out), stdout);
    return e.status ? cli_fail(&e) : cli_done(ST_DONE);
}

static int run(const struct guard *g, char **command)
{
    struct err e = { 0 };
    struct enter x;
    const char *what;
    label_enter(g, driver, &x);
    if (!guard_enter(&x, &what))
        return err_errno(&e, "%s: %s", g->name, what), cli_fail(&e);
    execvp(*command, command);
    int status = errno == ENOENT ? 127 : 126;
    err_errno(&e, "%s", *command);
    cli_fail(&e);
    return status;
}

static int take_back(const struct root *r, const char *operand, struct parse *p)
{
    /* A guest that is defined no more can still have something applied. */
    bool file = streq(operand, "-") || strchr(operand, '/') || str_ends(operand, ".xml");
    const struct domain *d = file ? load_domain(operand, r, p) : NULL;
    bool ok = (!file || d) && guest_name_ok(d ? d->name : operand, p->err) &&
              label_restore(r, d ? d->name : operand, cli.wait_ms, p->notes, p->err);
    cli_notes(p->notes);
    return ok ? cli_done(ST_DONE) : cli_fail(p->err);
}

static int print_shown(struct guard *g, const char *operand, struct parse *p)
{
    g->name = guest_find(g->root, g->arena, operand, GUEST_BY_ANY, p->err);
    bool ok = g->name && label_show(g, p, p->err);
    cli_notes(g->notes);
    if (!ok)
        return cli_fail(p->err);
    for (size_t i = 0; i < g->entries.n; i++)
        g->entries.v[i]->wanted = NULL;
    return print(g->arena, g);
}

/* What is asked beside the plan itself: usage. */
static void check_use(int n, bool dashes)
{
    if (n != 1 && !(dashes && n > 1))
        cli_usage("needs one DOMAIN.xml, - or GUEST, and -- before a command");
    if (apply + restore + show + check + (n > 1) + profile > 1)
        cli_usage("--apply, --restore, --show, --check, --profile and a command exclude each other");
    if (as && !check)
        cli_usage("--as goes with --check");
    if (profile && !streq(driver, "apparmor"))
        cli_usage("--profile goes with --driver apparmor");
    if (driver && (apply || n > 1) && !label_driver(driver))
        cli_usage("--driver %s has no labels of files or processes (try: dac, selinux or apparmor)", driver);
    if (driver && (restore || check))
        cli_usage("--driver goes with the plan, --apply, --show or a command");
}

static int act(struct guard *g, char **command)
{
    struct err e = { 0 };
    bool applied = apply && label_apply(g, driver, cli.wait_ms, &e);
    bool planned = applied || (!apply && (profile || guard_plan(g, &e)));
    cli_notes(g->notes);
    if (planned && profile)
        return print_profile(g);
    if (check)
        return print_check(g->arena, g, planned ? NULL : &e);
    if (!planned)
        return cli_fail(&e);
    return *command ? run(g, command) : print(g->arena, g);
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
    struct guard g = { .arena = a, .conf = &conf, .root = &root, .claims = -1, .dry_run = true, .notes = &notes, .journal = &journal };
    check_use(argc - first, dashes);
    bool prints = !apply && !restore && !show && !check && argc - first == 1;
    user_namespace_works(); /* the plan asks, when this process may not try any more */
    if (!root_init(&root, a, cli.uri, &e) || (prints && !narrow(program.name, &root, &e)) || !conf_read_root(&conf, a, &root, &notes, &e))
        return cli_fail(&e);
    cli_reading("domain XML", 1, argv + first);
    if (restore || show)
        return restore ? take_back(&root, argv[first], &p) : print_shown(&g, argv[first], &p);
    const struct domain *d = load_domain(argv[first], &root, &p);
    g.domain = d;
    g.name = d ? d->name : NULL;
    if (d && guest_name_ok(d->name, &e) && dac_process(d, &conf, root.privileged, &g.uid, &g.gid, &e) && access_answers(&g, &e))
        return act(&g, argv + first + 1);
    cli_notes(&notes);
    return cli_fail(&e);
}
