/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/alive.h"
#include "store/beside.h"
#include "store/defs.h"
#include "store/guest.h"
#include "store/head.h"
#include "store/index.h"
#include "store/list.h"
#include "store/lock.h"
#include "suite.h"

#define UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define UUID2 "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

static struct arena *a;
static struct root root;
static struct err e;
static char tmp[64];
static int etc, state;

static void setup(void)
{
    a = arena_new();
    strcpy(tmp, "/tmp/store.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(tmp));
    ck_assert(root_init(&root, a, arena_printf(a, "qemu:///embed?root=%s", tmp), &e));
    etc = root_open(&root, ROOT_ETC, true, &e);
    state = root_open(&root, ROOT_STATE, true, &e);
    ck_assert_msg(etc >= 0 && state >= 0, "%s", e.text);
}

static void teardown(void)
{
    autostr struct str command = STR_INIT;
    str_addf(&command, "rm -rf %s", tmp);
    ck_assert_int_eq(system(command.p), 0);
    close(etc);
    close(state);
    arena_free(a);
}

static struct def_change change(void)
{
    return (struct def_change){ .etc = etc, .state = state, .lock = DEF_UNLOCKED, .wait_ms = 1000 };
}

static const char *document(const char *name, const char *uuid)
{
    return arena_printf(a, "<domain type='qemu'>\n<name>%s</name>\n<uuid>%s</uuid>\n</domain>\n", name, uuid);
}

static struct def_text definition(const char *name, const char *uuid)
{
    const char *text = document(name, uuid);
    return (struct def_text){ .name = name, .uuid = uuid, .text = text, .n = strlen(text) };
}

static bool define(const char *name, const char *uuid)
{
    struct def_change c = change();
    struct def_text t = definition(name, uuid);
    return defs_write(&c, &t, 1, &e) == 1;
}

static void put(const char *file, const char *text)
{
    ck_assert_int_eq(file_replace_at(etc, file, text, strlen(text), 0600, false), 0);
}

static const struct {
    const char *name;
    bool ok;
} names[] = {
    { "web", true },  { "a b", true },     { "-v", true },    { "web.pid", true }, { "nvram", true },
    { "ü", true },    { "", false },       { ".", false },    { "..", false },     { ".x", false },
    { "a/b", false }, { "a\nb", false },   { "\x7f", false }, { "a\x1b[0m", false },
};

START_TEST(names_are_checked)
{
    ck_assert_int_eq(guest_name_ok(names[_i].name, &e), names[_i].ok);
}
END_TEST

START_TEST(names_have_240_bytes_at_most)
{
    char name[242];
    memset(name, 'x', sizeof name);
    name[241] = '\0';
    ck_assert(!guest_name_ok(name, &e));
    name[240] = '\0';
    ck_assert(guest_name_ok(name, &e));
    ck_assert_msg(define(name, UUID), "%s", e.text);
}
END_TEST

START_TEST(uuids_are_normalised)
{
    char out[37];
    ck_assert(uuid_normal("6BA7B8109DAD11D180B400C04FD430C8", out));
    ck_assert_str_eq(out, UUID);
    ck_assert(uuid_normal(UUID, out));
    ck_assert(!uuid_normal("6ba7b810-9dad-11d1-80b4-00c04fd430c", out));
    ck_assert(!uuid_normal(UUID "0", out));
    ck_assert(!uuid_normal("web", out));
}
END_TEST

START_TEST(head_finds_what_it_wants)
{
    struct head h;
    static const char text[] = "<?xml version='1.0'?>\n<!-- <domain><name>no</name> -->\n"
                               "<domain type=\"kvm\" id='7'><metadata><name>no</name></metadata>\n"
                               "<devices><disk a='>'><title>no</title></disk></devices>"
                               "<name>a&amp;b&#x21;&#33;&lt;</name><title>T</title><uuid>U</uuid></domain>";
    ck_assert(head_scan(&h, a, text, sizeof text - 1));
    ck_assert_str_eq(h.name, "a&b!!<");
    ck_assert_str_eq(h.title, "T");
    ck_assert_str_eq(h.uuid, "U");
    ck_assert_str_eq(h.id, "7");
}
END_TEST

START_TEST(head_reads_the_status_around_a_domain)
{
    struct head h;
    static const char text[] = "<domstatus state='paused' reason='user' start='ab' pid='12'>\n<domain id='3'><name>x</name></domain></domstatus>";
    ck_assert(head_scan(&h, a, text, sizeof text - 1));
    ck_assert_str_eq(h.state, "paused");
    ck_assert_str_eq(h.reason, "user");
    ck_assert_str_eq(h.start, "ab");
    ck_assert_str_eq(h.id, "3");
}
END_TEST

static const char *const broken[] = { "", "x", "<", "<domain", "<!DOCTYPE x><domain/>", "<!-- <domain>", "<network><name>x</name></network>",
                                      "<a='", "</domain>", "<domain a=", "<?" };

START_TEST(head_survives_what_is_no_definition)
{
    struct head h;
    head_scan(&h, a, broken[_i], strlen(broken[_i]));
    ck_assert_ptr_null(h.name);
}
END_TEST

START_TEST(head_survives_every_cut)
{
    static const char text[] = "<?x?><!--c--><domain id='7'><name>a&amp;&#33;</name><x y=\"'>\"/><![CDATA[<]]><uuid>U</uuid></domain>";
    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = malloc(n + 1);
        memcpy(copy, text, n);
        copy[n] = '\0';
        struct head h;
        head_scan(&h, a, copy, n);
        free(copy);
    }
}
END_TEST

