/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CMD_STEER_H
#define CMD_STEER_H

#include "base/cleanup.h"
#include "base/cli.h"
#include "guard/narrow.h"
#include "run/repairer.h"
#include "run/steer.h"
#include "store/guest.h"

/* All of vm-suspend, vm-resume and vm-reset but their names. */
static long long timeout_ms = 10000;
static const struct cli_option options[] = {
    { "timeout", 't', "SECONDS", CLI_SECONDS, &timeout_ms, "how long QEMU may take to answer (10)" },
    CLI_END,
};

static inline int steer_one(const struct root *root, const char *word, enum steer how, const struct undoer *by)
{
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    const char *name = guest_find(root, a, word, guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e);
    bool ok = name && steer_guest(root, name, how, by, cli.wait_ms, timeout_ms, &notes, &e);
    cli_notes(&notes);
    return ok ? ST_DONE : cli_fail(&e);
}

/* Each guest is tried; the first failure is the status. */
static inline int steer_main(const struct cli_program *program, enum steer how, int argc, char **argv)
{
    int first = cli_parse(program, argc, argv), status = ST_DONE;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    struct repairer repairer;
    if (first == argc)
        cli_usage("name the guest");
    if (!root_init(&root, a, cli.uri, &e) || !repairer_open(&repairer, program->name, &root, false, &e) || !narrow(program->name, &root, &e))
        return cli_fail(&e);
    for (int i = first; i < argc; i++) {
        int one = steer_one(&root, argv[i], how, &repairer.by);
        if (status == ST_DONE)
            status = one;
    }
    return cli_done(status);
}

#endif
