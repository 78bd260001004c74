/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/narrow.h"
#include "run/bindir.h"
#include "run/many.h"
#include "run/repairer.h"
#include "run/stop.h"
#include "store/guest.h"

static bool force;
static long long timeout_ms = -1;
static const char *mode;
static const struct cli_option options[] = {
    { "force", 'f', NULL, CLI_FLAG, &force, "end it at once, or when --timeout is over" },
    { "timeout", 't', "SECONDS", CLI_SECONDS, &timeout_ms, "how long to ask (60; with --force: 0)" },
    { "mode", 'm', "acpi|agent|quit", CLI_TEXT, &mode, "how to ask: power button, guest agent, or QEMU itself (acpi)" },
    CLI_END,
};
static const struct cli_program program = { "vm-stop", "GUEST…", "stops guests and waits until they are off", options,
                                            CLI_URI | CLI_GUEST | CLI_WAIT | CLI_JSON };

static void print(const char *guest, const char *how)
{
    autostr struct str out = STR_INIT;
    if (cli.json) {
        str_add(&out, "{\"guest\": ");
        str_add_json(&out, guest);
        str_addf(&out, ", \"state\": \"stopped\", \"how\": \"%s\"}", how);
    } else {
        str_add_shown(&out, guest);
        str_addf(&out, ": stopped (%s)", how);
    }
    puts(str_text(&out));
}

static int stop(const struct root *root, const char *word, const struct stop_options *o)
{
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    const char *how, *name = guest_find(root, a, word, guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e);
    if (name)
        stop_foresee(root, name, o, &notes);
    cli_notes(&notes);
    notes.n = 0;
    bool ok = name && stop_guest(root, name, o, &how, &notes, &e);
    cli_notes(&notes);
    if (!ok)
        return cli_fail(&e);
    print(name, how);
    return ST_DONE;
}

/* All are asked at the same time: the last one is not to wait for the first. */
static int stop_many(const struct root *root, char **names, int n)
{
    enum { AT_ONCE = 16 };
    char wait[64], timeout[64];
    snprintf(wait, sizeof wait, "--wait=%lld.%03lld", cli.wait_ms / 1000, cli.wait_ms % 1000);
    snprintf(timeout, sizeof timeout, "--timeout=%lld.%03lld", timeout_ms / 1000, timeout_ms % 1000);
    const char *words[16] = { "-c", root->uri, wait };
    const struct {
        bool given;
        const char *word;
    } options_given[] = {
        { timeout_ms >= 0, timeout }, { mode, "--mode" },      { mode, mode },          { force, "--force" },
        { cli.json, "--json" },       { cli.quiet, "--quiet" }, { cli.by_name, "--name" }, { cli.by_uuid, "--uuid" },
        { cli.by_id, "--id" },
    };
    size_t used = 3;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    int status;
    for (size_t i = 0; i < sizeof options_given / sizeof *options_given; i++)
        if (options_given[i].given)
            words[used++] = options_given[i].word;
    if (!run_many(bindir_find(a), "vm-stop", words, (const char *const *)names, (size_t)n, AT_ONCE, ST_DONE, &status, &e))
        return cli_fail(&e);
    return status;
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    struct repairer repairer;
    struct stop_options o = { .force = force, .wait_ms = cli.wait_ms, .by = &repairer.by };
    int m = mode ? name_index(stop_mode_names, 3, mode) : STOP_ACPI;
    if (first == argc)
        cli_usage("name the guest");
    if (m < 0)
        cli_usage("--mode %s: not one of acpi, agent, quit", mode);
    o.mode = (enum stop_mode)m;
    o.timeout_ms = timeout_ms >= 0 ? timeout_ms : force ? 0 : 60000;
    bool several = first + 1 < argc;
    if (!root_init(&root, a, cli.uri, &e) || (!several && !repairer_open(&repairer, program.name, &root, true, &e)) ||
        !narrow_with(program.name, several ? "several guests" : NULL, NULL, &root, &e))
        return cli_fail(&e);
    return several ? stop_many(&root, argv + first, argc - first) : cli_done(stop(&root, argv[first], &o));
}
