/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/file.h"
#include "guard/narrow.h"
#include "qemu/qmp.h"
#include "run/wait.h"
#include "store/guest.h"

static const char *state, *event;
static long long timeout_ms = -1;
static const struct cli_option options[] = {
    { "state", 's', "running|paused|shutoff|crashed|pmsuspended", CLI_TEXT, &state, "until the guest is so" },
    { "event", 'e', "EVENT", CLI_TEXT, &event, "until the next event of that name, and print it" },
    { "timeout", 't', "SECONDS", CLI_SECONDS, &timeout_ms, "how long at most (no end)" },
    CLI_END,
};
static const struct cli_program program = { "vm-wait", "GUEST",
                                            "waits for a state or an event of a guest", options, CLI_URI | CLI_GUEST };

static bool wait_event(struct look *guest, long long deadline, struct err *e)
{
    autojson json_t *got = NULL;
    if (!wait_for_event(guest, event, deadline, &got, e))
        return false;
    autofree char *text = json_dumps(got, JSON_ENSURE_ASCII);
    puts(text);
    return true;
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), wanted = 0;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    struct look guest;
    if (argc - first != 1)
        cli_usage("needs one GUEST");
    if (!state == !event)
        cli_usage("needs either --state or --event");
    while (state && wanted < WAIT_STATES && !guest_state_is(state, wait_state_names[wanted]))
        wanted++;
    if (wanted == WAIT_STATES)
        cli_usage("--state %s: not one of running, paused, shutoff, crashed, pmsuspended", state);
    long long deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    if (!root_init(&root, a, cli.uri, &e) || !narrow(program.name, &root, &e) ||
        !look_open(&guest, &root, a, argv[first], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e))
        return cli_fail(&e);
    bool ok = state ? wait_for_state(&guest, (enum wait_state)wanted, deadline, &e) : wait_event(&guest, deadline, &e);
    look_close(&guest);
    return ok ? cli_done(ST_DONE) : cli_fail(&e);
}
