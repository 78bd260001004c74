/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcore/base: strings, lists, tables, files. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_pull.h"
#include "base/table.h"
#include "base/uuid.h"
#include "suite.h"

START_TEST(numbers_are_whole_strings)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } rows[] = {
        { "0", true, 0 }, { "18446744073709551615", true, UINT64_MAX }, { "0x1F", true, 31 }, { "007", true, 7 },
        { "", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 }, { "-1", false, 0 }, { "+1", false, 0 },
        { "0x", false, 0 }, { "1k", false, 0 }, { "18446744073709551616", false, 0 },
    };
    uint64_t v = 0;
    ck_assert_int_eq(parse_u64(rows[_i].text, &v), rows[_i].ok);
    if (rows[_i].ok)
        ck_assert_uint_eq(v, rows[_i].value);
}
END_TEST

START_TEST(signed_numbers_reach_both_ends)
{
    int64_t v;
    ck_assert(parse_i64("-9223372036854775808", &v) && v == INT64_MIN);
    ck_assert(parse_i64("9223372036854775807", &v) && v == INT64_MAX);
    ck_assert(!parse_i64("9223372036854775808", &v));
    ck_assert(!parse_i64("--1", &v));
}
END_TEST

START_TEST(text_for_terminals_has_no_controls)
{
    static const char *const rows[][2] = {
        { "plain \xc3\xa9", "plain \xc3\xa9" }, { "a\033[31m", "a\\x1b[31m" }, { "a\nb", "a\\x0ab" },
        { "\xff", "\\xff" }, { "\xc2\x9b", "\\xc2\\x9b" }, { "\xe2\x80\xae", "\\xe2\\x80\\xae" },
    };
    autostr struct str s = STR_INIT;
    str_add_shown(&s, rows[_i][0]);
    ck_assert_str_eq(str_text(&s), rows[_i][1]);
}
END_TEST

START_TEST(shell_words_come_back_whole)
{
    static const char *const rows[][2] = {
        { "plain-1.0/x=y", "plain-1.0/x=y" }, { "", "''" }, { "a b", "'a b'" }, { "it's", "'it'\\''s'" }, { "$(x)", "'$(x)'" },
    };
    autostr struct str s = STR_INIT;
    str_add_shell(&s, rows[_i][0]);
    ck_assert_str_eq(str_text(&s), rows[_i][1]);
}
END_TEST

START_TEST(lists_keep_order_while_they_grow)
{
    autoarena struct arena *a = arena_new();
    LIST(const char) l = { 0 };
    for (int i = 0; i < 100; i++)
        list_add(a, &l, arena_printf(a, "%d", i));
    list_insert(a, &l, 50, (const char *)"here");
    ck_assert_uint_eq(l.n, 101);
    ck_assert_str_eq(l.v[49], "49");
    ck_assert_str_eq(l.v[50], "here");
    ck_assert_str_eq(l.v[100], "99");
}
END_TEST

START_TEST(errors_wrap_from_the_inside_out)
{
    struct err e = { 0 };
    errno = EACCES;
    ck_assert(!err_errno(&e, "cannot open %s", "x"));
    err_wrap(&e, "disk vda");
    ck_assert_int_eq(e.status, ST_PERM);
    ck_assert_str_eq(e.text, "disk vda: cannot open x: Permission denied");
}
END_TEST

