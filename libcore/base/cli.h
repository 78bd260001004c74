/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CLI_H
#define BASE_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What is the same in every main: options from one table, --help, --version, the completion query,
 * messages. The only part of libcore that prints, and only main calls it.
 *
 *     static bool all;
 *     static const struct cli_option options[] = {
 *         { "all", 'a', NULL, CLI_FLAG, &all, "also guests that are only defined" },
 *         CLI_END };
 *     static const struct cli_program program = { "vm-list", "[GUEST…]", "lists guests", options, CLI_URI };
 *     int main(int argc, char **argv) {
 *         int first = cli_parse(&program, argc, argv);   // exits by itself for --help, --version, usage
 *
 * The table yields parsing, --help, and `PROGRAM --complete-options`, one line per option
 * (long TAB short TAB argument TAB help), which completions read, and with -v the page tests. */
enum cli_kind {
    CLI_FLAG,    /* bool */
    CLI_TEXT,    /* const char * */
    CLI_LIST,    /* struct cli_list: given any number of times */
    CLI_SECONDS, /* long long, milliseconds; the argument is seconds with an optional fraction */
    CLI_NUMBER,  /* long long, not negative */
    CLI_COUNT,   /* int, counts up */
};

struct cli_list {
    size_t n;
    const char *v[64];
};

struct cli_option {
    const char *name; /* long */
    char letter;      /* 0: none */
    const char *arg;  /* what --help calls the argument, NULL for none; "A|B" lists choices */
    enum cli_kind kind;
    void *to;
    const char *help;
};
/* What follows it in a table is said by one program to another: --help has it last, and nothing completes it. */
#define CLI_INSIDE { "", 0, NULL, CLI_FLAG, NULL, NULL }
#define CLI_END { NULL, 0, NULL, CLI_FLAG, NULL, NULL }

/* Which of the common options a program takes besides -q, -v, --help and --version. */
enum { CLI_URI = 1, CLI_WAIT = 2, CLI_JSON = 4, CLI_GUEST = 8 };

struct cli_program {
    const char *name;
    const char *operands; /* "[FILE…]" */
    const char *summary;  /* one line, lower case */
    const struct cli_option *options;
    unsigned common;
};

/* Values of the common options. */
struct cli_common {
    const char *uri;        /* -c, --connect; NULL: $LIBVIRT_DEFAULT_URI or the default */
    bool quiet, json;
    int verbose;
    long long wait_ms;      /* --wait SECONDS: how long to wait for a lock; default 10 s */
    bool by_name, by_uuid, by_id; /* --name, --uuid, --id: what GUEST is */
};
extern struct cli_common cli;

/* Returns the index of the first operand (options may stand between operands, as GNU does; "--" ends
 * them). Wrong use prints one line naming the option and exits ST_USAGE. */
int cli_parse(const struct cli_program *p, int argc, char **argv);

/* Whether "--" is among the words: a command may follow. Before cli_parse, which takes it out. */
bool cli_has_dashes(int argc, char *const *argv);

/* Prints "PROGRAM: TEXT" on stderr and returns the status, for "return cli_fail(&e)". */
int cli_fail(const struct err *e);
/* A usage error: prints it and exits ST_USAGE. */
void cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Says that the terminal is read, if it is: operands are read, and n is 0 or one of them is "-". WHAT: "domain XML". */
void cli_reading(const char *what, int n, char *const *operands);
/* One line on stderr, not with -q. */
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* All notes, one line each, not with -q. */
void cli_notes(const struct notes *n);
/* Flushes stdout; ST_FAILED with a message if what was printed could not be written (full disk). */
int cli_done(int status);

#endif