START_TEST(what_was_defined_is_read_back)
{
    autostr struct str text = STR_INIT;
    ck_assert_msg(define("web", UUID), "%s", e.text);
    ck_assert_msg(def_read(&root, "web", &text, &e), "%s", e.text);
    ck_assert_str_eq(text.p, document("web", UUID));
    ck_assert_str_eq(uuid_find(etc, state, a, UUID, &e), "web");
    ck_assert_str_eq(guest_find(&root, a, UUID, GUEST_BY_ANY, &e), "web");
}
END_TEST

START_TEST(nothing_but_the_definition_is_left_in_etc)
{
    struct names all;
    ck_assert(define("web", UUID) && define("web", UUID));
    autodir DIR *d = fdopendir(dup(etc));
    for (struct dirent *entry; (entry = readdir(d));)
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            ck_assert_str_eq(entry->d_name, "web.xml");
    ck_assert(defs_list(etc, a, &all, &e));
    ck_assert_uint_eq(all.v.n, 1);
    ck_assert_int_ne(faccessat(state, "web", F_OK, 0), 0);
}
END_TEST

START_TEST(another_uuid_for_the_name_is_refused)
{
    ck_assert(define("web", UUID));
    ck_assert(!define("web", UUID2));
    ck_assert_int_eq(e.status, ST_FAILED);
    ck_assert_ptr_nonnull(strstr(e.text, "already defined with uuid " UUID));
    ck_assert_str_eq(def_uuid(&root, a, "web"), UUID);
}
END_TEST

START_TEST(another_name_for_the_uuid_is_refused)
{
    ck_assert(define("web", UUID));
    ck_assert(!define("db", UUID));
    ck_assert_ptr_nonnull(strstr(e.text, "guest 'web' is already defined"));
    ck_assert(!def_exists(etc, "db"));
}
END_TEST

START_TEST(a_uuid_that_someone_else_put_there_is_seen)
{
    ck_assert(define("web", UUID));
    put("hand.xml", document("hand", UUID2));
    ck_assert(!define("db", UUID2));
    ck_assert_ptr_nonnull(strstr(e.text, "guest 'hand' is already defined"));
    ck_assert_str_eq(guest_find(&root, a, UUID2, GUEST_BY_UUID, &e), "hand");
}
END_TEST

