/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/narrow.h"
#include "run/define.h"
#include "run/load.h"
#include "run/repairer.h"

static bool strict, zero, check;
static struct cli_list bindirs;
static const struct cli_option options[] = {
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    { "check", 'n', NULL, CLI_FLAG, &check, "check only, define nothing" },
    { "bindir", 0, "DIR", CLI_LIST, &bindirs, "look for emulators in DIR too, and trust those that are there" },
    { "null", '0', NULL, CLI_FLAG, &zero, "end names with NUL instead of a newline" },
    CLI_END,
};
static const struct cli_program program = { "vm-define", "[FILE…]", "defines guests from domain XML", options,
                                            CLI_URI | CLI_WAIT | CLI_JSON };

static bool read_and_check(struct definer *d, struct definition *x, const char *operand, struct err *e)
{
    autostr struct str text = STR_INIT;
    return load_text(operand, &text, e) &&
           define_check(d, x, streq(operand, "-") ? "-" : operand, str_text(&text), text.len, e);
}

static const struct column columns[] = {
    { "Name", "name", COLUMN_TEXT },
    { "UUID", "uuid", COLUMN_TEXT },
    { "Replaced", "replaced", COLUMN_BOOL },
    { "Running", "running", COLUMN_BOOL },
};

static void print(struct arena *a, const struct definition *x, size_t n)
{
    struct table t;
    autostr struct str out = STR_INIT;
    table_init(&t, a, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++)
        if (cli.json)
            table_row(&t, (const char *[]){ x[i].name, x[i].uuid, x[i].replaced ? "yes" : "no",
                                            x[i].running ? "yes" : "no" });
        else if (!cli.quiet)
            printf("%s%c", x[i].name, zero ? '\0' : '\n');
    if (cli.json) {
        table_json(&t, &out);
        fputs(str_text(&out), stdout);
    }
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    struct repairer repairer;
    struct definer d = { .notes = &notes, .strict = strict, .wait_ms = cli.wait_ms, .bindirs = bindirs.v,
                         .n_bindirs = bindirs.n, .by = &repairer.by, .etc = -1, .state = -1 };
    struct root root;
    char *standard_input[] = { (char *)"-" };
    char **operands = first < argc ? argv + first : standard_input;
    size_t n = first < argc ? (size_t)(argc - first) : 1, done;
    struct definition *x = arena_array(a, n, sizeof *x);
    if (!root_init(&root, a, cli.uri, &e) || !repairer_open(&repairer, program.name, &root, false, &e) || !narrow(program.name, &root, &e) ||
        !definer_open(&d, &root, a, &e))
        return cli_fail(&e);
    cli_reading("domain XML", argc - first, argv + first);
    /* All or, while no document can be refused any more, one after the other. */
    for (size_t i = 0; i < n; i++)
        if (!read_and_check(&d, &x[i], operands[i], &e)) {
            cli_notes(&notes);
            definer_close(&d);
            return cli_fail(&e);
        }
    cli_notes(&notes);
    done = check ? n : define_store(&d, x, n, &e);
    definer_close(&d);
    print(a, x, done);
    return done < n ? cli_done(cli_fail(&e)) : cli_done(ST_DONE);
}
