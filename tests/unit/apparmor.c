/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/apparmor.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/spawn.h"
#include "suite.h"

static struct err e;

static const struct {
    const char *path, *rule;
} quoted[] = {
    { "/a b.img", "  \"/a b.img\" rwk,\n" },
    { "/a\"b", "  \"/a\\042b\" rwk,\n" },
    { "/a\\b", "  \"/a\\134b\" rwk,\n" },
    { "/[a]{b,c}*?^", "  \"/\\[a\\]\\{b,c\\}\\*\\?\\^\" rwk,\n" },
    { "/@{HOME}/x", "  \"/@\\{HOME\\}/x\" rwk,\n" },
    { "/a\tb\x01" "7\x7f", "  \"/a\\011b\\0017\\177\" rwk,\n" },
    { "/a\" rwk,\" /etc/shadow", "  \"/a\\042 rwk,\\042 /etc/shadow\" rwk,\n" },
    { "/#include <x>", "  \"/#include <x>\" rwk,\n" },
};

START_TEST(a_path_stays_a_path)
{
    autostr struct str s = STR_INIT;
    ck_assert(apparmor_rule(&s, "", quoted[_i].path, "", "rwk", &e));
    ck_assert_str_eq(str_text(&s), quoted[_i].rule);
}
END_TEST

START_TEST(what_no_rule_can_name_is_refused)
{
    autostr struct str s = STR_INIT;
    ck_assert(!apparmor_rule(&s, "", "/a\n/etc/shadow", "", "r", &e));
    ck_assert_ptr_nonnull(strstr(e.text, "newline"));
    ck_assert(!apparmor_rule(&s, "", "a", "", "r", &e));
}
END_TEST

/* Characters that mean something to the parser, somewhere. */
static const char alphabet[] = "ab012x/ \t\"'\\[]{}()*?^@$!,;:#<>=|&+-.~%\x01\x7f\xc3\xa9\xff";

static void random_path(char *out, size_t n, size_t number)
{
    size_t len = 3 + (size_t)random() % (n - 4);
    out[0] = '/';
    out[1] = (char)('A' + number / 26);
    out[2] = (char)('A' + number % 26);
    for (size_t i = 3; i < len; i++)
        out[i] = alphabet[(size_t)random() % (sizeof alphabet - 1)];
    /* The parser takes a name of several slashes for one of one. */
    for (size_t i = 1; i < len; i++)
        if (out[i] == '/' && out[i - 1] == '/')
            out[i] = 'a';
    out[len] = '\0';
}

/* The parser's own view of a name, as its dump has it, without its backslashes. */
static size_t unescaped(const char *p, const char *end, char *out)
{
    size_t n = 0;
    for (; p < end; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
        out[n++] = *p;
    }
    return n;
}

static bool dump_has(const struct str *dump, const char *path)
{
    static const char mark[] = "Name:\t(";
    char name[256];
    size_t n = strlen(path);
    for (const char *p = dump->p; (p = memmem(p, (size_t)(dump->p + dump->len - p), mark, sizeof mark - 1));) {
        p += sizeof mark - 1;
        const char *end = memmem(p, (size_t)(dump->p + dump->len - p), ")\n", 2);
        ck_assert_ptr_nonnull(end);
        if ((size_t)(end - p) < sizeof name && unescaped(p, end, name) == n && memcmp(name, path, n) == 0)
            return true;
    }
    return false;
}

static size_t count(const struct str *dump, const char *what)
{
    size_t n = 0;
    for (const char *p = str_text(dump); (p = strstr(p, what)); p++)
        n++;
    return n;
}