START_TEST(a_link_that_lies_is_not_believed)
{
    ck_assert(define("web", UUID) && define("db", UUID2));
    ck_assert_int_eq(unlinkat(etc, "web.xml", 0), 0);
    ck_assert_msg(define("new", UUID), "%s", e.text);
    ck_assert_str_eq(uuid_find(etc, state, a, UUID, &e), "new");
}
END_TEST

START_TEST(a_removed_guest_frees_its_uuid)
{
    struct def_change c = change();
    ck_assert(define("web", UUID));
    ck_assert_msg(def_remove(&c, "web", false, &e), "%s", e.text);
    ck_assert(!def_exists(etc, "web"));
    ck_assert_msg(define("db", UUID), "%s", e.text);
    ck_assert(!def_remove(&c, "web", false, &e));
    ck_assert_int_eq(e.status, ST_NOENT);
}
END_TEST

START_TEST(a_file_that_defines_another_name_is_an_error_that_names_both)
{
    put("web.xml", document("other", UUID));
    ck_assert(!define("web", UUID2));
    ck_assert_ptr_nonnull(strstr(e.text, "web.xml"));
    ck_assert_ptr_nonnull(strstr(e.text, "'other'"));
    struct def_change c = change();
    ck_assert(!def_remove(&c, "web", false, &e));
    ck_assert(def_exists(etc, "web"));
}
END_TEST

START_TEST(expected_text_is_compared)
{
    struct def_change c = change();
    ck_assert(define("web", UUID));
    struct def_text t = definition("web", UUID);
    t.expect = "something else";
    ck_assert_uint_eq(defs_write(&c, &t, 1, &e), 0);
    ck_assert_int_eq(e.status, ST_STATE);
    t.expect = t.text;
    ck_assert_msg(defs_write(&c, &t, 1, &e) == 1, "%s", e.text);
}
END_TEST

START_TEST(a_guest_with_a_directory_needs_its_lock)
{
    struct def_change c = change();
    ck_assert_int_eq(mkdirat(state, "web", 0700), 0);
    struct def_text t = definition("web", UUID);
    ck_assert_uint_eq(defs_write(&c, &t, 1, &e), 0);
    ck_assert(c.needs_lock);
    c.lock = DEF_LOCKED;
    ck_assert_msg(defs_write(&c, &t, 1, &e) == 1, "%s", e.text);
}
END_TEST

/* What is refused half-way: all before it is stored, nothing after it. */
START_TEST(many_are_stored_up_to_the_first_that_is_refused)
{
    enum { N = DEFS_AT_ONCE + 10, BAD = DEFS_AT_ONCE + 5 };
    struct def_text v[N];
    struct def_change c = change();
    for (int i = 0; i < N; i++)
        v[i] = definition(arena_printf(a, "g%d", i), arena_printf(a, "6ba7b810-9dad-11d1-80b4-%012d", i == BAD ? 3 : i));
    ck_assert_uint_eq(defs_write(&c, v, N, &e), BAD);
    ck_assert_ptr_nonnull(strstr(e.text, "'g3' is already defined"));
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(def_exists(etc, v[i].name), i < BAD);
    v[BAD].uuid = UUID;
    v[BAD].text = document(v[BAD].name, UUID);
    v[BAD].n = strlen(v[BAD].text);
    ck_assert_uint_eq(defs_write(&c, v, N, &e), N);
    ck_assert(v[0].replaced && !v[BAD].replaced);
}
END_TEST

START_TEST(autostart_marks_are_links)
{
    struct names marked;
    char target[64] = "";
    ck_assert(!autostart_set(&root, etc, "web", true, &e));
    ck_assert_int_eq(e.status, ST_NOENT);
    ck_assert(define("web", UUID));
    ck_assert_msg(autostart_set(&root, etc, "web", true, &e), "%s", e.text);
    ck_assert(autostart_set(&root, etc, "web", true, &e));
    ck_assert_int_gt(readlinkat(etc, "autostart/web.xml", target, sizeof target - 1), 0);
    ck_assert_str_eq(target, "../web.xml");
    ck_assert(autostart_list(etc, a, &marked, &e));
    ck_assert_uint_eq(marked.v.n, 1);
    struct def_change c = change();
    ck_assert(def_remove(&c, "web", false, &e));
    ck_assert(autostart_list(etc, a, &marked, &e));
    ck_assert_uint_eq(marked.v.n, 0);
}
END_TEST

