/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qemu/qmp.h"
#include "run/start.h"
#include "run/undo.h"
#include "suite.h"

/* The protocol of a start, with a plan made by hand and the small QMP responder in QEMU's place. */

static char base[64], uri[128], fake[4096], bindir[4096];
static struct arena *arena;
static struct root root;
static struct err e;
static struct notes notes;

static void setup(void)
{
    strcpy(base, "/tmp/vmutils-start-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(uri, sizeof uri, "qemu:///embed?root=%s", base);
    char run[100];
    snprintf(run, sizeof run, "%s/runtime", base);
    mkdir(run, 0700);
    setenv("XDG_RUNTIME_DIR", run, 1);
    arena = arena_new();
    notes = (struct notes){ .arena = arena };
    ck_assert(root_init(&root, arena, uri, &e));
    char here[PATH_MAX];
    ck_assert_ptr_nonnull(realpath("/proc/self/exe", here));
    snprintf(bindir, sizeof bindir, "%.*s/../../bin", (int)(strrchr(here, '/') - here), here);
    snprintf(fake, sizeof fake, "%.*s/../fake-qemu", (int)(strrchr(here, '/') - here), here);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* What a test started ends with it: R and Q are children of this process by now. */
static void teardown(void)
{
    char command[200];
    siginfo_t child;
    int tries = 0;
    while (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 && tries++ < 2000) {
        if (child.si_pid)
            waitpid(child.si_pid, NULL, 0);
        else
            usleep(1000);
        child.si_pid = 0;
    }
    snprintf(command, sizeof command, "rm -rf %s", base);
    ck_assert_int_eq(system(command), 0);
    arena_free(arena);
}

static void make_plan(struct plan *p, const char *behaviour)
{
    *p = (struct plan){ .arena = arena, .name = "web", .emulator = fake, .live = "<domain/>\n" };
    p->journal = (struct journal){ .arena = arena };
    ck_assert(journal_new_id(&p->journal, &e));
    const char *words[] = { "-S", "-no-shutdown", "-chardev", "socket,id=charmonitor,fd=20,server=on,wait=off", "-mon",
                            "chardev=charmonitor,id=monitor,mode=control", "-chardev", "socket,id=charevents,fd=21",
                            "-mon", "chardev=charevents,id=events,mode=control" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], "-no-shutdown"))
            list_add(arena, &p->args, words[i]);
    if (behaviour) {
        list_add(arena, &p->args, "-set");
        list_add(arena, &p->args, arena_printf(arena, "fake.qemu.%s", behaviour));
    }
    list_add(arena, &p->env, "LC_ALL=C");
}

static bool start(struct life *l, const char *behaviour, const struct start_options *given)
{
    struct start_options o = *given;
    struct plan p;
    enum life_is is;
    int pidfd;
    o.bindir = bindir;
    ck_assert_msg(life_open(l, &root, arena, "web", true, &e), "%s", e.text);
    ck_assert_msg(life_lock(l, 1000, "test", &e), "%s", e.text);
    ck_assert_msg(life_repair(l, &undo_here, &is, &pidfd, &notes, &e), "%s", e.text);
    ck_assert_int_eq(is, LIFE_OFF);
    make_plan(&p, behaviour);
    return start_plan(l, &p, &o, &notes, &e);
}

static bool exists(const struct life *l, const char *name)
{
    return faccessat(l->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_clean(struct life *l)
{
    ck_assert(!exists(l, "journal"));
    ck_assert(!exists(l, "live.xml"));
    ck_assert(!exists(l, "monitor.sock"));
    ck_assert_int_eq(life_holder(l->dir), 0);
}

START_TEST(a_started_guest_holds_its_lock_and_answers)
{
    struct life l;
    enum life_is is;
    int pidfd;
    ck_assert_msg(start(&l, NULL, &(struct start_options){ 0 }), "%s", e.text);
    life_unlock(&l);
    ck_assert(life_look(&l, &is, &pidfd, &notes, &e));
    ck_assert_int_eq(is, LIFE_RUNNING);
    ck_assert_str_eq(l.state, "running");
    autoqmp struct qmp *q = qmp_connect(l.dir, "monitor.sock", now_ms() + 5000, &e);
    ck_assert_ptr_nonnull(q);
    ck_assert_int_gt(l.j.reaper.pid, 0);
    ck_assert(life_lock(&l, 1000, "test", &e));
    /* The reaper may undo first: it is no child of ours to wait for. */
    autoclose int reaper = proc_open(l.j.reaper);
    ck_assert(proc_kill(reaper, now_ms() + 5000));
    ck_assert_msg(life_undo(&l, &undo_here, pidfd, "destroyed", &notes, &e), "%s", e.text);
    close(pidfd);
    assert_clean(&l);
    life_close(&l);
}
END_TEST

START_TEST(qemu_that_dies_is_quoted)
{
    struct life l;
    ck_assert(!start(&l, "die", &(struct start_options){ 0 }));
    ck_assert_int_eq(e.status, ST_QEMU);
    ck_assert_msg(strstr(e.text, "this is the fake's last line"), "%s", e.text);
    assert_clean(&l);
    life_close(&l);
}
END_TEST

START_TEST(qemu_that_never_answers_runs_out_of_time)
{
    struct life l;
    ck_assert(!start(&l, "silent", &(struct start_options){ .timeout_ms = 300 }));
    ck_assert_msg(e.status == ST_TIMEOUT, "%d %s", e.status, e.text);
    assert_clean(&l);
    life_close(&l);
}
END_TEST

START_TEST(an_emulator_that_is_not_there_is_named)
{
    struct life l;
    snprintf(fake, sizeof fake, "/no/such/qemu");
    ck_assert(!start(&l, NULL, &(struct start_options){ 0 }));
    ck_assert_msg(strstr(e.text, "/no/such/qemu: No such file"), "%s", e.text);
    assert_clean(&l);
    life_close(&l);
}
END_TEST

START_TEST(without_a_reaper_the_guest_runs_too)
{
    struct life l;
    enum life_is is;
    int pidfd;
    ck_assert_msg(start(&l, NULL, &(struct start_options){ .no_reap = true, .paused = true }), "%s", e.text);
    ck_assert(life_look(&l, &is, &pidfd, &notes, &e));
    ck_assert_int_eq(is, LIFE_RUNNING);
    ck_assert_str_eq(l.state, "paused");
    ck_assert(life_undo(&l, &undo_here, pidfd, "destroyed", &notes, &e));
    close(pidfd);
    assert_clean(&l);
    life_close(&l);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("start");
    TCase *t = tcase_create("start");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_started_guest_holds_its_lock_and_answers);
    tcase_add_test(t, qemu_that_dies_is_quoted);
    tcase_add_test(t, qemu_that_never_answers_runs_out_of_time);
    tcase_add_test(t, an_emulator_that_is_not_there_is_named);
    tcase_add_test(t, without_a_reaper_the_guest_runs_too);
    suite_add_tcase(s, t);
    return run_suite(s);
}
