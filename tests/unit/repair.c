/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/sock.h"
#include "run/repairer.h"
#include "store/guest.h"
#include "store/lock.h"
#include "suite.h"

/* What serves orders to repair, asked by someone who may be lying. */

static char base[64], uri[128];
static struct arena *arena;
static struct root root;
static struct err e;
static int server;
static pid_t child;

static void setup(void)
{
    int pair[2];
    strcpy(base, "/tmp/vmutils-repair-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(uri, sizeof uri, "qemu:///embed?root=%s", base);
    setenv("XDG_RUNTIME_DIR", base, 1);
    arena = arena_new();
    ck_assert(root_init(&root, arena, uri, &e));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (!child) {
        close(pair[0]);
        repairer_serve(&root, pair[1]);
        _exit(0);
    }
    close(pair[1]);
    server = pair[0];
}

static void teardown(void)
{
    char command[200];
    int status;
    close(server);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    snprintf(command, sizeof command, "rm -rf %s", base);
    ck_assert_int_eq(system(command), 0);
    arena_free(arena);
}

static int lock_of(const char *name)
{
    int dir;
    autoclose int state = root_open(&root, ROOT_STATE, true, &e);
    int lock = guest_lock(state, name, now_ms(), "test", &dir, &e);
    ck_assert_msg(lock >= 0, "%s", e.text);
    close(dir);
    return lock;
}

static bool order(const char *name, int lock)
{
    struct repair_order o = { .why = "destroyed" };
    struct repair_said said = { 0 };
    memcpy(o.name, name, strlen(name));
    ck_assert_int_eq(send_with_fd(server, &o, sizeof o, lock), sizeof o);
    ck_assert_int_eq(recv(server, &said, sizeof said, 0), sizeof said);
    ck_assert(said.last);
    e = said.err;
    return said.ok;
}

START_TEST(who_has_the_lock_is_served)
{
    autoclose int lock = lock_of("web");
    ck_assert_msg(order("web", lock), "%s", e.text);
    ck_assert_msg(order("web", lock), "again: %s", e.text);
    /* It is still the caller's. */
    autoclose int state = root_open(&root, ROOT_STATE, true, &e);
    ck_assert_int_eq(lock_held(state, "web/lock", LOCK_EXCLUSIVE), 1);
}
END_TEST

START_TEST(a_lock_that_another_has_does_not_serve)
{
    char path[200];
    autoclose int lock = lock_of("web");
    ck_assert_int_ge(lock, 0);
    snprintf(path, sizeof path, "%s/web/lock", root.dir[ROOT_STATE]);
    autoclose int other = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(other, 0);
    ck_assert(!order("web", other));
    ck_assert_int_eq(e.status, ST_BUSY);
    ck_assert_ptr_nonnull(strstr(e.text, "does not hold its lock"));
}
END_TEST

START_TEST(the_lock_of_another_guest_does_not_serve)
{
    autoclose int lock = lock_of("web"), other = lock_of("db");
    ck_assert_int_ge(lock, 0);
    ck_assert(!order("web", other));
    ck_assert_int_eq(e.status, ST_BUSY);
    ck_assert(!order("web", -1));
    ck_assert_int_eq(e.status, ST_BUSY);
}
END_TEST

START_TEST(names_that_are_none_are_refused)
{
    autoclose int lock = lock_of("web");
    ck_assert(!order("../web", lock));
    ck_assert(!order("", lock));
    struct repair_order o;
    memset(&o, 'x', sizeof o);
    struct repair_said said = { 0 };
    ck_assert_int_eq(send_with_fd(server, &o, sizeof o, lock), sizeof o);
    ck_assert_int_eq(recv(server, &said, sizeof said, 0), sizeof said);
    ck_assert(!said.ok);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("repair");
    TCase *t = tcase_create("repair");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, who_has_the_lock_is_served);
    tcase_add_test(t, a_lock_that_another_has_does_not_serve);
    tcase_add_test(t, the_lock_of_another_guest_does_not_serve);
    tcase_add_test(t, names_that_are_none_are_refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
