/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "store/defs.h"
#include "store/guest.h"

static bool disable, zero;
static const struct cli_option options[] = {
    { "disable", 0, NULL, CLI_FLAG, &disable, "remove the mark" },
    { "null", '0', NULL, CLI_FLAG, &zero, "end listed names with NUL instead of a newline" },
    CLI_END,
};
static const struct cli_program program = { "vm-autostart", "[GUEST…]", "marks guests to be started at boot, or lists those that are",
                                            options, CLI_URI };

static int list(const struct root *r, struct arena *a, struct err *e)
{
    struct names names;
    autoclose int etc = root_open(r, ROOT_ETC, false, e);
    if (etc < 0)
        return e->status == ST_NOENT ? ST_DONE : cli_fail(e);
    if (!autostart_list(etc, a, &names, e))
        return cli_fail(e);
    for (size_t i = 0; i < names.v.n; i++)
        printf("%s%c", names.v.v[i], zero ? '\0' : '\n');
    return ST_DONE;
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), status = ST_DONE;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    if (!root_init(&root, a, cli.uri, &e))
        return cli_fail(&e);
    if (first == argc && disable)
        cli_usage("--disable needs the name of a GUEST");
    if (first == argc)
        return cli_done(list(&root, a, &e));
    for (int i = first; i < argc; i++) {
        const char *name = guest_find(&root, a, argv[i], GUEST_BY_ANY, &e);
        autoclose int etc = name ? root_open(&root, ROOT_ETC, false, &e) : -1;
        if (etc < 0 || !autostart_set(&root, etc, name, !disable, &e))
            status = cli_fail(&e);
    }
    return cli_done(status);
}
