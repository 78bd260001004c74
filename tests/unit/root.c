/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/root.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "suite.h"

static struct arena *a;
static struct err e;
static char tmp[64];

static void setup(void)
{
    a = arena_new();
    strcpy(tmp, "/tmp/root.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(tmp));
    setenv("HOME", "/home/u", 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("XDG_CACHE_HOME");
    setenv("XDG_RUNTIME_DIR", "/run/user/u", 1);
    unsetenv("LIBVIRT_DEFAULT_URI");
}

static void teardown(void)
{
    autostr struct str command = STR_INIT;
    str_addf(&command, "rm -rf %s", tmp);
    ck_assert_int_eq(system(command.p), 0);
    arena_free(a);
}

START_TEST(system_root_is_libvirts)
{
    struct root r;
    ck_assert(root_init(&r, a, "qemu:///system", &e));
    ck_assert_str_eq(r.conf, "/etc/libvirt/qemu.conf");
    ck_assert_str_eq(r.dir[ROOT_ETC], "/etc/libvirt/qemu");
    ck_assert_str_eq(r.dir[ROOT_STATE], "/var/lib/libvirt/vmutils");
    ck_assert_str_eq(r.dir[ROOT_CLAIMS], "/run/libvirt/vmutils/claims");
}
END_TEST

START_TEST(session_root_is_below_the_xdg_directories)
{
    struct root r;
    setenv("XDG_STATE_HOME", "/s", 1);
    setenv("XDG_CACHE_HOME", "relative", 1);
    ck_assert(root_init(&r, a, "qemu:///session", &e));
    ck_assert_str_eq(r.dir[ROOT_ETC], "/home/u/.config/libvirt/qemu");
    ck_assert_str_eq(r.dir[ROOT_NVRAM], "/home/u/.config/libvirt/qemu/nvram");
    ck_assert_str_eq(r.dir[ROOT_STATE], "/s/vmutils");
    ck_assert_str_eq(r.dir[ROOT_RUN], "/run/user/u/libvirt/qemu/run");
    ck_assert_str_eq(r.dir[ROOT_CACHE], "/home/u/.cache/libvirt/qemu/cache");
}
END_TEST

START_TEST(session_root_without_runtime_directory_is_below_the_cache)
{
    struct root r;
    struct stat st;
    char own[64];
    unsetenv("XDG_RUNTIME_DIR");
    snprintf(own, sizeof own, "/run/user/%u", (unsigned)geteuid());
    if (stat(own, &st) == 0 && st.st_uid == geteuid())
        return;
    ck_assert(root_init(&r, a, "qemu:///session", &e));
    ck_assert_str_eq(r.dir[ROOT_RUN], "/home/u/.cache/libvirt/qemu/run");
}
END_TEST

START_TEST(embed_root_is_decoded)
{
    struct root r;
    ck_assert(root_init(&r, a, "qemu:///embed?mode=x&root=/a%20b/c//", &e));
    ck_assert_str_eq(r.dir[ROOT_ETC], "/a b/c/etc/qemu");
    ck_assert_str_eq(r.conf, "/a b/c/etc/qemu.conf");
    ck_assert_str_eq(r.dir[ROOT_LIB_SWTPM], "/a b/c/lib/swtpm");
}
END_TEST

START_TEST(unix_transport_means_the_same)
{
    struct root r;
    ck_assert(root_init(&r, a, "qemu+unix:///session?socket=/x", &e));
    ck_assert_int_eq(r.kind, ROOT_SESSION);
}
END_TEST

START_TEST(environment_names_the_root)
{
    struct root r;
    setenv("LIBVIRT_DEFAULT_URI", "qemu:///embed?root=/e", 1);
    ck_assert(root_init(&r, a, NULL, &e));
    ck_assert_int_eq(r.kind, ROOT_EMBED);
    unsetenv("LIBVIRT_DEFAULT_URI");
    ck_assert(root_init(&r, a, "", &e));
    ck_assert_int_eq(r.kind, geteuid() ? ROOT_SESSION : ROOT_SYSTEM);
}
END_TEST

static const struct {
    const char *uri, *says;
} refused[] = {
    { "qemu:///embed?root=rel", "not an absolute path" },
    { "qemu:///embed?root=", "not an absolute path" },
    { "qemu:///embed", "no root is named" },
    { "qemu:///embed?root=/a%0", "%XX" },
    { "qemu:///embed?root=/a%00b", "%XX" },
    { "qemu:///nothing", "no such path" },
    { "qemu:///", "no such path" },
    { "qemu://host/system", "qemu+ssh://host/" },
    { "qemu+tcp://host:16509/system", "qemu+ssh://host:16509/" },
    { "qemu+tls:///system", "not supported" },
    { "qemu+ssh://u@host/system", "another host" },
    { "xen:///system", "not a QEMU one" },
    { "qemux:///system", "not a QEMU one" },
    { "/etc", "not a QEMU one" },
};

START_TEST(other_uris_are_refused_with_a_remedy)
{
    struct root r;
    ck_assert(!root_init(&r, a, refused[_i].uri, &e));
    ck_assert_int_eq(e.status, ST_USAGE);
    ck_assert_msg(strstr(e.text, refused[_i].says), "%s: %s", refused[_i].uri, e.text);
}
END_TEST

static const char *path(const char *name)
{
    return arena_printf(a, "%s/%s", tmp, name);
}

START_TEST(directories_of_ours_are_made_closed)
{
    struct root r;
    struct stat st;
    ck_assert(root_init(&r, a, arena_printf(a, "qemu:///embed?root=%s/new", tmp), &e));
    ck_assert_int_lt(root_open(&r, ROOT_STATE, false, &e), 0);
    ck_assert_int_eq(e.status, ST_NOENT);
    autoclose int fd = root_open(&r, ROOT_STATE, true, &e);
    ck_assert_msg(fd >= 0, "%s", e.text);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(stat(arena_printf(a, "%s/new/lib", tmp), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, geteuid() ? 0700 : 0755);
}
END_TEST

START_TEST(a_way_that_others_can_write_to_is_refused)
{
    ck_assert_int_eq(mkdir(path("open"), 0755), 0);
    ck_assert_int_eq(chmod(path("open"), 0777), 0);
    ck_assert_int_lt(dir_open_trusted(path("open/in"), 0700, 0700, true, &e), 0);
    ck_assert_int_eq(e.status, ST_PERM);
    ck_assert_ptr_nonnull(strstr(e.text, "'open' on the way is writable by everyone"));
    ck_assert_int_eq(chmod(path("open"), 01777), 0);
    autoclose int fd = dir_open_trusted(path("open/in"), 0700, 0700, true, &e);
    ck_assert_msg(fd >= 0, "%s", e.text);
}
END_TEST

START_TEST(a_directory_that_lets_others_in_is_refused)
{
    ck_assert_int_eq(mkdir(path("d"), 0755), 0);
    ck_assert_int_lt(dir_open_trusted(path("d"), 0, 0700, true, &e), 0);
    ck_assert_int_eq(e.status, ST_PERM);
    ck_assert_ptr_nonnull(strstr(e.text, "chmod 0700"));
    autoclose int fd = dir_open_trusted(path("d"), 0, 0700, false, &e);
    ck_assert_msg(fd >= 0, "%s", e.text);
}
END_TEST

START_TEST(a_strangers_directory_is_refused)
{
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(mkdir(path("s"), 0700), 0);
    ck_assert_int_eq(chown(path("s"), 65534, 65534), 0);
    ck_assert_int_lt(dir_open_trusted(path("s/in"), 0700, 0700, true, &e), 0);
    ck_assert_int_eq(e.status, ST_PERM);
    ck_assert_ptr_nonnull(strstr(e.text, "belongs to user id 65534"));
}
END_TEST

START_TEST(links_are_followed_and_their_way_is_checked)
{
    ck_assert_int_eq(mkdir(path("real"), 0700), 0);
    ck_assert_int_eq(mkdir(path("bad"), 0700), 0);
    ck_assert_int_eq(chmod(path("bad"), 0777), 0);
    ck_assert_int_eq(symlink("real", path("good")), 0);
    ck_assert_int_eq(symlink(path("bad/x"), path("evil")), 0);
    ck_assert_int_eq(symlink("loop", path("loop")), 0);
    autoclose int fd = dir_open_trusted(path("good/in"), 0700, 0700, true, &e);
    ck_assert_msg(fd >= 0, "%s", e.text);
    ck_assert_int_eq(access(path("real/in"), F_OK), 0);
    ck_assert_int_lt(dir_open_trusted(path("evil/in"), 0700, 0700, true, &e), 0);
    ck_assert_int_eq(e.status, ST_PERM);
    ck_assert_int_lt(dir_open_trusted(path("loop/in"), 0700, 0700, true, &e), 0);
}
END_TEST

START_TEST(a_file_on_the_way_is_an_error)
{
    FILE *f = fopen(path("file"), "w");
    fclose(f);
    ck_assert_int_lt(dir_open_trusted(path("file/in"), 0700, 0700, true, &e), 0);
    ck_assert_int_eq(e.status, ST_FAILED);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("root");
    TCase *t = tcase_create("root");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, system_root_is_libvirts);
    tcase_add_test(t, session_root_is_below_the_xdg_directories);
    tcase_add_test(t, session_root_without_runtime_directory_is_below_the_cache);
    tcase_add_test(t, embed_root_is_decoded);
    tcase_add_test(t, unix_transport_means_the_same);
    tcase_add_test(t, environment_names_the_root);
    tcase_add_loop_test(t, other_uris_are_refused_with_a_remedy, 0, sizeof refused / sizeof *refused);
    tcase_add_test(t, directories_of_ours_are_made_closed);
    tcase_add_test(t, a_way_that_others_can_write_to_is_refused);
    tcase_add_test(t, a_directory_that_lets_others_in_is_refused);
    tcase_add_test(t, a_strangers_directory_is_refused);
    tcase_add_test(t, links_are_followed_and_their_way_is_checked);
    tcase_add_test(t, a_file_on_the_way_is_an_error);
    suite_add_tcase(s, t);
    return run_suite(s);
}
