/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/claim.h"
#include "run/reaper.h"
#include "run/rows.h"
#include "store/journal.h"
#include "suite.h"

/* The journal as a file, its rows, and claims. */

static char base[64];
static int dir;
static struct arena *arena;
static struct err e;
static struct notes notes;

static void setup(void)
{
    snprintf(base, sizeof base, "/tmp/vmutils-journal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    dir = dir_open_at(AT_FDCWD, base);
    arena = arena_new();
    notes = (struct notes){ .arena = arena };
}

static void teardown(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", base);
    ck_assert_int_eq(system(command), 0);
    close(dir);
    arena_free(arena);
}

static struct journal example(void)
{
    struct journal j = { .arena = arena, .guest = "web", .machine = "m", .boot = "b" };
    ck_assert(journal_new_id(&j, &e));
    journal_add(&j, &(struct row){ .kind = "owner", .object = "/a/\xff" "b", .id = { true, 1, 2, 3 }, .before = "1:2",
                                   .wanted = "3:4", .why = "disk \"vda\"" });
    journal_add(&j, &(struct row){ .kind = "dir", .object = "/c", .before = "absent", .wanted = "0:0", .why = "sockets" });
    return j;
}

static struct journal reread(int fd)
{
    struct journal j = { .arena = arena };
    ck_assert_msg(journal_read(fd, &j, &e), "%s", e.text);
    return j;
}

START_TEST(what_is_written_is_read_whatever_bytes_a_path_has)
{
    struct journal j = example();
    autoclose int fd = journal_write(dir, &j, &e);
    ck_assert(journal_append_proc(fd, "reaper", (struct proc_id){ 7, 70 }, &e));
    ck_assert(journal_append_proc(fd, "qemu", (struct proc_id){ 8, 80 }, &e));
    struct journal k = reread(fd);
    ck_assert(k.complete && !k.undone);
    ck_assert_str_eq(k.start, j.start);
    ck_assert_uint_eq(k.rows.n, 2);
    ck_assert_str_eq(k.rows.v[0]->object, "/a/\xff" "b");
    ck_assert_int_eq(k.rows.v[0]->id.birth, 3);
    ck_assert_str_eq(k.rows.v[1]->why, "sockets");
    ck_assert_int_eq(k.qemu.pid, 8);
    ck_assert_uint_eq(k.reaper.start, 70);
}
END_TEST

START_TEST(a_journal_cut_anywhere_is_incomplete_or_whole_but_never_an_error)
{
    struct journal j = example();
    autoclose int fd = journal_write(dir, &j, &e);
    struct stat st;
    fstat(fd, &st);
    for (off_t n = st.st_size; n-- > 0;) {
        ck_assert_int_eq(ftruncate(fd, n), 0);
        struct journal k = reread(fd);
        ck_assert_msg(!k.complete, "of %ld bytes %ld are enough", (long)st.st_size, (long)n);
    }
}
END_TEST

START_TEST(a_torn_last_line_does_not_hide_the_journal)
{
    struct journal j = example();
    autoclose int fd = journal_write(dir, &j, &e);
    ck_assert_int_eq(write(fd, "{\"qemu\":{\"pid\":1", 16), 16);
    struct journal k = reread(fd);
    ck_assert(k.complete);
    ck_assert_int_eq(k.qemu.pid, 0);
}
END_TEST

START_TEST(a_format_of_the_future_is_refused)
{
    autoclose int fd = openat(dir, "journal", O_RDWR | O_CREAT, 0600);
    static const char text[] = "{\"vmutils-journal\":2,\"rows\":0,\"start\":\"x\",\"machine\":\"m\",\"boot\":\"b\"}\n";
    ck_assert_int_eq(write_all(fd, text, sizeof text - 1), 0);
    struct journal k = { .arena = arena };
    ck_assert(!journal_read(fd, &k, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "format 2"));
}
END_TEST

START_TEST(who_holds_it_open_sees_that_it_was_undone)
{
    struct journal j = example();
    autoclose int fd = journal_write(dir, &j, &e);
    autoclose int other = journal_open(dir);
    ck_assert(journal_remove(dir, fd, &e));
    ck_assert_int_eq(journal_open(dir), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert(reread(other).undone);
}
END_TEST

START_TEST(the_journal_of_a_later_start_is_not_removed)
{
    struct journal j = example(), later = example();
    autoclose int fd = journal_write(dir, &j, &e);
    ck_assert(journal_remove(dir, fd, &e));
    autoclose int second = journal_write(dir, &later, &e);
    ck_assert_int_ge(second, 0);
    ck_assert(journal_remove(dir, fd, &e));
    autoclose int still = journal_open(dir);
    ck_assert_int_ge(still, 0);
}
END_TEST

START_TEST(links_in_place_of_a_journal_are_refused)
{
    ck_assert_int_eq(symlinkat("/etc/passwd", dir, "journal"), 0);
    ck_assert_int_eq(journal_open(dir), -1);
    ck_assert_int_eq(unlinkat(dir, "journal", 0), 0);
    close(openat(dir, "x", O_RDWR | O_CREAT, 0600));
    ck_assert_int_eq(linkat(dir, "x", dir, "journal", 0), 0);
    ck_assert_int_eq(journal_open(dir), -1);
    ck_assert_int_eq(errno, EPERM);
}
END_TEST

START_TEST(a_private_directory_goes_with_what_is_in_it_and_no_further)
{
    struct journal j = { .arena = arena };
    char path[100], in[120], owner[40];
    struct row_context c = { .claims = dir, .dir = dir, .same_boot = true };
    snprintf(path, sizeof path, "%s/way/domain-web", base);
    snprintf(owner, sizeof owner, "%u:%u", geteuid(), getegid());
    journal_add(&j, &(struct row){ .kind = "dir", .object = path, .before = "absent", .wanted = owner, .why = "test" });
    ck_assert_msg(rows_apply(&j, &c, &e), "%s", e.text);
    ck_assert_int_eq(mkdirat(dir, "precious", 0700), 0);
    snprintf(in, sizeof in, "%s/sub", path);
    ck_assert_int_eq(mkdir(in, 0700), 0);
    snprintf(in, sizeof in, "%s/sub/link", path);
    ck_assert_int_eq(symlink("../../../precious", in), 0);
    ck_assert_msg(rows_undo(&j, &c, &notes, &e), "%s", e.text);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_int_eq(faccessat(dir, "precious", F_OK, 0), 0);
    ck_assert_msg(rows_undo(&j, &c, &notes, &e), "a second time: %s", e.text);
}
END_TEST

START_TEST(a_row_of_a_kind_that_is_not_known_keeps_the_journal)
{
    struct journal j = { .arena = arena };
    struct row_context c = { .claims = dir, .dir = dir, .same_boot = true };
    journal_add(&j, &(struct row){ .kind = "spell", .object = "/x", .before = "a", .wanted = "b", .why = "c" });
    ck_assert(!rows_undo(&j, &c, &notes, &e));
    ck_assert_int_eq(e.status, ST_FAILED);
    ck_assert_ptr_nonnull(strstr(e.text, "spell"));
}
END_TEST

START_TEST(a_claim_is_had_by_one_or_shared_by_several)
{
    bool busy;
    int one = claim_take(dir, "port-1", false, now_ms(), &busy, &e);
    ck_assert_int_ge(one, 0);
    ck_assert_int_eq(claim_take(dir, "port-1", true, now_ms(), &busy, &e), -1);
    ck_assert(busy);
    claim_drop(dir, "port-1", one);
    ck_assert_int_eq(faccessat(dir, "port-1", F_OK, 0), -1);
    int a = claim_take(dir, "disk", true, now_ms(), &busy, &e), b = claim_take(dir, "disk", true, now_ms(), &busy, &e);
    ck_assert(a >= 0 && b >= 0);
    claim_drop(dir, "disk", a);
    ck_assert_int_eq(claim_take(dir, "disk", false, now_ms(), &busy, &e), -1);
    claim_drop(dir, "disk", b);
}
END_TEST

START_TEST(claims_that_nobody_has_are_swept)
{
    bool busy;
    int alone = claim_take(dir, "port-1", false, now_ms(), &busy, &e);
    int shared = claim_take(dir, "disk", true, now_ms(), &busy, &e);
    close(claim_take(dir, "port-2", false, now_ms(), &busy, &e)); /* as death would do */
    ck_assert_int_eq(symlinkat("/etc/passwd", dir, "link"), 0);
    ck_assert_int_eq(mkdirat(dir, "directory", 0700), 0);
    ck_assert(claim_sweep(dir, &e));
    ck_assert_int_eq(faccessat(dir, "port-2", F_OK, 0), -1);
    ck_assert_int_eq(faccessat(dir, "port-1", F_OK, 0), 0);
    ck_assert_int_eq(faccessat(dir, "disk", F_OK, 0), 0);
    ck_assert_int_eq(faccessat(dir, "link", F_OK, 0), 0);
    ck_assert_int_eq(faccessat(dir, "directory", F_OK, 0), 0);
    ck_assert_int_eq(claim_take(dir, "port-1", false, now_ms(), &busy, &e), -1);
    claim_drop(dir, "port-1", alone);
    claim_drop(dir, "disk", shared);
}
END_TEST

/* Would it be, a guest's own claim would seem held, and a disk seem to have another user. */
START_TEST(who_sweeps_is_not_taken_for_the_holder_of_a_claim)
{
    bool busy;
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    pid_t sweeper = fork();
    if (sweeper == 0) {
        struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = openat(dir, "guest", O_RDWR | O_CREAT, 0600);
        if (fd < 0 || fcntl(fd, F_SETLK, &whole) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        usleep(20000);
        unlinkat(dir, "guest", 0);
        _exit(0);
    }
    char c;
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    int fd = claim_take(dir, "guest", false, now_ms(), &busy, &e);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(faccessat(dir, "guest", F_OK, 0), 0);
    claim_drop(dir, "guest", fd);
    ck_assert_int_eq(waitpid(sweeper, NULL, 0), sweeper);
}
END_TEST

START_TEST(keys_of_a_line_are_found_at_its_outermost_level_only)
{
    static const struct { const char *line; bool found; } rows[] = {
        { "{\"event\": \"STOP\"}", true },
        { "{\"timestamp\": {\"event\": 1}, \"x\": \"event\"}", false },
        { "{\"a\": [\"event\"], \"event\":1}", true },
        { "{\"a\": \"\\\"event\\\": \"}", false },
        { "{\"event", false },
        { "{\"event\"", false },
        { "{\"a\\", false },
        { "", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* A copy without a byte behind it, for sanitizers to see. */
        size_t n = strlen(rows[i].line);
        autofree char *line = malloc(n ? n : 1);
        memcpy(line, rows[i].line, n);
        ck_assert_msg(json_top_key(line, n, "event") == rows[i].found, "%s", rows[i].line);
    }
}
END_TEST

START_TEST(the_value_of_a_key_is_that_text_and_no_other)
{
    static const struct { const char *line; bool same; } rows[] = {
        { "{\"event\": \"STOP\"}", true },
        { "{\"event\":\"STOP\", \"data\": {}}", true },
        { "{\"event\": \"STOPPED\"}", false },
        { "{\"event\": \"STO\"}", false },
        { "{\"data\": {\"event\": \"STOP\"}}", false },
        { "{\"event\": STOP}", false },
        { "{\"event\": \"STOP", false },
        { "{\"event\":", false },
        { "{\"event\": ", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].line);
        autofree char *line = malloc(n);
        memcpy(line, rows[i].line, n);
        ck_assert_msg(json_top_text(line, n, "event", "STOP") == rows[i].same, "%s", rows[i].line);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("journal");
    TCase *t = tcase_create("journal");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_written_is_read_whatever_bytes_a_path_has);
    tcase_add_test(t, a_journal_cut_anywhere_is_incomplete_or_whole_but_never_an_error);
    tcase_add_test(t, a_torn_last_line_does_not_hide_the_journal);
    tcase_add_test(t, a_format_of_the_future_is_refused);
    tcase_add_test(t, who_holds_it_open_sees_that_it_was_undone);
    tcase_add_test(t, the_journal_of_a_later_start_is_not_removed);
    tcase_add_test(t, links_in_place_of_a_journal_are_refused);
    tcase_add_test(t, a_private_directory_goes_with_what_is_in_it_and_no_further);
    tcase_add_test(t, a_row_of_a_kind_that_is_not_known_keeps_the_journal);
    tcase_add_test(t, a_claim_is_had_by_one_or_shared_by_several);
    tcase_add_test(t, claims_that_nobody_has_are_swept);
    tcase_add_test(t, who_sweeps_is_not_taken_for_the_holder_of_a_claim);
    tcase_add_test(t, the_value_of_a_key_is_that_text_and_no_other);
    tcase_add_test(t, keys_of_a_line_are_found_at_its_outermost_level_only);
    suite_add_tcase(s, t);
    return run_suite(s);
}
