/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/qmp.h"
#include "qemu/qmp_words.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "suite.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"

/* What the far side does with the connection after it has shaken hands (or instead, if it is a `raw` one). */
typedef void peer_fn(FILE *f);

static struct err e;

/* The id of the next command that arrives; NULL at the end. */
static char *read_id(FILE *f, char *line, size_t size)
{
    if (!fgets(line, (int)size, f))
        return NULL;
    char *id = strstr(line, "\"id\":\"");
    if (!id)
        return NULL;
    id += 6;
    id[strcspn(id, "\"")] = 0;
    return id;
}

static pid_t peer_pid;

static struct qmp *meet(peer_fn *peer, bool raw, long long deadline)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    peer_pid = fork();
    if (peer_pid == 0) {
        char line[4096];
        close(pair[0]);
        signal(SIGPIPE, SIG_DFL);
        FILE *f = fdopen(pair[1], "r+");
        setvbuf(f, NULL, _IONBF, 0);
        if (!raw) {
            fputs(GREETING, f);
            fprintf(f, "{\"return\": {}, \"id\": \"%s\"}\r\n", read_id(f, line, sizeof line));
        }
        peer(f);
        _exit(0);
    }
    close(pair[1]);
    return qmp_wrap(pair[0], deadline, &e);
}

static void part(struct qmp *q)
{
    qmp_free(q);
    waitpid(peer_pid, NULL, 0);
}

/* ---- peers ---- */

static void says_nothing(FILE *f)
{
    while (fgetc(f) != EOF)
        ;
}

static void hangs_up(FILE *f)
{
    (void)f;
}

static void hangs_up_after_command(FILE *f)
{
    char line[4096];
    read_id(f, line, sizeof line);
}

static void greets_with_rubbish(FILE *f)
{
    fputs("220 mail.example ESMTP\r\n", f);
    says_nothing(f);
}

static void greets_with_other_json(FILE *f)
{
    fputs("{\"hello\": 1}\n", f);
    says_nothing(f);
}

static void answers_array(FILE *f)
{
    char line[4096];
    read_id(f, line, sizeof line);
    fputs("[1, 2]\n", f);
    says_nothing(f);
}

static void answers_half_a_line(FILE *f)
{
    char line[4096];
    read_id(f, line, sizeof line);
    fputs("{\"return\": {", f);
}

static void answers_deep(FILE *f)
{
    char line[4096];
    char *id = read_id(f, line, sizeof line);
    fputs("{\"return\": ", f);
    for (int i = 0; i < 100000; i++)
        fputs("[", f);
    fprintf(f, ", \"id\": \"%s\"}\n", id);
    says_nothing(f);
}

static void answers_endlessly(FILE *f)
{
    char line[4096], x[65536];
    read_id(f, line, sizeof line);
    memset(x, 'x', sizeof x);
    while (fwrite(x, 1, sizeof x, f) == sizeof x)
        ;
}

static void floods_with_events(FILE *f)
{
    while (fputs("{\"event\": \"NIC_RX_FILTER_CHANGED\"}\n", f) >= 0)
        ;
}

static void answers_foreign_ids_first(FILE *f)
{
    char line[4096];
    char *id = read_id(f, line, sizeof line);
    fputs("{\"return\": {\"n\": 666}, \"id\": 7}\n{\"return\": {\"n\": 666}}\n"
          "{\"error\": {\"class\": \"X\", \"desc\": \"y\"}, \"id\": \"a\"}\n", f);
    fprintf(f, "{\"return\": {\"n\": 1}, \"id\": \"%s\"}\n", id);
    says_nothing(f);
}

static void answers_in_single_bytes(FILE *f)
{
    char line[4096], answer[256];
    char *id = read_id(f, line, sizeof line);
    snprintf(answer, sizeof answer, "\r\n \n{\"event\": \"STOP\"}\r\n{\"return\": {\"n\": 5}, \"id\": \"%s\"}\r\n", id);
    for (const char *p = answer; *p; p++)
        fputc(*p, f);
    says_nothing(f);
}

static void refuses(FILE *f)
{
    char line[4096];
    char *id = read_id(f, line, sizeof line);
    fprintf(f, "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"no \\u001b[31m x\"}, \"id\": \"%s\"}\n", id);
    says_nothing(f);
}

static void refuses_without_id(FILE *f)
{
    char line[4096];
    read_id(f, line, sizeof line);
    fputs("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON token size limit exceeded\"}}\n", f);
    says_nothing(f);
}

static void never_reads(FILE *f)
{
    (void)f;
    pause();
}

static void counts_commands(FILE *f)
{
    char line[4096];
    char *id;
    int n = 0;
    while ((id = read_id(f, line, sizeof line)))
        fprintf(f, "{\"return\": {\"n\": %d}, \"id\": \"%s\"}\n", ++n, id);
}

static void passes_descriptor(FILE *f)
{
    char line[4096], text[256];
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } c = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    char *id = read_id(f, line, sizeof line);
    int n = snprintf(text, sizeof text, "{\"return\": {\"n\": 1}, \"id\": \"%s\"}\n", id);
    int fd = 0;
    struct iovec io = { text, (size_t)n };
    struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c.room };
    memcpy(CMSG_DATA(&c.head), &fd, sizeof fd);
    sendmsg(fileno(f), &m, 0);
    says_nothing(f);
}

