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
#include "guard/guard.h"
#include "guard/narrow.h"
#include "guard/user_namespace.h"
#include "run/label.h"
#include "run/load.h"
#include "store/guest.h"

static bool strict, check, profile, apply, restore, show;
static const char *as, *driver;
static struct cli_list bindirs;
static const struct cli_option options[] = {
    { "apply", 0, NULL, CLI_FLAG, &apply, "give the files to the guest as a start would, to stay until --restore or vm-start" },
    { "restore", 0, NULL, CLI_FLAG, &restore, "take back what --apply did" },
    { "show", 0, NULL, CLI_FLAG, &show, "a running guest as it is: its process, and whose its files are now" },
    { "check", 0, NULL, CLI_FLAG, &check, "tell which files QEMU may not open, and what would help" },
    { "as", 0, "USER[:GROUP]", CLI_TEXT, &as, "with --check: as if QEMU ran as that user" },
    { "driver", 0, "LAYER", CLI_TEXT, &driver, "print only this layer: dac, selinux, apparmor…" },
    { "profile", 0, NULL, CLI_FLAG, &profile, "with --driver apparmor: print the guest's profile, as apparmor_parser takes it" },
    { "bindir", 0, "DIR", CLI_LIST, &bindirs, "emulators may be run from DIR, too" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_END,
};
static const struct cli_program program = {
    "seclabel", "DOMAIN.xml|-|GUEST [-- CMD [ARG…]]", "prints whose the guest's files are and whose they are to be while it runs", options,
    CLI_URI | CLI_GUEST | CLI_JSON | CLI_WAIT,
};

static int print(const struct guard *g)
{
    struct table t;
    autostr struct str out = STR_INIT;
    label_table(g, driver, apply ? LABEL_APPLIED : show ? LABEL_NOW : LABEL_PLANNED, &t);
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
    access_root_dirs(&c, g->root, as ? c.subject.uid : uid, as ? c.subject.gid : gid);
    access_table(&c, &t);
    (cli.json ? table_json : table_text)(&t, &out);
    fputs(str_text(&out), stdout);
    bool right = access_result(&c, g->name, plan, &e);
    int done = cli_done(ST_DONE);
    return right ? done : cli_fail(&e);
}

static int print_profile(const struct label *x)
{
    struct err e = { 0 };
    autostr struct str out = STR_INIT;
    struct guard g = *x->plan.guard;
    struct domain d = *g.domain;
    d.uuid = x->uuid; /* which the profile is named by */
    g.domain = &d;
    g.objects = (struct objects){ 0 };
    if (apparmor_profile(&g, &out, &e))
        fputs(str_text(&out), stdout);
    return e.status ? cli_fail(&e) : cli_done(ST_DONE);
}

static int run(struct label *x, char **command)
{
    struct err e = { 0 };
    if (!label_become(x, driver, *command, &e)) {
        cli_notes(x->notes);
        return cli_fail(&e);
    }
    execvp(*command, command);
    int status = errno == ENOENT ? 127 : 126;
    const char *label = errno == EACCES ? x->plan.enter.selinux.label : NULL;
    err_errno(&e, "%s", *command);
    if (label && (!driver || streq(driver, "selinux")))
        err_add(&e, " (SELinux does not let %s begin with this program)", label);
    cli_fail(&e);
    return status;
}

static int take_back(const struct root *r, const char *operand, struct parse *p)
{
    enum guest_by by = guest_by(cli.by_name, cli.by_uuid, cli.by_id);
    bool file = load_is_file(operand, by);
    const struct domain *d = file ? load_domain(operand, by, r, p) : NULL;
    const char *name = d ? d->name : file ? NULL : guest_find(r, p->arena, operand, by, p->err);
    /* A guest that is defined no more can still have something applied. */
    if (!name && !file && by <= GUEST_BY_NAME && !strchr(operand, '/') &&
        access(arena_printf(p->arena, "%s/%s/journal", r->dir[ROOT_STATE], operand), F_OK) == 0)
        name = operand;
    bool ok = name && guest_name_ok(name, p->err) && label_restore(r, name, cli.wait_ms, p->notes, p->err);
    cli_notes(p->notes);
    return ok ? cli_done(ST_DONE) : cli_fail(p->err);
}

static int print_shown(struct arena *a, const struct root *r, const char *operand, struct notes *notes)
{
    struct err e = { 0 };
    struct conf conf;
    struct journal journal = { .arena = a };
    struct guard g = { .arena = a, .conf = &conf, .root = r, .claims = -1, .dry_run = true, .notes = notes, .journal = &journal };
    g.name = guest_find(r, a, operand, guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e);
    bool ok = g.name && conf_read_root(&conf, a, r, notes, &e) && label_show(&g, &e);
    cli_notes(notes);
    return ok ? print(&g) : cli_fail(&e);
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
    for (const char *const *layer = label_layers; driver && !streq(*layer, driver); layer++)
        if (!*layer)
            cli_usage("--driver %s: there is no such layer (try: dac, selinux, apparmor, landlock, cgroup)", driver);
    if (profile && !streq(driver, "apparmor"))
        cli_usage("--profile goes with --driver apparmor");
    if (driver && (apply || n > 1) && !label_driver(driver) && !(n > 1 && streq(driver, "landlock")))
        cli_usage("--driver %s has no labels of files or processes (try: dac, selinux or apparmor)", driver);
    if (driver && (restore || check))
        cli_usage("--driver goes with the plan, --apply, --show or a command");
}

static int act(struct label *x, char **command)
{
    struct err e = { 0 };
    bool planned = apply ? label_apply(x, driver, cli.wait_ms, &e) : label_plan(x, &e);
    const struct guard *g = x->plan.guard;
    cli_notes(x->notes);
    x->notes->n = 0;
    if (check && g)
        return print_check(x->arena, g, planned ? NULL : &e);
    if (!planned && !(profile && g))
        return cli_fail(&e);
    if (profile)
        return print_profile(x);
    return *command ? run(x, command) : print(g);
}

int main(int argc, char **argv)
{
    bool dashes = cli_has_dashes(argc, argv), no_command = dashes && streq(argv[argc - 1], "--");
    int first = cli_parse(&program, argc, argv);
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    struct parse p = { .arena = a, .notes = &notes, .err = &e, .strict = strict };
    struct root root;
    if (no_command)
        cli_usage("-- goes before a command");
    check_use(argc - first, dashes);
    const char *option = apply ? "--apply" : restore ? "--restore" : argc - first > 1 ? "-- CMD" : NULL;
    if (!root_init(&root, a, cli.uri, &e))
        return cli_fail(&e);
    cli_reading("domain XML", 1, argv + first);
    struct label x = { .arena = a, .root = &root, .notes = &notes, .strict = strict, .command = argc - first > 1 };
    x.env = (struct caps_env){ .cache_dir = root.dir[ROOT_PROBES], .bindirs = bindirs.v, .n_bindirs = bindirs.n };
    user_namespace_works(); /* the plan asks, when this process may not try any more */
    if ((!restore && !show && !label_read(&x, argv[first], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e)) || !narrow_with(program.name, option, NULL, &root, &e))
        return cli_fail(&e);
    if (restore || show)
        return restore ? take_back(&root, argv[first], &p) : print_shown(a, &root, argv[first], &notes);
    int status = act(&x, argv + first + 1);
    label_release(&x);
    return status;
}
