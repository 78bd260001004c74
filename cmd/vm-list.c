/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/table.h"
#include "guard/narrow.h"
#include "store/list.h"

static bool all, inactive, only_name, only_uuid, reason, title, zero;
static bool autostart, no_autostart, persistent, transient;
static struct cli_list states;
static const struct cli_option options[] = {
    { "all", 'a', NULL, CLI_FLAG, &all, "also guests that are off" },
    { "inactive", 0, NULL, CLI_FLAG, &inactive, "only guests that are off" },
    { "name", 0, NULL, CLI_FLAG, &only_name, "print names only, one a line" },
    { "uuid", 0, NULL, CLI_FLAG, &only_uuid, "print UUIDs only (with --name: both)" },
    { "null", '0', NULL, CLI_FLAG, &zero, "end names and UUIDs with NUL instead of a newline" },
    { "state", 's', "running|paused|shut-off|in-shutdown|crashed|pmsuspended|starting|needs-cleanup", CLI_LIST, &states,
      "only guests in this state" },
    { "reason", 0, NULL, CLI_FLAG, &reason, "print why they are in their state" },
    { "title", 0, NULL, CLI_FLAG, &title, "print their titles" },
    { "autostart", 0, NULL, CLI_FLAG, &autostart, "only guests marked for autostart" },
    { "no-autostart", 0, NULL, CLI_FLAG, &no_autostart, "only guests not marked for autostart" },
    { "persistent", 0, NULL, CLI_FLAG, &persistent, "only guests that are defined" },
    { "transient", 0, NULL, CLI_FLAG, &transient, "only guests that run without a definition" },
    CLI_END,
};
static const struct cli_program program = { "vm-list", "[GUEST…]", "lists guests", options, CLI_URI | CLI_JSON };

static const char *state_of(const struct listed *g)
{
    return g->status ? g->status->text : "shut off";
}

static bool wanted(const struct listed *g, bool named)
{
    bool on = g->status && g->status->state != GUEST_OFF;
    for (size_t i = 0; i < states.n; i++)
        if (guest_state_is(states.v[i], state_of(g)))
            goto in_state;
    if (states.n || (!named && (inactive ? on : !on && !all)))
        return false;
in_state:
    return (!autostart || g->autostart) && (!no_autostart || !g->autostart) && (!persistent || g->persistent) &&
           (!transient || !g->persistent);
}

static void check_states(void)
{
    for (size_t i = 0; i < states.n; i++)
        if (!guest_state_known(states.v[i]))
            cli_usage("--state %s: not one of running, paused, shut off, in shutdown, crashed, pmsuspended, starting, needs cleanup",
                      states.v[i]);
}

/* Leaves those that operands name, each once, in their order. The status is of the last one that is not there. */
static int pick(struct guests *all_guests, const struct root *r, struct arena *a, char **words, int n)
{
    struct guests out = { 0, arena_array(a, (size_t)n + 1, sizeof *out.v) };
    int status = ST_DONE;
    for (int w = 0; w < n; w++) {
        struct err e = { 0 };
        const char *name = guest_find(r, a, words[w], GUEST_BY_ANY, &e);
        if (!name)
            status = cli_fail(&e);
        for (size_t i = 0; i < all_guests->n; i++)
            if (name && streq(all_guests->v[i].name, name))
                out.v[out.n++] = all_guests->v[i];
    }
    *all_guests = out;
    return status;
}

static void print_words(const struct guests *guests)
{
    char end = zero ? '\0' : '\n';
    for (size_t i = 0; i < guests->n; i++) {
        const struct listed *g = &guests->v[i];
        if (only_uuid)
            printf("%s%c", g->uuid ? g->uuid : "-", only_name ? ' ' : end);
        if (only_name)
            printf("%s%c", g->name, end);
    }
}

