/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/narrow.h"
#include "run/bindir.h"
#include "run/many.h"
#include "store/defs.h"
#include "store/guest.h"

static bool disable, zero, start, stop, force;
static long long timeout_ms = -1;
static const struct cli_option options[] = {
    { "disable", 0, NULL, CLI_FLAG, &disable, "remove the mark" },
    { "start", 0, NULL, CLI_FLAG, &start, "start all guests that are marked and do not run, several at a time" },
    { "stop", 0, NULL, CLI_FLAG, &stop, "stop all guests that are marked and run, several at a time" },
    { "timeout", 't', "SECONDS", CLI_SECONDS, &timeout_ms, "with --start or --stop: for each guest" },
    { "force", 'f', NULL, CLI_FLAG, &force, "with --stop: end those that do not stop in time" },
    { "null", '0', NULL, CLI_FLAG, &zero, "end listed names with NUL instead of a newline" },
    CLI_END,
};
static const struct cli_program program = { "vm-autostart", "[GUEST…]", "marks guests to be started at boot, lists, starts or stops them",
                                            options, CLI_URI | CLI_GUEST | CLI_JSON };

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_json(struct arena *a, const struct names *names)
{
    static const struct column column = { "Name", "name", COLUMN_TEXT };
    autostr struct str out = STR_INIT;
    struct table t;
    table_init(&t, a, &column, 1);
    for (size_t i = 0; i < names->v.n; i++)
        table_row(&t, &names->v.v[i]);
    table_json(&t, &out);
    fwrite(out.p, 1, out.len, stdout);
}

static int list(const struct root *r, struct arena *a, struct err *e)
{
    struct names names;
    autoclose int etc = root_open(r, ROOT_ETC, false, e);
    if (etc < 0)
        return e->status == ST_NOENT ? ST_DONE : cli_fail(e);
    if (!autostart_list(etc, a, &names, e))
        return cli_fail(e);
    if (names.v.n)
        qsort(names.v.v, names.v.n, sizeof *names.v.v, by_name);
    if (cli.json) {
        list_json(a, &names);
        return ST_DONE;
    }
    for (size_t i = 0; i < names.v.n; i++)
        printf("%s%c", names.v.v[i], zero ? '\0' : '\n');
    return ST_DONE;
}

/* Those of the marked guests that are not yet as they are to be. */
static bool marked(const struct root *r, struct arena *a, struct names *out, struct err *e)
{
    struct names all;
    struct err none;
    autoclose int etc = root_open(r, ROOT_ETC, false, e);
    autoclose int state = root_open(r, ROOT_STATE, false, &none);
    autoclose int run = root_open(r, ROOT_RUN, false, &none);
    *out = (struct names){ 0 };
    if (etc < 0)
        return e->status == ST_NOENT;
    if (!autostart_list(etc, a, &all, e))
        return false;
    for (size_t i = 0; i < all.v.n; i++) {
        struct guest_status s;
        guest_status(state, run, all.v.v[i], &s);
        if (s.active == stop)
            list_add(a, &out->v, all.v.v[i]);
    }
    return true;
}

static int start_or_stop(const struct root *r, struct arena *a, struct err *e)
{
    struct names names;
    char seconds[32];
    const char *words[8] = { "-c", r->uri };
    size_t n = 2;
    int status;
    if (timeout_ms < 0 && force)
        timeout_ms = 60000;
    if (timeout_ms >= 0) {
        snprintf(seconds, sizeof seconds, "%lld.%03lld", timeout_ms / 1000, timeout_ms % 1000);
        words[n++] = "--timeout";
        words[n++] = seconds;
    }
    if (cli.quiet)
        words[n++] = "-q";
    if (force)
        words[n++] = "--force";
    if (cli.json && stop)
        words[n++] = "--json";
    /* Starting is work, stopping is waiting. */
    unsigned parallel = stop ? 16 : (unsigned)sysconf(_SC_NPROCESSORS_ONLN) + 1;
    if (!marked(r, a, &names, e) ||
        !run_many(bindir_find(a), stop ? "vm-stop" : "vm-start", words, names.v.v, names.v.n, parallel, ST_STATE, &status, e))
        return cli_fail(e);
    return status;
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), status = ST_DONE;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    if (!root_init(&root, a, cli.uri, &e))
        return cli_fail(&e);
    if (start + stop + disable > 1 || ((start || stop) && first < argc) || (force && !stop))
        cli_usage("--start and --stop go alone, --force with --stop");
    if (!narrow_with(program.name, start ? "--start" : stop ? "--stop" : NULL, NULL, &root, &e))
        return cli_fail(&e);
    if (start || stop)
        return start_or_stop(&root, a, &e);
    if (first == argc && disable)
        cli_usage("--disable needs the name of a GUEST");
    if (first == argc)
        return cli_done(list(&root, a, &e));
    for (int i = first; i < argc; i++) {
        const char *name = guest_find(&root, a, argv[i], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e);
        autoclose int etc = name ? root_open(&root, ROOT_ETC, false, &e) : -1;
        if (etc < 0 || !autostart_set(&root, etc, name, !disable, &e))
            status = cli_fail(&e);
    }
    return cli_done(status);
}