START_TEST(busy_names_the_holder)
{
    int dir;
    int pipes[2];
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int lock = guest_lock(state, "web", -1, "vm-start web", &dir, &e);
        _exit(lock < 0 || write(pipes[1], "x", 1) != 1 || pause());
    }
    char c;
    ck_assert_int_eq(read(pipes[0], &c, 1), 1);
    ck_assert_int_lt(guest_lock(state, "web", 0, "vm-define", &dir, &e), 0);
    ck_assert_int_eq(e.status, ST_BUSY);
    ck_assert_ptr_nonnull(strstr(e.text, "'vm-start web'"));
    ck_assert_ptr_nonnull(strstr(e.text, arena_printf(a, "pid %d", (int)pid)));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    autoclose int lock = guest_lock(state, "web", now_ms() + 5000, "vm-define", &dir, &e);
    ck_assert_msg(lock >= 0, "%s", e.text);
    guest_dir_tidy(state, "web", dir);
    ck_assert_int_ne(faccessat(state, "web", F_OK, 0), 0);
    close(dir);
}
END_TEST

START_TEST(two_never_hold_a_lock_whose_directory_comes_and_goes)
{
    enum { CHILDREN = 4, ROUNDS = 100 };
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0) {
            for (int k = 0; k < ROUNDS; k++) {
                int dir, lock = guest_lock(state, "web", now_ms() + 20000, "test", &dir, &e);
                if (lock < 0 || mkdirat(state, ".inside", 0700) < 0)
                    _exit(1);
                unlinkat(state, ".inside", AT_REMOVEDIR);
                guest_dir_tidy(state, "web", dir);
                close(lock);
                close(dir);
            }
            _exit(0);
        }
    for (int i = 0, status; i < CHILDREN; i++) {
        wait(&status);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

START_TEST(alive_tells_who_holds_it)
{
    pid_t pid = 0;
    int pipes[2];
    ck_assert_int_eq(alive_ask(state, "alive", NULL), ALIVE_NO);
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(alive_lock(state, "alive") < 0 || write(pipes[1], "x", 1) != 1 || pause());
    char c;
    ck_assert_int_eq(read(pipes[0], &c, 1), 1);
    ck_assert_int_eq(alive_ask(state, "alive", &pid), ALIVE_YES);
    ck_assert_int_eq(pid, child);
    ck_assert_int_lt(alive_lock(state, "alive"), 0);
    ck_assert_int_eq(errno, EAGAIN);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(alive_ask(state, "alive", NULL), ALIVE_NO);
}
END_TEST

START_TEST(ids_count_up)
{
    unsigned first, second;
    ck_assert(guest_new_id(state, &first, &e) && guest_new_id(state, &second, &e));
    ck_assert_uint_eq(first, 1);
    ck_assert_uint_eq(second, 2);
}
END_TEST

/* libvirt's way: a POSIX lock on the pid file, held by the process itself. */
static pid_t hold(const char *file)
{
    int pipes[2];
    char c;
    autoclose int run = root_open(&root, ROOT_RUN, true, &e);
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
        int fd = openat(run, file, O_RDWR | O_CREAT, 0644);
        _exit(fcntl(fd, F_SETLK, &l) < 0 || write(pipes[1], "x", 1) != 1 || pause());
    }
    ck_assert_int_eq(read(pipes[0], &c, 1), 1);
    return pid;
}

