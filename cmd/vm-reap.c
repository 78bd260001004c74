/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "run/reaper.h"

static bool all, foreground, notify, dump;
static const char *watch, *bindir;
static struct cli_list emulators;
static long long pid;
static const struct cli_option options[] = {
    { "all", 'a', NULL, CLI_FLAG, &all, "clean up after every guest of the root that has ended" },
    CLI_INSIDE,
    { "watch", 0, "START-ID", CLI_TEXT, &watch, "be the parent of QEMU: what vm-start runs" },
    { "pid", 0, "PID", CLI_NUMBER, &pid, "with --watch: QEMU's process" },
    { "bindir", 0, "DIR", CLI_TEXT, &bindir, "with --watch: where vm-start and vm-stop are" },
    { "emulators", 0, "DIR", CLI_LIST, &emulators, "with --watch: emulators may be run from DIR, too" },
    { "foreground", 0, NULL, CLI_FLAG, &foreground, "with --watch: SIGTERM and SIGINT stop the guest" },
    { "dump", 0, NULL, CLI_FLAG, &dump, "with --watch: have the guest's memory written down when it panics" },
    { "notify", 0, NULL, CLI_FLAG, &notify, "with --watch: tell readiness on descriptor 10" },
    CLI_END,
};
static const struct cli_program program = { "vm-reap", "[GUEST…]", "cleans up after guests that have ended", options,
                                            CLI_URI | CLI_WAIT };

/* This image links libc only, since one of it waits beside every guest. What has to be undone, the program
 * with the libraries does, which it becomes. */
static int become_repair(int argc, char **argv, int first)
{
    char path[4096], wait[32];
    char self[4000];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self);
    const char *slash = n > 0 ? memrchr(self, '/', (size_t)n) : NULL;
    char **args = calloc((size_t)argc + 12, sizeof *args);
    struct err e;
    if (!slash || !args)
        return cli_fail((err_set(&e, ST_FAILED, "cannot tell where vm-start is"), &e));
    snprintf(path, sizeof path, "%.*s/vm-start", (int)(slash - self), self);
    snprintf(wait, sizeof wait, "%lld.%03lld", cli.wait_ms / 1000, cli.wait_ms % 1000);
    size_t k = 0;
    const char *const fixed[] = { "vm-reap", all ? "--repair-all" : "--repair", "--wait", wait };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        args[k++] = (char *)fixed[i];
    if (cli.uri) {
        args[k++] = (char *)"-c";
        args[k++] = (char *)cli.uri;
    }
    if (cli.quiet)
        args[k++] = (char *)"-q";
    args[k++] = (char *)"--";
    for (int i = first; i < argc; i++)
        args[k++] = argv[i];
    execv(path, args);
    err_errno(&e, "cannot run %s", path);
    free(args);
    return cli_fail(&e);
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    if (!watch) {
        if (all ? first < argc : first == argc)
            cli_usage("name the guests, or --all of them");
        return become_repair(argc, argv, first);
    }
    if (argc - first != 1 || pid <= 0 || !bindir || !cli.uri)
        cli_usage("--watch needs --pid, --bindir, --connect and one guest");
    struct reaper r = { .name = argv[first], .uri = cli.uri, .start = watch, .bindir = bindir, .qemu = (pid_t)pid,
                        .emulators = emulators.v, .n_emulators = emulators.n,
                        .foreground = foreground, .notify = notify, .dump = dump };
    return reaper_run(&r);
}