/* Answers with the inode of the descriptor that came along. */
static void takes_descriptor(FILE *f)
{
    char line[4096] = "";
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } c;
    struct iovec io = { line, sizeof line - 1 };
    struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c.room };
    int fd = -1;
    recvmsg(fileno(f), &m, 0);
    if (m.msg_controllen)
        memcpy(&fd, CMSG_DATA(&c.head), sizeof fd);
    char *id = strstr(line, "\"id\":\"") + 6;
    id[strcspn(id, "\"")] = 0;
    fprintf(f, "{\"return\": {\"n\": %d}, \"id\": \"%s\"}\n", fd >= 0 && write(fd, "x", 1) == 1, id);
    says_nothing(f);
}

/* ---- tests ---- */

static const struct bad_case {
    const char *name;
    peer_fn *peer;
    bool raw;
    enum status status;
    const char *text;
    int ms;
} bad_cases[] = {
    { "no greeting", says_nothing, true, ST_TIMEOUT, "in time", 30 },
    { "gone before greeting", hangs_up, true, ST_QEMU, "closed", 5000 },
    { "another protocol", greets_with_rubbish, true, ST_QEMU, "rubbish", 5000 },
    { "JSON but no greeting", greets_with_other_json, true, ST_QEMU, "no greeting", 5000 },
    { "gone before command", hangs_up, false, ST_QEMU, "closed", 5000 },
    { "gone after command", hangs_up_after_command, false, ST_QEMU, "closed", 5000 },
    { "never answers", says_nothing, false, ST_TIMEOUT, "in time", 30 },
    { "answers an array", answers_array, false, ST_QEMU, "rubbish", 5000 },
    { "dies in mid-line", answers_half_a_line, false, ST_QEMU, "closed", 5000 },
    { "nests deep", answers_deep, false, ST_QEMU, "deeper than 64", 5000 },
    { "line without end", answers_endlessly, false, ST_QEMU, "16 MiB", 20000 },
    { "flood of events", floods_with_events, false, ST_TIMEOUT, "in time", 50 },
    { "refuses", refuses, false, ST_QEMU, "query-status: no \\x1b[31m x (DeviceNotFound)", 5000 },
    { "refuses without id", refuses_without_id, false, ST_QEMU, "token size", 5000 },
};

START_TEST(a_misbehaving_peer_gives_a_clear_error)
{
    const struct bad_case *c = &bad_cases[_i];
    json_t *reply = (json_t *)&e;
    struct qmp *q = meet(c->peer, c->raw, now_ms() + (c->raw ? c->ms : 5000));
    bool ok = q && qmp_command(q, "query-status", NULL, now_ms() + c->ms, &reply, &e);
    ck_assert_msg(!ok, "%s: succeeded", c->name);
    ck_assert_msg(e.status == c->status && strstr(e.text, c->text), "%s: %d %s", c->name, e.status, e.text);
    ck_assert(!q || !reply);
    part(q);
}
END_TEST

static const struct good_case {
    const char *name;
    peer_fn *peer;
    int n;
} good_cases[] = {
    { "foreign ids", answers_foreign_ids_first, 1 },
    { "single bytes", answers_in_single_bytes, 5 },
    { "passes a descriptor", passes_descriptor, 1 },
};

START_TEST(an_odd_but_right_answer_is_understood)
{
    const struct good_case *c = &good_cases[_i];
    autojson json_t *reply = NULL;
    struct qmp *q = meet(c->peer, false, now_ms() + 5000);
    int before = dup(0);
    close(before);
    ck_assert_msg(qmp_command(q, "query-x", NULL, now_ms() + 5000, &reply, &e), "%s: %s", c->name, e.text);
    ck_assert_int_eq(json_integer_value(json_object_get(reply, "n")), c->n);
    int after = dup(0);
    close(after);
    ck_assert_int_eq(before, after);
    part(q);
}
END_TEST

START_TEST(a_broken_connection_fails_at_once_afterwards)
{
    struct qmp *q = meet(hangs_up, false, now_ms() + 5000);
    ck_assert(!qmp_command(q, "stop", NULL, -1, NULL, &e));
    ck_assert(!qmp_command(q, "stop", NULL, -1, NULL, &e));
    ck_assert_int_eq(e.status, ST_QEMU);
    ck_assert(!qmp_listen(q, -1, &e));
    part(q);
}
END_TEST