START_TEST(the_parser_reads_each_rule_as_that_path)
{
    enum { PATHS = 60 };
    char paths[PATHS][64], file[] = "/tmp/apparmor.XXXXXX";
    autostr struct str profile = STR_INIT, dump = STR_INIT;
    if (access("/usr/sbin/apparmor_parser", X_OK) < 0 || access("/usr/share/apparmor-features/features", R_OK) < 0)
        return;
    srandom(1000 + (unsigned)_i);
    str_add(&profile, "profile p {\n");
    for (size_t i = 0; i < PATHS; i++) {
        random_path(paths[i], sizeof paths[i], i);
        ck_assert(apparmor_rule(&profile, "", paths[i], "", "rk", &e));
    }
    str_add(&profile, "}\n");
    autoclose int fd = mkstemp(file);
    ck_assert(fd >= 0 && write_all(fd, profile.p, profile.len) == 0);
    char *argv[] = { (char[]){ "/usr/sbin/apparmor_parser" }, (char[]){ "-QKd" }, (char[]){ "--features-file" },
                     (char[]){ "/usr/share/apparmor-features/features" }, file, NULL };
    int status = spawn_wait(argv, (char *[]){ NULL }, -1, now_ms() + 60000, &dump);
    unlink(file);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s\n%s", str_text(&profile), str_text(&dump));
    for (size_t i = 0; i < PATHS; i++)
        ck_assert_msg(dump_has(&dump, paths[i]), "%s\n%s", paths[i], str_text(&profile));
    /* No path has become two rules, or another kind of rule. */
    ck_assert_uint_eq(count(&dump, "Mode:\trk:rk\tName:"), PATHS);
    ck_assert_uint_eq(count(&dump, "Mode:"), count(&dump, "Mode:\trk:rk\tName:") + 1);
}
END_TEST

START_TEST(a_template_becomes_a_profile)
{
    autostr struct str s = STR_INIT;
    ck_assert(apparmor_from_template(&s,
                                     "# LIBVIRT_TEMPLATE is a } brace\n#include <tunables/global>\n"
                                     "profile LIBVIRT_TEMPLATE flags=(complain) {\n  /{dev,run}/shm r, # }\n  \"/x}\" r,\n}\n"
                                     "profile other {\n}\n",
                                     "T", "libvirt-x", &e));
    ck_assert_str_eq(str_text(&s), "# LIBVIRT_TEMPLATE is a } brace\n#include <tunables/global>\n"
                                   "profile libvirt-x flags=(complain) {\n  /{dev,run}/shm r, # }\n  \"/x}\" r,\n"
                                   "  #include <libvirt/libvirt-x.files>\n}\nprofile other {\n}\n");
}
END_TEST

START_TEST(a_template_on_one_line_becomes_a_profile)
{
    autostr struct str s = STR_INIT;
    ck_assert(apparmor_from_template(&s, "profile LIBVIRT_TEMPLATE { capability, }", "T", "libvirt-x", &e));
    ck_assert_str_eq(str_text(&s), "profile libvirt-x { capability, \n  #include <libvirt/libvirt-x.files>\n}");
}
END_TEST

static const char *const no_templates[] = { "", "# LIBVIRT_TEMPLATE\n", "profile LIBVIRT_TEMPLATE {\n", "profile x { }\n",
                                            "profile LIBVIRT_TEMPLATE { # }" };

START_TEST(what_is_no_template_is_named)
{
    autostr struct str s = STR_INIT;
    ck_assert(!apparmor_from_template(&s, no_templates[_i], "/etc/T", "libvirt-x", &e));
    ck_assert_msg(strncmp(e.text, "/etc/T: ", 8) == 0, "%s", e.text);
}
END_TEST

/* A host of this test's own, whose kernel is a directory and whose parser a script. */
static char dir[] = "/tmp/apparmor-rows.XXXXXX";
static struct root root = { .kind = ROOT_EMBED };
static const struct row_context context = { .root = &root, .same_boot = true, .dir = -1, .claims = -1 };

static char *in(const char *name)
{
    static char path[64][256]; /* as many as one test asks for */
    static unsigned n;
    snprintf(path[n = (n + 1) % 64], sizeof path[0], "%s/%s", dir, name);
    return path[n];
}

static void put(const char *name, const char *text, mode_t mode)
{
    char *path = in(name), *slash = strrchr(path, '/');
    *slash = '\0';
    ck_assert_int_eq(mkdir_parents(path, 0755), 0);
    *slash = '/';
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    ck_assert(fd >= 0 && write_all(fd, text, strlen(text)) == 0);
}

