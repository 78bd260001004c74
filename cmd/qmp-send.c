/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/file.h"
#include "guard/narrow.h"
#include "qemu/qmp_words.h"
#include "run/talk.h"

static const char *socket_path, *hmp;
static bool events, pretty, return_value;
static struct cli_list fd_texts;
static long long timeout_ms = -1, count;
static const struct cli_option options[] = {
    { "socket", 's', "PATH", CLI_TEXT, &socket_path, "talk to this QMP socket; no NAME, no store" },
    { "hmp", 0, "COMMAND", CLI_TEXT, &hmp, "run a human monitor command, print its text" },
    { "events", 'e', NULL, CLI_FLAG, &events, "print events as they come, until the guest ends" },
    { "count", 'n', "N", CLI_NUMBER, &count, "end after N events" },
    { "fd", 0, "N", CLI_LIST, &fd_texts, "pass descriptor N with the next getfd or add-fd" },
    { "timeout", 't', "SECONDS", CLI_SECONDS, &timeout_ms, "for each command (10), or for all events" },
    { "return-value", 0, NULL, CLI_FLAG, &return_value, "print what is in \"return\", not the whole answer" },
    { "pretty", 0, NULL, CLI_FLAG, &pretty, "indent the answers" },
    CLI_END,
};
static const struct cli_program program = {
    "qmp-send", "NAME [COMMAND [key=value…|json]]", "sends QMP commands to a guest, prints the answers", options, CLI_URI | CLI_GUEST,
};

static void print_json(const json_t *j)
{
    /* On a terminal nothing in it may steer the terminal. */
    size_t how = JSON_ENCODE_ANY | (pretty ? JSON_INDENT(2) : 0) | (isatty(1) ? JSON_ENSURE_ASCII : 0);
    autofree char *text = json_dumps(j, how);
    puts(text ? text : "");
    fflush(stdout);
}

static void print_answer(const json_t *answer)
{
    const json_t *value = json_object_get(answer, "return");
    print_json(return_value && value ? value : answer);
}

static int send_one(struct talk *t, char **words, int n)
{
    struct err e;
    autojson json_t *command = qmp_words(words, n, &e), *answer = NULL;
    if (!command)
        cli_usage("%s", e.text);
    if (!talk_exchange(t, command, &answer, &e))
        return cli_fail(&e);
    const json_t *error = json_object_get(answer, "error");
    if (!error) {
        print_answer(answer);
        return ST_DONE;
    }
    const char *class = json_string_value(json_object_get(error, "class"));
    const char *desc = json_string_value(json_object_get(error, "desc"));
    err_set(&e, ST_QEMU, "%s: %s: %s (%s)", t->guest ? t->guest->name : t->socket,
            json_string_value(json_object_get(command, "execute")), desc ? desc : "refused", class ? class : "no class");
    return cli_fail(&e);
}

static bool more_is_there(const struct str *buffer)
{
    struct pollfd p = { .fd = 0, .events = POLLIN };
    return (buffer->len && memchr(buffer->p, '\n', buffer->len)) || poll(&p, 1, 0) > 0;
}

/* A descriptor is added and used in one connection: then all commands are there before the first is sent. */
static bool read_ahead(struct str *buffer, struct err *e)
{
    return read_all(0, QMP_LINE_MAX, buffer) == 0 || err_errno(e, "standard input");
}

static int send_lines(struct talk *t)
{
    autostr struct str buffer = STR_INIT, line = STR_INIT;
    struct err e;
    int got, status = ST_DONE;
    if (t->n_fds && !read_ahead(&buffer, &e))
        return cli_fail(&e);
    for (unsigned number = 1; (got = read_line(0, QMP_LINE_MAX, &buffer, &line)) > 0; number++) {
        if (!str_text(&line)[strspn(str_text(&line), " \t\r")])
            continue;
        autojson json_t *command = qmp_line_command(line.p, line.len, &e), *answer = NULL;
        if (!command) {
            err_wrap(&e, "standard input:%u", number);
            return cli_fail(&e);
        }
        if (!talk_exchange(t, command, &answer, &e))
            return cli_fail(&e);
        print_answer(answer);
        if (json_object_get(answer, "error"))
            status = ST_QEMU;
        if (!more_is_there(&buffer))
            talk_pause(t);
    }
    if (got < 0) {
        err_errno(&e, "standard input");
        return cli_fail(&e);
    }
    return status;
}

static int send_hmp(struct talk *t, char **words, int n)
{
    autostr struct str line = STR_INIT, out = STR_INIT, shown = STR_INIT;
    struct err e;
    str_add(&line, hmp);
    for (int i = 0; i < n; i++)
        str_addf(&line, " %s", words[i]);
    if (!talk_hmp(t, line.p, &out, &e))
        return cli_fail(&e);
    char *rest = out.p ? out.p : NULL;
    for (char *part; rest && (part = strsep(&rest, "\n"));) {
        size_t len = strcspn(part, "\r");
        if (!part[len + (part[len] == '\r')])
            part[len] = '\0';
        str_clear(&shown);
        str_add_shown(&shown, part);
        if (rest || *part)
            puts(isatty(1) ? str_text(&shown) : part);
    }
    return ST_DONE;
}

static bool print_event(void *arg, const json_t *event)
{
    long long *left = arg;
    print_json(event);
    return --*left == 0 || ferror(stdout);
}

static int run(struct talk *t, char **words, int n)
{
    struct err e;
    if (hmp)
        return send_hmp(t, words, n);
    if (events)
        return talk_events(t, timeout_ms < 0 ? -1 : now_ms() + timeout_ms, print_event, &count, &e) ? ST_DONE
                                                                                                    : cli_fail(&e);
    if (n)
        return send_one(t, words, n);
    cli_reading("commands, one JSON object a line,", 0, NULL);
    return send_lines(t);
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), fds[64];
    struct err e;
    autoarena struct arena *a = arena_new();
    struct root root;
    struct look guest;
    struct talk t = { .socket = socket_path, .timeout_ms = timeout_ms < 0 ? 10000 : timeout_ms, .fds = fds };
    for (t.n_fds = 0; t.n_fds < fd_texts.n; t.n_fds++) {
        uint64_t fd;
        if (!parse_u64(fd_texts.v[t.n_fds], &fd) || fd > 1 << 20 || fcntl((int)fd, F_GETFD) < 0)
            cli_usage("--fd: '%s' is not an open descriptor", fd_texts.v[t.n_fds]);
        fds[t.n_fds] = (int)fd;
    }
    if (!socket_path) {
        if (first == argc)
            cli_usage("needs the NAME of a guest, or --socket PATH");
        if (!root_init(&root, a, cli.uri, &e))
            return cli_fail(&e);
        t.guest = &guest;
    }
    if (!narrow(program.name, t.guest ? &root : NULL, &e) ||
        (t.guest && !look_open(&guest, &root, a, argv[first++], guest_by(cli.by_name, cli.by_uuid, cli.by_id), &e)))
        return cli_fail(&e);
    if (events && (hmp || first < argc))
        cli_usage("--events takes no command");
    int status = run(&t, argv + first, argc - first);
    talk_close(&t);
    if (t.guest)
        look_close(&guest);
    return cli_done(status);
}
