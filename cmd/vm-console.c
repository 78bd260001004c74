/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "guard/narrow.h"
#include "run/console.h"

static bool force;
static const char *device;
static const struct cli_option options[] = {
    { "device", 'd', "ALIAS", CLI_TEXT, &device, "this serial port or console (the first)" },
    { "force", 'f', NULL, CLI_FLAG, &force, "take it from whoever has it" },
    CLI_END,
};
static const struct cli_program program = { "vm-console", "GUEST",
                                            "connects to the console of a guest", options, CLI_URI | CLI_GUEST };

/* Signals that would end this program have to put the terminal back first. */
static int catch_signals(void)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGHUP);
    sigaddset(&s, SIGINT);
    sigaddset(&s, SIGTERM);
    sigaddset(&s, SIGQUIT);
    sigprocmask(SIG_BLOCK, &s, NULL);
    return signalfd(-1, &s, SFD_CLOEXEC);
}

static int ended(enum console_end how, int signals, const char *name, const struct err *e)
{
    struct signalfd_siginfo info;
    switch (how) {
    case CONSOLE_FAILED: return cli_fail(e);
    case CONSOLE_OVER:
    case CONSOLE_LEFT: return ST_DONE;
    case CONSOLE_SIGNAL: break;
    }
    if (read(signals, &info, sizeof info) != sizeof info)
        return ST_FAILED;
    if (info.ssi_signo == SIGHUP && info.ssi_pid) {
        cli_note("%s: process %u has taken the console over", name, info.ssi_pid);
        return ST_BUSY;
    }
    return 128 + (int)info.ssi_signo;
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    struct look guest;
    struct console console;
    struct termios before, raw;
    if (argc - first != 1)
        cli_usage("needs one GUEST");
    /* Before the lock is there to be seen: who sends SIGHUP because of it finds it caught. */
    autoclose int signals = catch_signals();
    if (!root_init(&root, a, cli.uri, &e) || !narrow(program.name, &root, &e) ||
        !look_open(&guest, &root, a, argv[first], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e) ||
        !console_open(&console, &guest, device, force, &e))
        return cli_fail(&e);
    bool tty = tcgetattr(0, &before) == 0;
    if (tty) {
        cli_note("%s: connected, ^] leaves", guest.name);
        raw = before;
        cfmakeraw(&raw);
        tcsetattr(0, TCSANOW, &raw);
    }
    enum console_end how = console_run(&console, 0, 1, signals, tty, &e);
    if (tty) {
        tcsetattr(0, TCSANOW, &before);
        fputs("\n", stderr);
    }
    int status = ended(how, signals, guest.name, &e);
    console_close(&console);
    look_close(&guest);
    return status;
}
