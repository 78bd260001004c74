/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#ifndef VMUTILS_VERSION
#define VMUTILS_VERSION "0"
#endif

struct cli_common cli = { .wait_ms = 10000 };
static const struct cli_program *program;

static const struct cli_option uri_option = { "connect", 'c', "URI", CLI_TEXT, &cli.uri,
                                              "which root: qemu:///system, qemu:///session, qemu:///embed?root=/DIR" };
static const struct cli_option wait_option = { "wait", 0, "SECONDS", CLI_SECONDS, &cli.wait_ms,
                                               "how long to wait for a lock that someone else holds (10)" };
static const struct cli_option json_option = { "json", 0, NULL, CLI_FLAG, &cli.json, "print JSON" };
static const struct cli_option guest_options[] = {
    { "name", 0, NULL, CLI_FLAG, &cli.by_name, "GUEST is a name" },
    { "uuid", 0, NULL, CLI_FLAG, &cli.by_uuid, "GUEST is a UUID" },
    { "id", 0, NULL, CLI_FLAG, &cli.by_id, "GUEST is an id" },
};
static bool help, version, complete;
static const struct cli_option common_options[] = {
    { "quiet", 'q', NULL, CLI_FLAG, &cli.quiet, "no notices on standard error" },
    { "verbose", 'v', NULL, CLI_COUNT, &cli.verbose, "say more" },
    { "help", 0, NULL, CLI_FLAG, &help, "print this help and exit" },
    { "version", 0, NULL, CLI_FLAG, &version, "print the version and exit" },
};

enum { MAX_OPTIONS = 64, HELP_COLUMN = 30 };
static const struct cli_option *all[MAX_OPTIONS];
static size_t n_all, n_people; /* the last ones are for other programs */

static void collect(void)
{
    n_all = 0;
    const struct cli_option *o = program->options;
    for (; o && o->name && *o->name && n_all < MAX_OPTIONS - 8; o++)
        all[n_all++] = o;
    for (size_t i = 0; program->common & CLI_GUEST && i < sizeof guest_options / sizeof *guest_options; i++)
        all[n_all++] = &guest_options[i];
    if (program->common & CLI_JSON)
        all[n_all++] = &json_option;
    if (program->common & CLI_URI)
        all[n_all++] = &uri_option;
    if (program->common & CLI_WAIT)
        all[n_all++] = &wait_option;
    for (size_t i = 0; i < sizeof common_options / sizeof *common_options; i++)
        all[n_all++] = &common_options[i];
    n_people = n_all;
    for (; o && o->name && n_all < MAX_OPTIONS; o++)
        if (*o->name)
            all[n_all++] = o;
}

static void print_help(void)
{
    printf("usage: %s [OPTION…]%s%s\n%s\n\n", program->name, *program->operands ? " " : "", program->operands,
           program->summary);
    for (size_t i = 0; i < n_all; i++) {
        char left[160];
        char letter[6] = "    ";
        if (i == n_people)
            printf("\nNot for people, but for other programs of vmutils:\n");
        if (all[i]->letter)
            snprintf(letter, sizeof letter, "-%c, ", all[i]->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, all[i]->name, all[i]->arg ? " " : "",
                 all[i]->arg ? all[i]->arg : "");
        printf(strlen(left) > HELP_COLUMN ? "  %s\n  %*s %s\n" : "  %s%*s %s\n", left,
               strlen(left) > HELP_COLUMN ? HELP_COLUMN : HELP_COLUMN - (int)strlen(left), "", all[i]->help);
    }
    printf("\nExit status: 0 done, 1 failed, 2 usage, 3 no such thing, 4 wrong state, 5 busy,\n"
           "6 QEMU refused or died, 7 not permitted, 8 time ran out. See %s(1), vmutils(7).\n",
           program->name);
}

static void print_options(void)
{
    for (size_t i = 0; i < (cli.verbose ? n_all : n_people); i++)
        printf("%s\t%c\t%s\t%s\n", all[i]->name, all[i]->letter ? all[i]->letter : ' ',
               all[i]->arg ? all[i]->arg : "", all[i]->help);
}

