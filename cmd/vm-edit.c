/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "guard/narrow.h"
#include "run/edit.h"
#include "run/editor.h"
#include "run/repairer.h"
#include "store/guest.h"

static bool strict;
static const struct cli_option options[] = {
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_END,
};
static const struct cli_program program = { "vm-edit", "GUEST", "edits the definition of a guest", options,
                                            CLI_URI | CLI_GUEST | CLI_WAIT };

/* What to do after text was refused. End of input is "no": the text stays in its file. */
static enum edit_answer ask(void *data, bool changed, const struct err *e)
{
    (void)data;
    cli_fail(e);
    for (;;) {
        char line[64];
        fprintf(stderr, changed ? "Edit again, store it all the same, or leave? [y,f,n,?]: " : "Edit again? [y,n,?]: ");
        fflush(stderr);
        if (!fgets(line, sizeof line, stdin))
            return EDIT_LEAVE;
        line[strcspn(line, "\n")] = '\0';
        if (streq(line, "y"))
            return EDIT_AGAIN;
        if (streq(line, "n"))
            return EDIT_LEAVE;
        if (streq(line, "f") && changed)
            return EDIT_FORCE;
        fprintf(stderr, "y - start the editor again with your text\n"
                        "n - leave the definition as it is; your text stays in its file\n");
        if (changed)
            fprintf(stderr, "f - store your text over the other change\n");
    }
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    struct root root;
    struct repairer repairer;
    struct editor editor;
    struct edit x = { .arena = a, .root = &root, .notes = &notes, .strict = strict, .wait_ms = cli.wait_ms, .ask = ask,
                      .editor = &editor, .by = &repairer.by };
    if (argc - first != 1)
        cli_usage("needs the name of one GUEST");
    if (!root_init(&root, a, cli.uri, &e) || !editor_open(&editor, &e) ||
        !repairer_open(&repairer, program.name, &root, true, &e) || !narrow(program.name, &root, &e))
        return cli_fail(&e);
    const char *name = guest_find(&root, a, argv[first], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e);
    if (!name)
        return cli_fail(&e);
    bool ok = edit_guest(&x, name, &e);
    cli_notes(&notes);
    if (!ok)
        return cli_fail(&e);
    if (!cli.quiet)
        printf("%s: %s\n", name, x.stored ? "definition changed" : "definition not changed");
    return cli_done(ST_DONE);
}
