/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "guard/narrow.h"
#include "run/dump.h"
#include "store/guest.h"

static bool inactive, secrets;
static const struct cli_option options[] = {
    { "inactive", 0, NULL, CLI_FLAG, &inactive, "the definition, even if the guest is running" },
    { "security-info", 0, NULL, CLI_FLAG, &secrets, "with passwords" },
    CLI_END,
};
static const struct cli_program program = { "vm-dumpxml", "GUEST…", "prints the domain XML of guests", options, CLI_URI | CLI_GUEST };

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), status = ST_DONE;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    if (first == argc)
        cli_usage("needs the name of a GUEST");
    if (!root_init(&root, a, cli.uri, &e) || !narrow(program.name, &root, &e))
        return cli_fail(&e);
    for (int i = first; i < argc; i++) {
        autostr struct str out = STR_INIT;
        struct dump_options o = { inactive, secrets };
        const char *name = guest_find(&root, a, argv[i], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e);
        if (name && dump_domain(&root, name, &o, &out, &e))
            fwrite(out.p, 1, out.len, stdout);
        else
            status = cli_fail(&e);
    }
    return cli_done(status);
}