START_TEST(a_peer_that_never_reads_makes_a_long_command_time_out)
{
    struct qmp *q = meet(never_reads, false, now_ms() + 5000);
    char *big = malloc(4 << 20);
    memset(big, 'a', 4 << 20);
    big[(4 << 20) - 1] = 0;
    ck_assert(!qmp_command(q, "x", json_pack("{s:s}", "a", big), now_ms() + 50, NULL, &e));
    ck_assert_int_eq(e.status, ST_TIMEOUT);
    free(big);
    kill(peer_pid, SIGKILL);
    part(q);
}
END_TEST

START_TEST(an_answer_that_comes_too_late_is_not_taken_for_the_next)
{
    struct qmp *q = meet(counts_commands, false, now_ms() + 5000);
    autojson json_t *reply = NULL;
    /* Posted and not collected: its answer arrives before the next one's. */
    ck_assert_uint_ne(qmp_post(q, "first", NULL, now_ms() + 5000, &e), 0);
    ck_assert(qmp_command(q, "second", NULL, now_ms() + 5000, &reply, &e));
    ck_assert_int_eq(json_integer_value(json_object_get(reply, "n")), 2);
    part(q);
}
END_TEST

START_TEST(posted_commands_are_collected_in_order)
{
    struct qmp *q = meet(counts_commands, false, now_ms() + 5000);
    unsigned t[100];
    for (int i = 0; i < 100; i++)
        t[i] = qmp_post(q, "x", NULL, now_ms() + 5000, &e);
    for (int i = 0; i < 100; i++) {
        autojson json_t *reply = NULL;
        ck_assert(qmp_collect(q, t[i], now_ms() + 5000, &reply, &e));
        ck_assert_int_eq(json_integer_value(json_object_get(reply, "n")), i + 1);
    }
    part(q);
}
END_TEST

START_TEST(a_descriptor_goes_with_the_command)
{
    int pipes[2];
    autojson json_t *reply = NULL;
    ck_assert_int_eq(pipe(pipes), 0);
    struct qmp *q = meet(takes_descriptor, false, now_ms() + 5000);
    ck_assert(qmp_command_fd(q, "getfd", json_pack("{s:s}", "fdname", "a"), pipes[1], now_ms() + 5000, &reply, &e));
    ck_assert_int_eq(json_integer_value(json_object_get(reply, "n")), 1);
    char c;
    ck_assert_int_eq(read(pipes[0], &c, 1), 1);
    part(q);
}
END_TEST

START_TEST(an_exchange_gives_back_the_users_id_and_errors)
{
    struct qmp *q = meet(refuses, false, now_ms() + 5000);
    autojson json_t *command = json_pack("{s:s, s:i}", "execute", "foo", "id", 42), *answer = NULL;
    ck_assert(qmp_exchange(q, command, -1, now_ms() + 5000, &answer, &e));
    ck_assert_int_eq(json_integer_value(json_object_get(answer, "id")), 42);
    ck_assert(json_object_get(answer, "error"));
    part(q);
}
END_TEST

static bool count_two(void *arg, const json_t *event)
{
    ck_assert_str_eq(json_string_value(json_object_get(event, "event")), "NIC_RX_FILTER_CHANGED");
    return ++*(int *)arg == 2;
}

START_TEST(listening_ends_when_the_callback_has_enough)
{
    int n = 0;
    struct qmp *q = meet(floods_with_events, false, now_ms() + 5000);
    qmp_on_event(q, count_two, &n);
    ck_assert(qmp_listen(q, now_ms() + 5000, &e));
    ck_assert_int_eq(n, 2);
    part(q);
}
END_TEST

