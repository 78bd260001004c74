/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "run/bindir.h"
#include "run/coredump.h"
#include "run/load.h"
#include "run/reap.h"
#include "run/repairer.h"
#include "run/show.h"
#include "store/guest.h"

static bool paused, console, dry_run, foreground, no_reap, strict, uncommitted, repair, all, locked;
static const char *transient, *ended, *panicked;
static struct cli_list bindirs;
static long long timeout_ms, notify_fd = -1, wait_status, journal_fd = -1;
static const struct cli_option options[] = {
    { "paused", 'p', NULL, CLI_FLAG, &paused, "leave the guest's processors stopped" },
    { "console", 0, NULL, CLI_FLAG, &console, "then become vm-console" },
    { "dry-run", 'n', NULL, CLI_FLAG, &dry_run, "print what would be done, and do nothing" },
    { "foreground", 0, NULL, CLI_FLAG, &foreground, "stay until the guest ends: for systemd, runit, a terminal" },
    { "transient", 0, "FILE", CLI_TEXT, &transient, "start the domain in FILE (- is standard input), without defining it" },
    { "no-reap", 0, NULL, CLI_FLAG, &no_reap, "leave no vm-reap behind: the next command cleans up" },
    { "timeout", 't', "SECONDS", CLI_SECONDS, &timeout_ms, "for the whole start (30)" },
    { "notify-fd", 0, "FD", CLI_NUMBER, &notify_fd, "write a newline to this descriptor when the guest runs" },
    { "bindir", 0, "DIR", CLI_LIST, &bindirs, "emulators may be run from DIR, too" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_INSIDE,
    { "ended", 0, "START-ID", CLI_TEXT, &ended, "for vm-reap: clean up after that start, whose QEMU has died" },
    { "status", 0, "STATUS", CLI_NUMBER, &wait_status, "with --ended: how it died" },
    { "journal-fd", 0, "FD", CLI_NUMBER, &journal_fd, "with --ended: the open journal" },
    { "uncommitted", 0, NULL, CLI_FLAG, &uncommitted, "with --ended: the start was not finished" },
    { "panicked", 0, "START-ID", CLI_TEXT, &panicked, "for vm-reap: write the guest's memory down and end it" },
    { "repair", 0, NULL, CLI_FLAG, &repair, "for vm-reap: clean up after the guests named" },
    { "repair-all", 0, NULL, CLI_FLAG, &all, "for vm-reap: clean up after every guest" },
    { "repair-locked", 0, NULL, CLI_FLAG, &locked, "for programs that narrow themselves: clean up as standard input says" },
    CLI_END,
};
static const struct cli_program program = { "vm-start", "[GUEST…]", "starts guests", options,
                                            CLI_URI | CLI_GUEST | CLI_WAIT | CLI_JSON };

static struct err e;

/* The guest runs; what is left for this process to do. */
static int started(const struct root *root, const char *name, const struct start_options *o)
{
    char path[4096];
    if (foreground)
        return ST_DONE; /* a child of what is now vm-reap, which tells readiness itself */
    if (notify_fd >= 0 && write((int)notify_fd, "\n", 1) < 0)
        cli_note("cannot write to descriptor %lld", notify_fd);
    if (!console)
        return ST_DONE;
    snprintf(path, sizeof path, "%s/vm-console", o->bindir);
    execl(path, "vm-console", "-c", root->uri, "--", name, (char *)NULL);
    return cli_fail((err_errno(&e, "cannot run %s", path), &e));
}

static int after_end(const struct root *root, const char *name, const struct run_start *o, struct notes *notes)
{
    struct ended w = { .start = ended, .status = (int)wait_status, .journal = (int)journal_fd, .committed = !uncommitted };
    enum end_reason reason;
    bool restarted;
    bool ok = reap_ended(root, name, &w, o, &restarted, &reason, notes, &e);
    cli_notes(notes);
    if (!ok)
        return cli_fail(&e);
    if (!foreground || restarted || reason != END_CRASHED)
        return ST_DONE;
    err_set(&e, ST_QEMU, "%s: QEMU died (wait status %lld)", name, wait_status);
    return cli_fail(&e);
}

static int after_panic(const struct root *root, const char *name, struct notes *notes)
{
    bool ok = coredump_panicked(root, name, panicked, notes, &e);
    cli_notes(notes);
    return ok ? ST_DONE : cli_fail(&e);
}

static int repairs(const struct root *root, int n, char **names, struct notes *notes)
{
    int status = ST_DONE;
    if (all && !repair_all(root, notes, &e))
        status = cli_fail(&e);
    for (int i = 0; i < n && !all; i++)
        if (!repair_one(root, names[i], cli.wait_ms, notes, &e))
            status = cli_fail(&e);
    cli_notes(notes);
    return status;
}

static int show(const struct root *root, const struct run_start *o, struct arena *a, struct notes *notes)
{
    autostr struct str out = STR_INIT;
    struct plan p;
    bool ok = run_plan(root, o, a, &p, notes, &e);
    cli_notes(notes);
    if (!ok)
        return cli_fail(&e);
    show_plan(&p, cli.json, &out);
    fputs(str_text(&out), stdout);
    return cli_done(ST_DONE);
}

static int start(const struct root *root, struct run_start *o, const char *word, struct arena *a, struct notes *notes)
{
    autostr struct str text = STR_INIT;
    enum guest_by by = guest_by(cli.by_name, cli.by_uuid, cli.by_id);
    if (transient)
        cli_reading("domain XML", 1, (char *[]){ (char *)transient });
    if (transient ? !load_text(transient, &text, &e) : !(o->name = guest_find(root, a, word, by, &e)))
        return cli_fail(&e);
    o->xml = str_text(&text);
    o->xml_n = text.len;
    o->file = transient;
    if (dry_run)
        return show(root, o, a, notes);
    const char *name = o->name;
    bool ok = run_start(root, o, notes, &e);
    cli_notes(notes);
    notes->n = 0;
    return ok ? started(root, name, &o->start) : cli_fail(&e);
}

static void check_usage(int operands)
{
    bool one = console || foreground || dry_run || notify_fd >= 0 || panicked || ended;
    if (transient && operands)
        cli_usage("--transient FILE names the guest already");
    if (!transient && !operands)
        cli_usage("name the guest");
    if (one && operands > 1)
        cli_usage("name one guest: --console, --foreground, --dry-run and --notify-fd are for one");
    if (foreground && (no_reap || console))
        cli_usage("--foreground goes with neither --no-reap nor --console");
}

int main(int argc, char **argv)
{
    /* vm-reap becomes this program, under its own name, where it needs more than the C library. */
    struct cli_program as = program;
    if (streq(argv[0], "vm-reap"))
        as.name = argv[0];
    int first = cli_parse(&as, argc, argv);
    autoarena struct arena *a = arena_new();
    struct notes notes = { .arena = a };
    struct root root;
    struct run_start o = { .strict = strict, .wait_ms = cli.wait_ms };
    o.start = (struct start_options){ .paused = paused, .no_reap = no_reap, .foreground = foreground, .timeout_ms = timeout_ms,
                                      .notify_fd = (int)notify_fd, .bindir = bindir_find(a),
                                      .emulator_dirs = bindirs.v, .n_emulator_dirs = bindirs.n };
    if (!root_init(&root, a, cli.uri, &e))
        return cli_fail(&e);
    if (locked)
        return repairer_serve(&root, 0), ST_DONE;
    if (repair || all)
        return repairs(&root, argc - first, argv + first, &notes);
    check_usage(argc - first);
    if (panicked)
        return after_panic(&root, argv[first], &notes);
    if (ended)
        return after_end(&root, argv[first], &o, &notes);
    int status = ST_DONE;
    for (int i = first; i < argc || (transient && i == first); i++) {
        struct run_start one = o;
        int s = start(&root, &one, argv[i], a, &notes);
        status = status ? status : s;
    }
    return status;
}
