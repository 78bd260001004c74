/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What converters do before they parse: telling the emulator beforehand, and having no powers. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "guard/compute_only.h"
#include "run/foresee.h"
#include "suite.h"

START_TEST(emulator_is_foreseen)
{
    static const struct {
        const char *text, *emulator;
        bool kvm;
    } rows[] = {
        { "<domain type='kvm'><devices><emulator>/usr/bin/q</emulator></devices></domain>", "/usr/bin/q", true },
        { "<domain type=\"qemu\"><emulator> /q\n</emulator></domain>", "/q", false },
        { "<!-- <emulator>/evil</emulator> --><domain type='qemu'><emulator>/q</emulator></domain>", "/q", false },
        { "<domain type='qemu'><name>kvm</name><emulator>/q</emulator></domain>", "/q", false },
    };
    struct arena *a = arena_new();
    struct foreseen f;
    ck_assert(foresee(rows[_i].text, strlen(rows[_i].text), a, &f));
    ck_assert_str_eq(f.emulator, rows[_i].emulator);
    ck_assert_int_eq(f.kvm, rows[_i].kvm);
    ck_assert(!f.firmware);
    arena_free(a);
}
END_TEST

START_TEST(architecture_is_foreseen)
{
    static const struct {
        const char *text, *arch;
    } rows[] = {
        { "<domain type='kvm'><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>", "x86_64" },
        { "<domain><os><type\n  machine='a'\tarch=\"s390x\">hvm</type></os></domain>", "s390x" },
    };
    struct arena *a = arena_new();
    struct foreseen f;
    ck_assert(foresee(rows[_i].text, strlen(rows[_i].text), a, &f));
    ck_assert_ptr_null(f.emulator);
    ck_assert_str_eq(f.arch, rows[_i].arch);
    arena_free(a);
}
END_TEST

START_TEST(what_could_mean_something_else_is_not_foreseen)
{
    static const char *const rows[] = {
        "",
        "<",
        "<domain",
        "<domain type='kvm'/>",
        "<domain type='&#107;vm'><emulator>/q</emulator></domain>",
        "<domain><emulator>/q&amp;</emulator></domain>",
        "<domain><emulator><!-- --></emulator></domain>",
        "<domain><emulator></emulator></domain>",
        "<domain><emulator>/q</emulator><emulator>/r</emulator></domain>",
        "<domain><![CDATA[<emulator>/q</emulator>]]></domain>",
        "<!DOCTYPE domain><domain><emulator>/q</emulator></domain>",
        "<!-- <domain><emulator>/q</emulator></domain>",
        "<domain><emulator>/q",
        "<domain><type>hvm</type></domain>",
        "<domain><type noarch='x86_64'>hvm</type></domain>",
        "<domain><type arch='&#120;86_64'>hvm</type></domain>",
        "<domain><type arch = 'x86_64'>hvm</type></domain>",
        "<domain><type arch='x86_64",
        "<domain><type arch=",
        "<domain><type arch=>",
        "<domain><type arch='x86_64>",
        "<domain><type arch='x86_64'/><type arch='i686'/></domain>",
    };
    struct arena *a = arena_new();
    struct foreseen f;
    ck_assert(!foresee(rows[_i], strlen(rows[_i]), a, &f));
    arena_free(a);
}
END_TEST

static void try_open(void)
{
    if (open("/etc/passwd", O_RDONLY) >= 0)
        _exit(9);
}
static void try_socket(void)
{
    socket(AF_UNIX, SOCK_STREAM, 0);
}
static void try_fork(void)
{
    if (fork() == 0)
        _exit(0);
}
static void try_exec(void)
{
    execl("/bin/true", "true", (char *)NULL);
}
static void try_signal(void)
{
    kill(getppid(), 0);
}
static void try_nothing(void)
{
    free(malloc(1 << 20));
}

/* How a process ends that gives its powers away and then tries that. */
static int status_of(void (*deed)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct err e = { 0 };
        if (!guard_compute_only(&e))
            _exit(3);
        deed();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(powers_are_given_away)
{
    static void (*const deeds[])(void) = { try_socket, try_fork, try_exec, try_signal };
    int status = status_of(deeds[_i]);
#if defined(__SANITIZE_ADDRESS__)
    (void)status; /* such builds keep theirs */
#else
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
#endif
}
END_TEST

START_TEST(files_cannot_be_opened)
{
    int status = status_of(try_open);
#if defined(__SANITIZE_ADDRESS__)
    (void)status;
#else
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
#endif
}
END_TEST

START_TEST(computing_goes_on)
{
    int status = status_of(try_nothing);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("convert");
    TCase *t = tcase_create("convert");
    tcase_add_loop_test(t, emulator_is_foreseen, 0, 4);
    tcase_add_loop_test(t, architecture_is_foreseen, 0, 2);
    tcase_add_loop_test(t, what_could_mean_something_else_is_not_foreseen, 0, 22);
    tcase_add_loop_test(t, powers_are_given_away, 0, 4);
    tcase_add_test(t, files_cannot_be_opened);
    tcase_add_test(t, computing_goes_on);
    suite_add_tcase(s, t);
    return run_suite(s);
}