START_TEST(a_socket_path_may_be_longer_than_an_address)
{
    char dir[64] = "/tmp/qmp-unit.XXXXXX", name[201];
    memset(name, 'n', 200);
    name[200] = 0;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    int d = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/s", d);
    ck_assert_int_eq(bind(s, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(listen(s, 0), 0);
    ck_assert_int_eq(renameat(d, "s", d, name), 0);
    int c = unix_connect(d, name, now_ms() + 1000, &e);
    ck_assert_msg(c >= 0, "%s", e.text);
    /* Its backlog of one is full now: the next one waits no longer than its deadline. */
    close(unix_connect(d, name, now_ms() + 1000, &e));
    ck_assert_int_lt(unix_connect(d, name, now_ms() + 20, &e), 0);
    ck_assert_int_eq(e.status, ST_TIMEOUT);
    ck_assert_int_lt(unix_connect(d, "none", now_ms() + 20, &e), 0);
    ck_assert_int_eq(e.status, ST_NOENT);
    ck_assert_int_lt(unix_connect(AF_UNIX, "/dev/null", now_ms() + 20, &e), 0);
    ck_assert_int_eq(e.status, ST_FAILED);
    unlinkat(d, name, 0);
    rmdir(dir);
}
END_TEST

START_TEST(integers_beyond_64_bits_become_reals)
{
    const char text[] = "{\"a\": 18446744073709551615, \"b\": [-9223372036854775808, 1e3], \"c\": \"99999999999999999999\"}";
    autojson json_t *j = qmp_parse(text, sizeof text - 1, &e);
    ck_assert_msg(j != NULL, "%s", e.text);
    ck_assert_double_eq(json_real_value(json_object_get(j, "a")), 18446744073709551615.0);
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(j, "b"), 0)), INT64_MIN);
    ck_assert_str_eq(json_string_value(json_object_get(j, "c")), "99999999999999999999");
}
END_TEST

static const struct word_case {
    const char *words[6];
    const char *json; /* NULL: refused */
} word_cases[] = {
    { { "stop" }, "{\"execute\":\"stop\"}" },
    { { "x", "a=1", "b=true", "c=text", "d=-2.5", "e=null" },
      "{\"arguments\":{\"a\":1,\"b\":true,\"c\":\"text\",\"d\":-2.5,\"e\":null},\"execute\":\"x\"}" },
    { { "x", "a=", "b=007", "c=1 2", "d=\"q\"" },
      "{\"arguments\":{\"a\":\"\",\"b\":\"007\",\"c\":\"1 2\",\"d\":\"\\\"q\\\"\"},\"execute\":\"x\"}" },
    { { "x", "a.b.c=1", "a.b.d=x=y" }, "{\"arguments\":{\"a\":{\"b\":{\"c\":1,\"d\":\"x=y\"}}},\"execute\":\"x\"}" },
    { { "x", "a:=[1,{}]", "b:=\"5\"" }, "{\"arguments\":{\"a\":[1,{}],\"b\":\"5\"},\"execute\":\"x\"}" },
    { { "x", "{\"a\": 1}" }, "{\"arguments\":{\"a\":1},\"execute\":\"x\"}" },
    { { "{\"execute\": \"x\", \"id\": 3}" }, "{\"execute\":\"x\",\"id\":3}" },
    { { "x", "novalue" }, NULL },
    { { "x", "=1" }, NULL },
    { { "x", "a=1", "a=2" }, NULL },
    { { "x", "a=1", "a.b=2" }, NULL },
    { { "x", "a.=1" }, NULL },
    { { "x", ".a=1", ".=2" }, NULL },
    { { "x", "a:=" }, NULL },
    { { "x", "a:=1,2" }, NULL },
    { { "x", "a:=1] [2" }, NULL },
    { { "x", "a=\xff" }, NULL },
    { { "\xff" }, NULL },
    { { "{\"return\": 1}" }, NULL },
    { { "{\"execute\": \"x\"}", "a=1" }, NULL },
};

START_TEST(words_become_a_typed_command)
{
    const struct word_case *c = &word_cases[_i];
    int n = 0;
    while (n < 6 && c->words[n])
        n++;
    autojson json_t *j = qmp_words((char *const *)(uintptr_t)c->words, n, &e);
    autofree char *text = j ? json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (c->json)
        ck_assert_pstr_eq(text, c->json);
    else
        ck_assert_msg(!j && e.status == ST_USAGE, "taken: %s", text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("qmp");
    TCase *t = tcase_create("client");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, a_misbehaving_peer_gives_a_clear_error, 0, sizeof bad_cases / sizeof *bad_cases);
    tcase_add_loop_test(t, an_odd_but_right_answer_is_understood, 0, sizeof good_cases / sizeof *good_cases);
    tcase_add_test(t, a_broken_connection_fails_at_once_afterwards);
    tcase_add_test(t, a_peer_that_never_reads_makes_a_long_command_time_out);
    tcase_add_test(t, an_answer_that_comes_too_late_is_not_taken_for_the_next);
    tcase_add_test(t, posted_commands_are_collected_in_order);
    tcase_add_test(t, a_descriptor_goes_with_the_command);
    tcase_add_test(t, an_exchange_gives_back_the_users_id_and_errors);
    tcase_add_test(t, listening_ends_when_the_callback_has_enough);
    tcase_add_test(t, a_socket_path_may_be_longer_than_an_address);
    tcase_add_test(t, integers_beyond_64_bits_become_reals);
    tcase_add_loop_test(t, words_become_a_typed_command, 0, sizeof word_cases / sizeof *word_cases);
    suite_add_tcase(s, t);
    return run_suite(s);
}
