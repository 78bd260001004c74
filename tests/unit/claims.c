/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users of objects, and what a file remembers of itself while they have it. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guard/memory.h"
#include "store/claim.h"
#include "suite.h"

static char dir[] = "/tmp/claims.XXXXXX";
static int at, one, two, file;
static struct err e;

static void setup(void)
{
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    one = claim_objects(at, &e);
    two = claim_objects(at, &e);
    file = openat(at, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert(one >= 0 && two >= 0 && file >= 0);
}

static void teardown(void)
{
    unlinkat(at, "file", 0);
    unlinkat(at, "objects", 0);
    rmdir(dir);
    close(one);
    close(two);
    close(file);
    close(at);
}

static struct identity object(unsigned long long ino)
{
    return (struct identity){ true, 2049, ino, 0 };
}

START_TEST(users_of_one_object_are_counted_by_descriptors)
{
    struct identity x = object(7), y = object(8);
    bool busy;
    ck_assert(claim_object_use(one, &x, now_ms(), &e));
    ck_assert(!claim_object_used(one, &x));
    ck_assert(claim_object_used(two, &x));
    ck_assert(claim_object_use(two, &x, now_ms(), &e));
    ck_assert(!claim_object_alone(two, &x, now_ms() + 1000, &busy, &e) && busy);
    ck_assert(claim_object_alone(two, &y, now_ms(), &busy, &e));
    claim_object_leave(one, &x);
    ck_assert(claim_object_alone(two, &x, now_ms() + 1000, &busy, &e));
    ck_assert(!claim_object_use(one, &x, now_ms(), &e));
    ck_assert_int_eq(e.status, ST_BUSY);
}
END_TEST

/* Of two who take an object back at once each must see what the other has done. */
START_TEST(one_who_has_an_object_alone_is_waited_for)
{
    struct identity x = object(9);
    bool busy;
    int ready[2];
    char c;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        bool ok = claim_object_alone(one, &x, now_ms(), &busy, &e);
        close(two);
        if (write(ready[1], "r", 1) != 1 || !ok)
            _exit(1);
        usleep(50000);
        claim_object_leave(one, &x);
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    ck_assert(!claim_object_alone(two, &x, now_ms(), &busy, &e) && busy);
    ck_assert(claim_object_alone(two, &x, now_ms() + 20000, &busy, &e));
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(a_guest_is_awaited_by_the_descriptor_that_counts_its_uses)
{
    struct identity web = claim_object_guest("/state", "web"), db = claim_object_guest("/state", "db"), x = object(7);
    bool busy;
    ck_assert(claim_object_use(one, &web, now_ms(), &e) && claim_object_use(one, &x, now_ms(), &e));
    ck_assert(claim_objects_left(at, &db, now_ms(), &busy, &e));
    ck_assert(!claim_objects_left(at, &web, now_ms(), &busy, &e) && busy);
    ck_assert_int_eq(e.status, ST_BUSY);
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        _exit(0);
    }
    close(one);
    ck_assert(claim_objects_left(at, &web, now_ms() + 20000, &busy, &e));
    ck_assert(!claim_object_used(two, &x));
    waitpid(child, NULL, 0);
    one = claim_objects(at, &e);
}
END_TEST

START_TEST(a_single_port_of_one_who_is_dying_is_waited_for)
{
    int port, claimed = claim_port(at, "127.0.0.1", 5987, 5987, &port, &e);
    ck_assert_int_ge(claimed, 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        _exit(0);
    }
    close(claimed);
    claimed = claim_port(at, "127.0.0.1", 5987, 5987, &port, &e);
    ck_assert_int_ge(claimed, 0);
    ck_assert_int_eq(port, 5987);
    claim_drop(at, "port-5987", claimed);
    waitpid(child, NULL, 0);
}
END_TEST

START_TEST(a_thousand_objects_are_one_descriptor)
{
    for (unsigned long long i = 0; i < 1000; i++) {
        struct identity x = object(i);
        ck_assert(claim_object_use(one, &x, now_ms(), &e));
    }
    for (unsigned long long i = 0; i < 2000; i++) {
        struct identity x = object(i);
        ck_assert(claim_object_used(two, &x) == (i < 1000));
    }
    close(one);
    one = claim_objects(at, &e);
    struct identity x = object(5);
    ck_assert(!claim_object_used(two, &x));
}
END_TEST

START_TEST(one_at_a_time_changes_an_object_that_several_use)
{
    struct identity x = object(7);
    ck_assert(claim_object_use(one, &x, now_ms(), &e) && claim_object_use(two, &x, now_ms(), &e));
    ck_assert(claim_object_begin(one, &x, now_ms(), &e));
    ck_assert(!claim_object_begin(two, &x, now_ms(), &e));
    claim_object_done(one, &x);
    ck_assert(claim_object_begin(two, &x, now_ms(), &e));
}
END_TEST

START_TEST(sweeping_leaves_the_file_of_objects)
{
    struct identity x = object(7);
    ck_assert(claim_sweep(at, &e));
    ck_assert_int_eq(faccessat(at, "objects", F_OK, 0), 0);
    ck_assert(claim_object_use(one, &x, now_ms(), &e));
    ck_assert(claim_object_used(two, &x));
}
END_TEST

static bool able(void)
{
    return fsetxattr(file, "trusted.vmutils.test", "1", 1, 0) == 0 && fremovexattr(file, "trusted.vmutils.test") == 0;
}

static size_t attributes(void)
{
    char list[1024];
    ssize_t n = flistxattr(file, list, sizeof list);
    size_t found = 0;
    for (ssize_t i = 0; i < n; i += (ssize_t)strlen(list + i) + 1)
        found += strncmp(list + i, "trusted.", 8) == 0;
    return found;
}

static void count(const char *text)
{
    ck_assert_int_eq(fsetxattr(file, "trusted.libvirt.security.ref_dac", text, strlen(text), 0), 0);
}

static struct memory now(void)
{
    struct memory m;
    memory_look(file, "dac", &m);
    return m;
}

START_TEST(our_one_comes_and_goes)
{
    if (!able())
        return;
    ck_assert(memory_join(file, "dac", "+1:+2"));
    ck_assert(memory_join(file, "dac", "+3:+4"));
    ck_assert(now().ours);
    ck_assert_uint_eq(now().others, 0);
    ck_assert_str_eq(now().first, "+1:+2");
    ck_assert(memory_leave(file, "dac"));
    ck_assert(memory_leave(file, "dac"));
    ck_assert_uint_eq(attributes(), 0);
}
END_TEST

START_TEST(libvirts_guests_are_others)
{
    if (!able())
        return;
    struct remembered r = { .count = 2, .first = "+5:+6" };
    ck_assert(remember_set(file, "dac", &r));
    ck_assert_uint_eq(now().others, 2);
    ck_assert(memory_join(file, "dac", "+1:+2"));
    ck_assert(now().ours);
    ck_assert_uint_eq(now().others, 2);
    ck_assert_str_eq(now().first, "+5:+6");
    count("2"); /* one of libvirt's has ended */
    ck_assert_uint_eq(now().others, 1);
    ck_assert(memory_leave(file, "dac"));
    ck_assert(remember_get(file, "dac", &r) && r.valid);
    ck_assert_uint_eq(r.count, 1);
    ck_assert_uint_eq(attributes(), 3);
}
END_TEST

START_TEST(libvirt_that_began_anew_is_told_the_first_owner)
{
    if (!able())
        return;
    ck_assert(memory_join(file, "dac", "+1:+2"));
    struct remembered r = { .count = 1, .first = "+7:+8" };
    ck_assert(remember_set(file, "dac", &r));
    ck_assert(now().ours);
    ck_assert_uint_eq(now().others, 1);
    ck_assert_str_eq(now().first, "+1:+2");
    ck_assert(memory_leave(file, "dac"));
    ck_assert(remember_get(file, "dac", &r) && r.valid);
    ck_assert_uint_eq(r.count, 1);
    ck_assert_str_eq(r.first, "+1:+2");
    ck_assert_uint_eq(attributes(), 3);
}
END_TEST

START_TEST(libvirt_that_forgot_all_does_no_harm)
{
    if (!able())
        return;
    ck_assert(memory_join(file, "dac", "+1:+2"));
    ck_assert(remember_set(file, "dac", &(struct remembered){ 0 }));
    ck_assert(now().ours);
    ck_assert_str_eq(now().first, "+1:+2");
    ck_assert(memory_join(file, "dac", "+7:+8"));
    ck_assert_str_eq(now().first, "+1:+2");
    ck_assert(memory_leave(file, "dac"));
    ck_assert_uint_eq(attributes(), 0);
}
END_TEST

START_TEST(what_another_boot_left_is_void_and_cleared)
{
    if (!able())
        return;
    struct remembered r = { .count = 1, .first = "+5:+6", .boot = 1000 };
    ck_assert(remember_set(file, "dac", &r));
    ck_assert_uint_eq(now().others, 0);
    ck_assert(memory_join(file, "dac", "+1:+2"));
    ck_assert_str_eq(now().first, "+1:+2");
    ck_assert(memory_leave(file, "dac"));
    ck_assert_uint_eq(attributes(), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("claims");
    TCase *t = tcase_create("claims");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, users_of_one_object_are_counted_by_descriptors);
    tcase_add_test(t, one_who_has_an_object_alone_is_waited_for);
    tcase_add_test(t, a_guest_is_awaited_by_the_descriptor_that_counts_its_uses);
    tcase_add_test(t, a_single_port_of_one_who_is_dying_is_waited_for);
    tcase_add_test(t, a_thousand_objects_are_one_descriptor);
    tcase_add_test(t, one_at_a_time_changes_an_object_that_several_use);
    tcase_add_test(t, sweeping_leaves_the_file_of_objects);
    tcase_add_test(t, our_one_comes_and_goes);
    tcase_add_test(t, libvirts_guests_are_others);
    tcase_add_test(t, libvirt_that_began_anew_is_told_the_first_owner);
    tcase_add_test(t, libvirt_that_forgot_all_does_no_harm);
    tcase_add_test(t, what_another_boot_left_is_void_and_cleared);
    suite_add_tcase(s, t);
    return run_suite(s);
}