START_TEST(error_texts_are_cut_not_overrun)
{
    struct err e = { 0 };
    char big[5000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    err_set(&e, ST_FAILED, "%s", big);
    err_wrap(&e, "%s", big);
    err_add(&e, "%s", big);
    ck_assert_uint_eq(strlen(e.text), sizeof e.text - 1);
}
END_TEST

static const struct column columns[] = {
    { "NAME", "name", COLUMN_TEXT }, { "ID", "id", COLUMN_NUMBER }, { NULL, "on", COLUMN_BOOL },
};

static void fill(struct table *t, struct arena *a)
{
    table_init(t, a, columns, 3);
    table_row(t, (const char *[]){ "web", "1", "yes" });
    table_row(t, (const char *[]){ "a\"\033b", NULL, "no" });
}

START_TEST(tables_line_up_and_hide_columns_without_a_head)
{
    autoarena struct arena *a = arena_new();
    autostr struct str s = STR_INIT;
    struct table t;
    fill(&t, a);
    table_text(&t, &s);
    ck_assert_str_eq(str_text(&s), "NAME     ID\nweb      1\na\"\\x1bb  -\n");
}
END_TEST

START_TEST(tables_are_json_with_types)
{
    autoarena struct arena *a = arena_new();
    autostr struct str s = STR_INIT;
    struct table t;
    fill(&t, a);
    table_json(&t, &s);
    ck_assert_str_eq(str_text(&s), "[\n {\"name\": \"web\", \"id\": 1, \"on\": true},\n"
                                   " {\"name\": \"a\\\"\\u001bb\", \"id\": null, \"on\": false}\n]\n");
}
END_TEST

static char dir[] = "/tmp/base.XXXXXX";

START_TEST(replacing_a_file_leaves_no_temporary)
{
    autoclose int d = dir_open_at(AT_FDCWD, dir);
    autostr struct str s = STR_INIT;
    ck_assert_int_eq(file_replace_at(d, "a.xml", "one", 3, 0600, true), 0);
    ck_assert_int_eq(file_replace_at(d, "a.xml", "two", 3, 0600, true), 0);
    ck_assert_int_eq(file_read_at(d, "a.xml", 100, true, &s), 0);
    ck_assert_str_eq(str_text(&s), "two");
    ck_assert_int_eq(faccessat(d, ".a.xml.new", F_OK, 0), -1);
}
END_TEST

START_TEST(remains_of_a_dead_writer_do_not_survive_inside_the_next_file)
{
    autoclose int d = dir_open_at(AT_FDCWD, dir);
    autoclose int old = openat(d, ".b.new", O_WRONLY | O_CREAT, 0600);
    autostr struct str s = STR_INIT;
    ck_assert_int_eq(write_all(old, "long remains", 12), 0);
    ck_assert_int_eq(file_replace_at(d, "b", "x", 1, 0600, false), 0);
    ck_assert_int_eq(file_read_at(d, "b", 100, true, &s), 0);
    ck_assert_str_eq(str_text(&s), "x");
}
END_TEST

START_TEST(reading_stops_at_the_limit)
{
    autoclose int d = dir_open_at(AT_FDCWD, dir);
    autostr struct str s = STR_INIT;
    ck_assert_int_eq(file_replace_at(d, "c", "12345", 5, 0600, false), 0);
    ck_assert_int_eq(file_read_at(d, "c", 4, true, &s), -1);
    ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(a_fifo_is_no_file_and_does_not_hang)
{
    autoclose int d = dir_open_at(AT_FDCWD, dir);
    autostr struct str s = STR_INIT;
    ck_assert_int_eq(mkfifoat(d, "fifo", 0600), 0);
    ck_assert_int_eq(file_read_at(d, "fifo", 100, true, &s), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(json_text_has_its_escapes_resolved)
{
    static const struct {
        const char *json, *text; /* NULL: it is wrong */
    } rows[] = {
        { "\"plain\"", "plain" },
        { "\"a\\\"b\\\\c\\/d\\n\"", "a\"b\\c/d\n" },
        { "\"\\u00e4\\u20AC\\ud83d\\ude00\"", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
        { "\"\\ud83d \\u0000\"", "? ?" },
        { "\"\\u12\"", NULL },
        { "\"\\x\"", NULL },
    };
    struct arena *a = arena_new();
    struct pull p = pull_start(rows[_i].json, strlen(rows[_i].json));
    const char *text = NULL;
    ck_assert_int_eq(pull_text(&p, a, &text), rows[_i].text != NULL);
    ck_assert_int_eq(p.bad, rows[_i].text == NULL);
    ck_assert_pstr_eq(text, rows[_i].text);
    arena_free(a);
}
END_TEST

START_TEST(uuids_are_random_ones_of_version_4)
{
    char one[37], other[37];
    ck_assert(uuid_new(one) && uuid_new(other));
    ck_assert_str_ne(one, other);
    ck_assert_uint_eq(strspn(one, "0123456789abcdef-"), 36);
    for (int i = 0; i < 36; i++)
        ck_assert_int_eq(one[i] == '-', i == 8 || i == 13 || i == 18 || i == 23);
    ck_assert_int_eq(one[14], '4');
    ck_assert_ptr_nonnull(strchr("89ab", one[19]));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("base");
    TCase *t = tcase_create("base");
    tcase_add_loop_test(t, numbers_are_whole_strings, 0, 12);
    tcase_add_test(t, signed_numbers_reach_both_ends);
    tcase_add_loop_test(t, text_for_terminals_has_no_controls, 0, 6);
    tcase_add_loop_test(t, shell_words_come_back_whole, 0, 5);
    tcase_add_test(t, lists_keep_order_while_they_grow);
    tcase_add_test(t, errors_wrap_from_the_inside_out);
    tcase_add_test(t, error_texts_are_cut_not_overrun);
    tcase_add_test(t, tables_line_up_and_hide_columns_without_a_head);
    tcase_add_test(t, tables_are_json_with_types);
    tcase_add_test(t, replacing_a_file_leaves_no_temporary);
    tcase_add_test(t, remains_of_a_dead_writer_do_not_survive_inside_the_next_file);
    tcase_add_test(t, reading_stops_at_the_limit);
    tcase_add_test(t, a_fifo_is_no_file_and_does_not_hang);
    tcase_add_loop_test(t, json_text_has_its_escapes_resolved, 0, 6);
    tcase_add_test(t, uuids_are_random_ones_of_version_4);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    int failed = run_suite(suite());
    static const char *const left[] = { "a.xml", "b", "c", "fifo" };
    int d = open(dir, O_RDONLY | O_DIRECTORY);
    for (size_t i = 0; i < 4; i++)
        unlinkat(d, left[i], 0);
    close(d);
    rmdir(dir);
    return failed != 0;
}
