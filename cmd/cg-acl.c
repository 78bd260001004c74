/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/devices.h"
#include "run/load.h"

static bool strict, print_default;
static const struct cli_option options[] = {
    { "default", 0, NULL, CLI_FLAG, &print_default, "only the nodes that every guest may open, without a domain" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_END,
};
static const struct cli_program program = {
    "cg-acl", "DOMAIN.xml|-|GUEST", "prints which device nodes the guest's cgroup lets QEMU open", options, CLI_URI | CLI_JSON,
};

static const struct column columns[] = {
    { "TYPE", "type", COLUMN_TEXT },    { "MAJOR", "major", COLUMN_NUMBER }, { "MINOR", "minor", COLUMN_TEXT },
    { "ACCESS", "access", COLUMN_TEXT }, { "PATH", "path", COLUMN_TEXT },     { "WHY", "why", COLUMN_TEXT },
};

static void print(struct arena *a, const struct device_rules *rules)
{
    struct table t;
    autostr struct str out = STR_INIT;
    table_init(&t, a, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < rules->all.n; i++) {
        const struct device_rule *r = rules->all.v[i];
        table_row(&t, (const char *[]){ r->type == 'b' ? "b" : "c", arena_printf(a, "%u", r->major),
                                        r->any_minor ? "*" : arena_printf(a, "%u", r->minor), r->access, r->path, r->why });
    }
    (cli.json ? table_json : table_text)(&t, &out);
    fputs(str_text(&out), stdout);
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
    struct device_rules rules = { 0 };
    if (argc - first != (print_default ? 0 : 1))
        cli_usage(print_default ? "--default takes no operand" : "needs one DOMAIN.xml, - or GUEST");
    if (!root_init(&root, a, cli.uri, &e) || !conf_read(&conf, a, root.conf, &notes, &e))
        return cli_fail(&e);
    if (!print_default)
        cli_reading("domain XML", 1, argv + first);
    struct domain *d = print_default ? domain_new(a) : load_domain(argv[first], &root, &p);
    cli_notes(&notes);
    if (!d)
        return cli_fail(&e);
    notes.n = 0;
    devices_plan(d, &conf, a, &rules, &notes);
    cli_notes(&notes);
    print(a, &rules);
    return cli_done(ST_DONE);
}