static const char *get(const char *name)
{
    static char text[1024];
    autostr struct str s = STR_INIT;
    if (file_read_at(AT_FDCWD, in(name), sizeof text - 1, true, &s) < 0)
        return NULL;
    snprintf(text, sizeof text, "%s", str_text(&s));
    return text;
}

#define P "etc/apparmor.d/libvirt/libvirt-x"
#define FS "sys/kernel/security/apparmor/"
/* Where it is asked to: says that all profiles are loaded, or refuses. */
#define PARSER "#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\n" \
               "case $(cat \"$2\") in bad*) echo \"at line 1: no\"; exit 1 ;; esac\n" \
               "echo \"${2##*/} (enforce)\" >>\"${1%/etc/*}/" FS "profiles\"\n"

static void host(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    put(FS "profiles", "libvirt-y (enforce)\n", 0644);
    put(FS ".remove", "", 0644);
    put("usr/sbin/apparmor_parser", PARSER, 0755);
    put("etc/apparmor.d/libvirt/TEMPLATE.qemu", "", 0644);
    setenv("VMUTILS_SYSROOT", dir, 1);
}

static void host_gone(void)
{
    char *argv[] = { (char[]){ "/bin/rm" }, (char[]){ "-rf" }, dir, NULL };
    autostr struct str said = STR_INIT;
    spawn_wait(argv, (char *[]){ NULL }, -1, now_ms() + 60000, &said);
}

static const struct row_kind *kind(const char *name)
{
    const struct row_kind *k = apparmor_kinds;
    while (strcmp(k->name, name) != 0)
        k++;
    return k;
}

static struct row rows[3];

static bool apply_all(const char *profile, const char *files_before)
{
    rows[0] = (struct row){ .kind = "profile", .object = in(P), .before = "absent", .wanted = profile, .why = "w" };
    rows[1] = (struct row){ .kind = "profile", .object = in(P ".files"), .before = files_before, .wanted = "rules", .why = "w" };
    rows[2] = (struct row){ .kind = "apparmor", .object = rows[0].object, .before = "absent", .wanted = "loaded", .why = "w" };
    for (size_t i = 0; i < 3; i++)
        if (!kind(rows[i].kind)->apply(&rows[i], &context, &e))
            return false;
    return true;
}

static void undo_all(enum undo profile)
{
    static const char *const names[] = { "profile", "profile", "apparmor" };
    enum undo wanted[] = { profile, UNDO_DONE, UNDO_DONE };
    /* Twice: whoever comes next may do it again. */
    for (int round = 0; round < 2; round++)
        for (size_t i = 3; i-- > 0;)
            ck_assert_msg(kind(names[i])->undo(&rows[i], &context, &e) == wanted[i], "%s: %s", names[i], e.text);
}

START_TEST(rows_bring_a_profile_and_take_it_back)
{
    ck_assert_msg(apply_all("profile", "absent"), "%s", e.text);
    ck_assert_str_eq(get(P), "profile");
    ck_assert_str_eq(get(P ".files"), "rules");
    ck_assert_str_eq(get(FS "profiles"), "libvirt-y (enforce)\nlibvirt-x (enforce)\n");
    undo_all(UNDO_DONE);
    ck_assert_ptr_null(get(P));
    ck_assert_ptr_null(get(P ".files"));
    ck_assert_str_eq(get(FS ".remove"), "libvirt-x");
}
END_TEST

START_TEST(rules_that_were_there_before_come_back)
{
    put(P ".files", "libvirt's own", 0644);
    ck_assert(apply_all("profile", "libvirt's own"));
    undo_all(UNDO_DONE);
    ck_assert_str_eq(get(P ".files"), "libvirt's own");
}
END_TEST

START_TEST(a_profile_that_was_edited_since_is_kept)
{
    ck_assert(apply_all("profile", "absent"));
    put(P, "profile, edited", 0644);
    undo_all(UNDO_LEFT);
    ck_assert_str_eq(get(P), "profile, edited");
}
END_TEST