static void let_go(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

START_TEST(a_guest_under_libvirt_is_seen_and_left_alone)
{
    struct guests all;
    ck_assert(beside_guest_free(&root, "web", &e));
    pid_t pid = hold("web.pid");
    ck_assert(!beside_guest_free(&root, "web", &e));
    ck_assert_int_eq(e.status, ST_STATE);
    ck_assert(guests_list(&root, a, &all, &e));
    ck_assert_uint_eq(all.n, 1);
    ck_assert(all.v[0].status->libvirt && all.v[0].status->pid == pid);
    let_go(pid);
    ck_assert(beside_guest_free(&root, "web", &e));
}
END_TEST

START_TEST(a_daemon_owns_its_root_but_our_guests_do_not)
{
    autoclose int ours = beside_claim_root(&root, &e);
    ck_assert_msg(ours >= 0, "%s", e.text);
    ck_assert(beside_root_free(&root, &e));
    close(steal_fd(&ours));
    pid_t pid = hold("driver.pid");
    ck_assert(!beside_root_free(&root, &e));
    ck_assert_int_eq(e.status, ST_BUSY);
    ck_assert_ptr_nonnull(strstr(e.text, arena_printf(a, "pid %d", (int)pid)));
    ck_assert_int_lt(beside_claim_root(&root, &e), 0);
    let_go(pid);
}
END_TEST

START_TEST(a_strangers_state_directory_is_refused)
{
    ck_assert_int_eq(mkdirat(state, "web", 0755), 0);
    ck_assert_int_eq(fchmodat(state, "web", 0755, 0), 0);
    ck_assert_int_lt(guest_dir(state, "web", false, &e), 0);
    ck_assert_int_eq(e.status, ST_PERM);
    ck_assert_int_eq(symlinkat("web", state, "link"), 0);
    ck_assert_int_lt(guest_dir(state, "link", false, &e), 0);
}
END_TEST

START_TEST(guests_are_listed_by_name)
{
    struct guests all;
    ck_assert(define("b", UUID) && define("a", UUID2));
    ck_assert(guests_list(&root, a, &all, &e));
    ck_assert_uint_eq(all.n, 2);
    ck_assert_str_eq(all.v[0].name, "a");
    ck_assert(all.v[0].persistent && !all.v[0].autostart && !all.v[0].status);
    guests_read_head(&root, a, &all.v[0]);
    ck_assert_str_eq(all.v[0].uuid, UUID2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store");
    TCase *t = tcase_create("store");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, names_are_checked, 0, sizeof names / sizeof *names);
    tcase_add_test(t, names_have_240_bytes_at_most);
    tcase_add_test(t, uuids_are_normalised);
    tcase_add_test(t, head_finds_what_it_wants);
    tcase_add_test(t, head_reads_the_status_around_a_domain);
    tcase_add_loop_test(t, head_survives_what_is_no_definition, 0, sizeof broken / sizeof *broken);
    tcase_add_test(t, head_survives_every_cut);
    tcase_add_test(t, what_was_defined_is_read_back);
    tcase_add_test(t, nothing_but_the_definition_is_left_in_etc);
    tcase_add_test(t, another_uuid_for_the_name_is_refused);
    tcase_add_test(t, another_name_for_the_uuid_is_refused);
    tcase_add_test(t, a_uuid_that_someone_else_put_there_is_seen);
    tcase_add_test(t, a_link_that_lies_is_not_believed);
    tcase_add_test(t, a_removed_guest_frees_its_uuid);
    tcase_add_test(t, a_file_that_defines_another_name_is_an_error_that_names_both);
    tcase_add_test(t, expected_text_is_compared);
    tcase_add_test(t, a_guest_with_a_directory_needs_its_lock);
    tcase_add_test(t, many_are_stored_up_to_the_first_that_is_refused);
    tcase_add_test(t, autostart_marks_are_links);
    tcase_add_test(t, busy_names_the_holder);
    tcase_add_test(t, two_never_hold_a_lock_whose_directory_comes_and_goes);
    tcase_add_test(t, alive_tells_who_holds_it);
    tcase_add_test(t, ids_count_up);
    tcase_add_test(t, a_guest_under_libvirt_is_seen_and_left_alone);
    tcase_add_test(t, a_daemon_owns_its_root_but_our_guests_do_not);
    tcase_add_test(t, a_strangers_state_directory_is_refused);
    tcase_add_test(t, guests_are_listed_by_name);
    suite_add_tcase(s, t);
    return run_suite(s);
}
