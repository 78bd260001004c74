/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/cli.h"
#include "guard/narrow.h"
#include "run/define.h"
#include "run/repairer.h"
#include "store/guest.h"

static bool nvram, keep_nvram, tpm, keep_tpm;
static const struct cli_option options[] = {
    { "nvram", 0, NULL, CLI_FLAG, &nvram, "remove the NVRAM file too" },
    { "keep-nvram", 0, NULL, CLI_FLAG, &keep_nvram, "leave the NVRAM file where it is" },
    { "tpm", 0, NULL, CLI_FLAG, &tpm, "remove the state of its TPM even if that is to persist" },
    { "keep-tpm", 0, NULL, CLI_FLAG, &keep_tpm, "leave the state of its TPM where it is" },
    CLI_END,
};
static const struct cli_program program = { "vm-undefine", "GUEST…", "removes definitions of guests", options,
                                            CLI_URI | CLI_GUEST | CLI_WAIT };

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), status = ST_DONE;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    struct repairer repairer;
    struct definer d = { .by = &repairer.by, .notes = &notes, .wait_ms = cli.wait_ms, .etc = -1, .state = -1 };
    struct root root;
    struct undefine_options o = { .remove_nvram = nvram, .keep_nvram = keep_nvram, .remove_tpm = tpm, .keep_tpm = keep_tpm };
    if (first == argc)
        cli_usage("needs the name of a GUEST");
    if (nvram && keep_nvram)
        cli_usage("--nvram and --keep-nvram exclude each other");
    if (tpm && keep_tpm)
        cli_usage("--tpm and --keep-tpm exclude each other");
    if (!root_init(&root, a, cli.uri, &e) || !repairer_open(&repairer, program.name, &root, false, &e) ||
        !narrow_with(program.name, nvram ? "--nvram" : NULL, NULL, &root, &e) || !definer_open(&d, &root, a, &e))
        return cli_fail(&e);
    for (int i = first; i < argc; i++) {
        bool running = false;
        const char *name = guest_find(&root, a, argv[i], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e);
        if (!name || !undefine(&d, name, &o, &running, &e))
            status = cli_fail(&e);
        else if (running)
            cli_note("%s: goes on running, without a definition", name);
    }
    definer_close(&d);
    cli_notes(&notes);
    return cli_done(status);
}
