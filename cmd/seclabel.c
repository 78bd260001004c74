/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/owners.h"
#include "run/load.h"

static bool strict;
static const struct cli_option options[] = {
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

static void print(struct arena *a, const struct owners *o)
{
    struct table t;
    autostr struct str out = STR_INIT;
    table_init(&t, a, columns, sizeof columns / sizeof *columns);
    const char *process = arena_printf(a, "%u:%u", (unsigned)o->uid, (unsigned)o->gid);
    table_row(&t, (const char *[]){ "dac", "process", NULL, NULL, NULL, process, "no", NULL, NULL });
    for (size_t i = 0; i < o->all.n; i++) {
        const struct owner *w = o->all.v[i];
        const char *now = w->exists ? arena_printf(a, "%u:%u", (unsigned)w->uid, (unsigned)w->gid) : NULL;
        const char *wanted = w->change ? arena_printf(a, "%u:%u", (unsigned)w->want_uid, (unsigned)w->want_gid) : now;
        table_row(&t, (const char *[]){ "dac", w->object->why, object_use_names[w->object->use],
                                        w->exists ? arena_printf(a, "%04o", (unsigned)w->mode) : NULL, now, wanted,
                                        w->change ? "yes" : "no", w->kept, w->object->path });
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
    struct owners owners;
    if (argc - first != 1)
        cli_usage("needs one DOMAIN.xml, - or GUEST");
    if (!root_init(&root, a, cli.uri, &e) || !conf_read(&conf, a, root.conf, &notes, &e))
        return cli_fail(&e);
    cli_reading("domain XML", 1, argv + first);
    struct domain *d = load_domain(argv[first], &root, &p);
    cli_notes(&notes);
    if (!d || !owners_plan(d, &conf, root.privileged, a, &owners, &e))
        return cli_fail(&e);
    print(a, &owners);
    return cli_done(ST_DONE);
}