START_TEST(what_a_death_while_writing_leaves_is_removed)
{
    ck_assert(apply_all("profile", "absent"));
    put("etc/apparmor.d/libvirt/.libvirt-x.new", "prof", 0644);
    put("etc/apparmor.d/libvirt/.libvirt-x.files.new", "", 0644);
    undo_all(UNDO_DONE);
    ck_assert_ptr_null(get("etc/apparmor.d/libvirt/.libvirt-x.new"));
    ck_assert_ptr_null(get("etc/apparmor.d/libvirt/.libvirt-x.files.new"));
}
END_TEST

START_TEST(a_profile_that_is_refused_is_named_with_what_the_parser_says)
{
    ck_assert(!apply_all("bad", "absent"));
    ck_assert_ptr_nonnull(strstr(e.text, "at line 1: no"));
    ck_assert_ptr_nonnull(strstr(e.text, P));
    undo_all(UNDO_DONE);
    ck_assert_ptr_null(get(P));
}
END_TEST

START_TEST(a_profile_of_another_name_is_refused)
{
    put("usr/sbin/apparmor_parser", "#!/bin/sh\nexit 0\n", 0755);
    ck_assert(!apply_all("profile", "absent"));
    ck_assert_ptr_nonnull(strstr(e.text, "there is no profile 'libvirt-x' in it"));
}
END_TEST

START_TEST(after_a_boot_only_files_are_taken_back)
{
    struct row_context later = context;
    later.same_boot = false;
    ck_assert(apply_all("profile", "absent"));
    ck_assert(kind("apparmor")->undo(&rows[2], &later, &e) == UNDO_DONE);
    ck_assert_str_eq(get(FS ".remove"), "");
}
END_TEST

START_TEST(a_directory_that_others_may_write_is_refused)
{
    ck_assert(chmod(in("etc/apparmor.d/libvirt"), 0777) == 0);
    ck_assert(!apply_all("profile", "absent"));
    ck_assert_int_eq(e.status, ST_PERM);
    ck_assert_ptr_null(get(P));
}
END_TEST

START_TEST(a_program_is_run_to_its_end)
{
    autostr struct str said = STR_INIT;
    char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, (char[]){ "echo out $A; echo err >&2; exit 3" }, NULL };
    int status = spawn_wait(argv, (char *[]){ (char[]){ "A=1" }, NULL }, -1, now_ms() + 60000, &said);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    ck_assert_str_eq(str_text(&said), "out 1\nerr\n");
}
END_TEST

START_TEST(a_program_that_does_not_end_is_killed_at_the_deadline)
{
    autostr struct str said = STR_INIT;
    char *argv[] = { (char[]){ "/bin/sleep" }, (char[]){ "1000" }, NULL };
    ck_assert_int_eq(spawn_wait(argv, (char *[]){ NULL }, -1, now_ms(), &said), -1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("apparmor");
    TCase *t = tcase_create("apparmor");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_path_stays_a_path, 0, sizeof quoted / sizeof *quoted);
    tcase_add_test(t, what_no_rule_can_name_is_refused);
    tcase_add_loop_test(t, the_parser_reads_each_rule_as_that_path, 0, 5);
    tcase_add_test(t, a_template_becomes_a_profile);
    tcase_add_test(t, a_template_on_one_line_becomes_a_profile);
    tcase_add_loop_test(t, what_is_no_template_is_named, 0, sizeof no_templates / sizeof *no_templates);
    tcase_add_test(t, a_program_is_run_to_its_end);
    tcase_add_test(t, a_program_that_does_not_end_is_killed_at_the_deadline);
    suite_add_tcase(s, t);
    t = tcase_create("rows");
    tcase_add_checked_fixture(t, host, host_gone);
    tcase_add_test(t, rows_bring_a_profile_and_take_it_back);
    tcase_add_test(t, rules_that_were_there_before_come_back);
    tcase_add_test(t, a_profile_that_was_edited_since_is_kept);
    tcase_add_test(t, what_a_death_while_writing_leaves_is_removed);
    tcase_add_test(t, a_profile_that_is_refused_is_named_with_what_the_parser_says);
    tcase_add_test(t, a_profile_of_another_name_is_refused);
    tcase_add_test(t, after_a_boot_only_files_are_taken_back);
    tcase_add_test(t, a_directory_that_others_may_write_is_refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