static void set(const struct cli_option *o, const char *value)
{
    switch (o->kind) {
    case CLI_FLAG:
        *(bool *)o->to = true;
        return;
    case CLI_COUNT:
        ++*(int *)o->to;
        return;
    case CLI_TEXT:
        *(const char **)o->to = value;
        return;
    case CLI_LIST: {
        struct cli_list *l = o->to;
        if (l->n == sizeof l->v / sizeof *l->v)
            cli_usage("--%s is given too often (at most %zu times)", o->name, l->n);
        l->v[l->n++] = value;
        return;
    }
    case CLI_SECONDS: {
        char *end;
        double seconds = strtod(value, &end);
        if (end == value || *end || !isfinite(seconds) || seconds < 0 || seconds > 1e9)
            cli_usage("--%s: '%s' is not a number of seconds", o->name, value);
        *(long long *)o->to = (long long)(seconds * 1000);
        return;
    }
    case CLI_NUMBER: {
        uint64_t v;
        if (!parse_u64(value, &v) || v > INT64_MAX)
            cli_usage("--%s: '%s' is not a number", o->name, value);
        *(long long *)o->to = (long long)v;
        return;
    }
    }
}

/* A descriptor that is closed at the start would be given to the next file that is opened, and messages or
 * standard output would go there. What takes its place fails to be read or written just as a closed one does. */
static void hold_standard_descriptors(void)
{
    static const int modes[] = { O_WRONLY, O_RDONLY, O_WRONLY };
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
            _exit(ST_FAILED);
}

int cli_parse(const struct cli_program *p, int argc, char **argv)
{
    hold_standard_descriptors();
    program = p;
    collect();
    struct option longs[MAX_OPTIONS + 2] = { 0 };
    char letters[3 * MAX_OPTIONS] = ":";
    size_t n = 1;
    for (size_t i = 0; i < n_all; i++) {
        longs[i] = (struct option){ all[i]->name, all[i]->arg ? required_argument : no_argument, NULL, 1000 + (int)i };
        if (all[i]->letter) {
            letters[n++] = all[i]->letter;
            if (all[i]->arg)
                letters[n++] = ':';
        }
    }
    longs[n_all] = (struct option){ "complete-options", no_argument, NULL, 999 };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
        const struct cli_option *o = NULL;
        if (c == '?' || c == ':') {
            const char *what = argv[optind - 1];
            if (c == ':')
                cli_usage("option '%s' needs an argument", what);
            if (optopt && optopt < 128)
                cli_usage("unknown option '-%c'", optopt);
            if (optopt >= 999)
                cli_usage("option '%s' takes no argument", what);
            cli_usage("unknown or ambiguous option '%s'", what);
        }
        if (c == 999) {
            complete = true;
            continue;
        }
        for (size_t i = 0; i < n_all && !o; i++)
            if (c == 1000 + (int)i || (c < 999 && all[i]->letter == c))
                o = all[i];
        if (o)
            set(o, optarg);
    }
    if (help || version || complete) {
        if (complete)
            print_options();
        else if (help)
            print_help();
        else
            printf("%s (vmutils) %s\n", program->name, VMUTILS_VERSION);
        exit(cli_done(ST_DONE));
    }
    return optind;
}

/* Messages may quote XML, QEMU or file names: nothing in them may steer a terminal. */
static void print_line(const char *text)
{
    struct str line = STR_INIT;
    str_add(&line, program ? program->name : "vmutils");
    str_add(&line, ": ");
    str_add_shown(&line, text);
    str_addc(&line, '\n');
    fflush(stdout);
    fputs(str_text(&line), stderr);
    str_release(&line);
}

int cli_fail(const struct err *e)
{
    print_line(*e->text ? e->text : "failed");
    return e->status ? (int)e->status : ST_FAILED;
}

void cli_usage(const char *fmt, ...)
{
    struct err e = { .status = ST_USAGE };
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e.text, sizeof e.text, fmt, ap);
    va_end(ap);
    err_add(&e, " (try: %s --help)", program->name);
    exit(cli_fail(&e));
}

void cli_note(const char *fmt, ...)
{
    if (cli.quiet)
        return;
    struct err e;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e.text, sizeof e.text, fmt, ap);
    va_end(ap);
    print_line(e.text);
}

void cli_reading(const char *what, int n, char *const *operands)
{
    bool input = n == 0;
    for (int i = 0; i < n; i++)
        input = input || streq(operands[i], "-");
    if (input && isatty(STDIN_FILENO))
        cli_note("reading %s from the terminal (^D ends it)", what);
}

void cli_notes(const struct notes *n)
{
    for (size_t i = 0; i < n->n && !cli.quiet; i++)
        print_line(n->text[i]);
}

int cli_done(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    struct err e;
    err_errno(&e, "cannot write standard output");
    cli_fail(&e);
    return status == ST_DONE ? ST_FAILED : status;
}

bool cli_has_dashes(int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++)
        if (streq(argv[i], "--"))
            return true;
    return false;
}
