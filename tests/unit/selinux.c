/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts, levels and pairs of categories, which need no SELinux in the kernel. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "guard/guard.h"
#include "guard/selinux_context.h"
#include "guard/selinux_level.h"
#include "guard/selinux_row.h"
#include "store/lock.h"
#include "store/standing.h"

static struct arena *a;
static char dir[64];

static void begin(void)
{
    a = arena_new();
    snprintf(dir, sizeof dir, "selinux.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void end(void)
{
    char command[128];
    arena_free(a);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(levels_of_contexts)
{
    ck_assert_str_eq(selinux_level(a, "u:r:t:s0:c1,c2"), "s0:c1,c2");
    ck_assert_str_eq(selinux_level(a, "u:r:t:s0-s0:c0.c1023"), "s0-s0:c0.c1023");
    ck_assert_ptr_null(selinux_level(a, "u:r:t"));
    ck_assert_str_eq(selinux_at_level(a, "u:r:t:s0", "s0:c3,c4"), "u:r:t:s0:c3,c4");
    ck_assert_str_eq(selinux_at_level(a, "u:r:t", "s0:c3,c4"), "u:r:t");
    ck_assert_ptr_null(selinux_at_level(a, "nonsense", "s0"));
    ck_assert_str_eq(selinux_as(a, "system_u:system_r:t:s0", "me_u:me_r:x:s0", false), "me_u:system_r:t:s0");
    ck_assert_str_eq(selinux_as(a, "system_u:system_r:t:s0", "me_u:me_r:x:s0", true), "me_u:me_r:t:s0");
}
END_TEST

static const struct {
    const char *range;
    int n; /* -1: not understood */
    unsigned first, last;
} ranges[] = {
    { "s0-s0:c0.c1023", 1024, 0, 1023 },
    { "s0:c5", 1, 5, 5 },
    { "s0-s15:c2,c4.c6,c9", 5, 2, 9 },
    { "s0:c1-s0:c1.c3", 3, 1, 3 },
    { "s0", 0, 0, 0 },
    { "s0-s0", 0, 0, 0 },
    { "s0:c1.", -1, 0, 0 },
    { "s0:c4096", -1, 0, 0 },
    { "s0:cats", -1, 0, 0 },
};

START_TEST(categories_of_ranges)
{
    struct selinux_categories c;
    bool ok = selinux_categories(ranges[_i].range, &c);
    ck_assert_int_eq(ok, ranges[_i].n >= 0);
    if (ranges[_i].n <= 0)
        return;
    ck_assert_uint_eq(c.n, (unsigned)ranges[_i].n);
    ck_assert_uint_eq(c.v[0], ranges[_i].first);
    ck_assert_uint_eq(c.v[c.n - 1], ranges[_i].last);
}
END_TEST

START_TEST(pairs_are_all_there_are_and_each_once)
{
    struct selinux_categories c;
    bool seen[64][64] = { { false } };
    ck_assert(selinux_categories("s0-s0:c3.c8,c20,c40.c63", &c));
    unsigned pairs = c.n * (c.n - 1) / 2;
    for (unsigned i = 0; i < pairs; i++) {
        unsigned pair[2];
        selinux_pair(&c, i, pair);
        ck_assert_uint_lt(pair[0], pair[1]);
        ck_assert_uint_lt(pair[1], 64);
        ck_assert(!seen[pair[0]][pair[1]]);
        seen[pair[0]][pair[1]] = true;
    }
}
END_TEST

static struct guard guard_of(struct root *r, struct notes *n)
{
    struct err e;
    char path[128];
    ck_assert(root_init(r, a, arena_printf(a, "qemu:///embed?root=%s/%s", getcwd(path, sizeof path), dir), &e));
    snprintf(path, sizeof path, "%s/claims", dir);
    mkdir(path, 0700);
    return (struct guard){ .arena = a, .name = "web", .root = r, .notes = n, .claims = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
}

START_TEST(every_pair_is_drawn_once_and_then_none_is_left)
{
    struct root r;
    struct notes n = { .arena = a };
    struct err e = { 0 };
    struct guard g = guard_of(&r, &n);
    const char *seen[6], *level;
    for (int i = 0; i < 6; i++) {
        ck_assert(selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5,c7", &seen[i], &e));
        ck_assert(str_starts(seen[i], "s0:c"));
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(seen[i], seen[k]);
    }
    ck_assert_uint_eq(g.n_held, 6);
    ck_assert(!selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5,c7", &level, &e));
    ck_assert_int_eq(e.status, ST_BUSY);
    close(g.held[2]);
    ck_assert(selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5,c7", &level, &e));
    ck_assert_str_eq(level, seen[2]);
}
END_TEST

enum { STARTS = 8, EACH = 63 };

static void draw_and_hold(int out, int held)
{
    struct root r;
    struct notes n = { .arena = a };
    struct err e = { 0 };
    char c;
    for (int i = 0; i < EACH; i++) {
        struct guard g = guard_of(&r, &n);
        const char *level;
        if (!selinux_draw_level(&g, "s0", "s0-s0:c100.c199", &level, &e) || dprintf(out, "%s\n", level) < 0)
            _exit(1);
    }
    close(out);
    _exit(read(held, &c, 1) < 0);
}

START_TEST(starts_at_the_same_time_draw_different_pairs_of_the_range)
{
    int out[2], held[2];
    bool seen[100][100] = { { false } };
    unsigned low, high;
    int lines = 0;
    ck_assert(pipe(out) == 0 && pipe(held) == 0);
    for (int i = 0; i < STARTS; i++)
        if (fork() == 0) {
            close(held[1]);
            draw_and_hold(out[1], held[0]);
        }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    while (fscanf(f, "s0:c%u,c%u\n", &low, &high) == 2) {
        ck_assert(low >= 100 && low < high && high < 200);
        ck_assert(!seen[low - 100][high - 100]);
        seen[low - 100][high - 100] = true;
        lines++;
    }
    ck_assert_int_eq(lines, STARTS * EACH);
    fclose(f);
    close(held[1]);
    for (int i = 0, status; i < STARTS; i++) {
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

START_TEST(levels_of_guests_without_a_claim_are_left_alone)
{
    struct root r;
    struct notes n = { .arena = a };
    struct err e = { 0 };
    struct guard g = guard_of(&r, &n);
    char path[256];
    const char *level;
    ck_assert_int_eq(system(arena_printf(a, "mkdir -p '%s'", r.dir[ROOT_RUN])), 0);
    snprintf(path, sizeof path, "%s/theirs.xml", r.dir[ROOT_RUN]);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs("<seclabel><label>u:r:t:s0:c1,c3</label></seclabel><seclabel><label>u:r:t:s0:c3,c5</label></seclabel>", f);
    fclose(f);
    ck_assert(selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5", &level, &e));
    ck_assert_str_eq(level, "s0:c1,c5");
    ck_assert(!selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5", &level, &e));
}
END_TEST

START_TEST(a_level_that_files_were_given_ahead_of_a_start_is_taken)
{
    struct root r;
    struct notes n = { .arena = a };
    struct err e = { 0 };
    struct guard g = guard_of(&r, &n);
    struct journal j = { .arena = a, .guest = "early", .machine = "m" };
    struct identity id = { true, 1, 2, 3 }, other = { true, 1, 22, 3 };
    const char *level, *early = arena_printf(a, "%s/early", r.dir[ROOT_STATE]);
    ck_assert_int_eq(system(arena_printf(a, "mkdir -p '%s'", early)), 0);
    ck_assert(boot_id(j.boot) && journal_new_id(&j, &e));
    journal_add(&j, &(struct row){ "selinux", "/disk", id, "u:r:t:s0", "u:r:t:s0:c1,c3", "disk vda" });
    int at = open(early, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = journal_write(at, &j, &e);
    ck_assert(fd >= 0 && standing_add(g.claims, r.dir[ROOT_STATE], "early", &e));
    /* Not yet: it is marked when all is done. */
    ck_assert(!standing_uses(g.claims, &id));
    ck_assert(journal_append_applied(fd, &e));
    ck_assert(standing_uses(g.claims, &id) && !standing_uses(g.claims, &other));
    ck_assert(selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5", &level, &e));
    ck_assert_str_ne(level, "s0:c1,c3");
    ck_assert(selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5", &level, &e));
    ck_assert_str_ne(level, "s0:c1,c3");
    ck_assert(!selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5", &level, &e));
    ck_assert(journal_append_restoring(fd, &e));
    ck_assert(!standing_uses(g.claims, &id));
    ck_assert(selinux_draw_level(&g, "s0", "s0-s0:c1,c3,c5", &level, &e));
    ck_assert_str_eq(level, "s0:c1,c3");
    close(fd);
    close(at);
}
END_TEST

START_TEST(without_two_categories_there_is_nothing_to_draw)
{
    struct root r;
    struct notes n = { .arena = a };
    struct err e = { 0 };
    struct guard g = guard_of(&r, &n);
    const char *level;
    ck_assert(selinux_draw_level(&g, "s0", "s0", &level, &e));
    ck_assert_ptr_null(level);
    ck_assert(selinux_draw_level(&g, "s0", "s0:c7", &level, &e));
    ck_assert_ptr_null(level);
    ck_assert_uint_eq(g.n_held, 0);
}
END_TEST

START_TEST(states_of_rows_go_there_and_back)
{
    static const char *const texts[] = { "u:r:t:s0", "bare:u:r:t:s0", "none" };
    for (size_t i = 0; i < 3; i++) {
        struct selinux_state s;
        char text[SELINUX_TEXT + 8];
        selinux_state_read(texts[i], &s);
        ck_assert_int_eq(s.bare, i == 1);
        selinux_state_text(&s, text);
        ck_assert_str_eq(text, texts[i]);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("selinux");
    TCase *t = tcase_create("selinux");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, levels_of_contexts);
    tcase_add_loop_test(t, categories_of_ranges, 0, sizeof ranges / sizeof *ranges);
    tcase_add_test(t, pairs_are_all_there_are_and_each_once);
    tcase_add_test(t, every_pair_is_drawn_once_and_then_none_is_left);
    tcase_add_test(t, starts_at_the_same_time_draw_different_pairs_of_the_range);
    tcase_add_test(t, levels_of_guests_without_a_claim_are_left_alone);
    tcase_add_test(t, a_level_that_files_were_given_ahead_of_a_start_is_taken);
    tcase_add_test(t, without_two_categories_there_is_nothing_to_draw);
    tcase_add_test(t, states_of_rows_go_there_and_back);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