enum { ID, NAME, STATE, REASON, TITLE, UUID, PERSISTENT, AUTOSTART, PID, LIBVIRT, LANDLOCK, SOCKETS, TAINT, COLUMNS };
static const struct column columns[COLUMNS] = {
    [ID] = { "Id", "id", COLUMN_NUMBER },
    [NAME] = { "Name", "name", COLUMN_TEXT },
    [STATE] = { "State", "state", COLUMN_TEXT },
    [REASON] = { "Reason", "reason", COLUMN_TEXT },
    [TITLE] = { "Title", "title", COLUMN_TEXT },
    [UUID] = { "UUID", "uuid", COLUMN_TEXT },
    [PERSISTENT] = { "Persistent", "persistent", COLUMN_BOOL },
    [AUTOSTART] = { "Autostart", "autostart", COLUMN_BOOL },
    [PID] = { "Pid", "pid", COLUMN_NUMBER },
    [LIBVIRT] = { "Libvirt", "libvirt", COLUMN_BOOL },
    [LANDLOCK] = { "Landlock", "landlock", COLUMN_NUMBER },
    [SOCKETS] = { "Sockets", "sockets", COLUMN_TEXT },
    [TAINT] = { "Taint", "taint", COLUMN_TEXT },
};

/* The table shows what was asked for, JSON everything. */
static size_t choose(struct column *shown, int *which)
{
    size_t n = 0;
    for (int i = 0; i < COLUMNS; i++)
        if (cli.json || i <= STATE || (i == REASON && reason) || (i == TITLE && title)) {
            shown[n] = columns[i];
            which[n++] = i;
        }
    return n;
}

static const char *cell(struct arena *a, const struct listed *g, int column)
{
    const struct guest_status *s = g->status;
    switch (column) {
    case ID:
        return s && s->id ? arena_printf(a, "%u", s->id) : NULL;
    case NAME:
        return g->name;
    case STATE:
        return state_of(g);
    case REASON:
        return s && *s->reason ? s->reason : NULL;
    case TITLE:
        return g->title;
    case UUID:
        return g->uuid;
    case PERSISTENT:
        return g->persistent ? "yes" : "no";
    case AUTOSTART:
        return g->autostart ? "yes" : "no";
    case PID:
        return s && s->pid ? arena_printf(a, "%d", (int)s->pid) : NULL;
    case LANDLOCK:
        return s && s->active && s->landlock ? arena_printf(a, "%u", s->landlock) : NULL;
    case SOCKETS:
        return s && s->active && *s->sockets ? s->sockets : NULL;
    case TAINT:
        return s && s->active && *s->taint ? s->taint : NULL;
    default:
        return s && s->libvirt ? "yes" : "no";
    }
}

static void print_table(struct arena *a, const struct guests *guests)
{
    struct column shown[COLUMNS];
    int which[COLUMNS];
    size_t n = choose(shown, which);
    struct table t;
    autostr struct str out = STR_INIT;
    table_init(&t, a, shown, n);
    for (size_t i = 0; i < guests->n; i++) {
        const char **row = arena_array(a, n, sizeof *row);
        for (size_t c = 0; c < n; c++)
            row[c] = cell(a, &guests->v[i], which[c]);
        table_row(&t, row);
    }
    (cli.json ? table_json : table_text)(&t, &out);
    fwrite(out.p, 1, out.len, stdout);
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), status = ST_DONE;
    struct err e = { 0 };
    check_states();
    autoarena struct arena *a = arena_new();
    struct root root;
    struct guests guests, out = { 0 };
    if (!root_init(&root, a, cli.uri, &e) || !narrow(program.name, &root, &e) || !guests_list(&root, a, &guests, &e))
        return cli_fail(&e);
    if (first < argc)
        status = pick(&guests, &root, a, argv + first, argc - first);
    if (status && first + 1 == argc)
        return status;
    out.v = arena_array(a, guests.n + 1, sizeof *out.v);
    for (size_t i = 0; i < guests.n; i++) {
        struct listed *g = &guests.v[i];
        if (!wanted(g, first < argc))
            continue;
        if (only_uuid || title || cli.json)
            guests_read_head(&root, a, g);
        if (reason || cli.json)
            guests_read_reason(&root, a, g);
        out.v[out.n++] = *g;
    }
    if ((only_name || only_uuid) && !cli.json)
        print_words(&out);
    else
        print_table(a, &out);
    return cli_done(status);
}
