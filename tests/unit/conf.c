/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/conf.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "suite.h"

static struct arena *a;
static struct conf c;
static struct notes notes;
static struct err e;

static void setup(void)
{
    a = arena_new();
    notes = (struct notes){ .arena = a };
}

static void teardown(void)
{
    arena_free(a);
}

static bool parse(const char *text)
{
    return conf_parse(&c, &conf_libvirt, a, "qemu.conf", text, &notes, &e);
}

START_TEST(values_of_each_type_are_read)
{
    ck_assert_msg(parse("# a comment\n\nuser = \"libvirt-qemu\"  # behind it\nmax_files = 0\n"
                        "cgroup_device_acl = [\n  \"/dev/null\", # one\n  \"/dev/zero\",\n]\n"),
                  "%s", e.text);
    ck_assert_str_eq(conf_text(&c, "user"), "libvirt-qemu");
    ck_assert_int_eq(conf_number(&c, "max_files"), 0);
    const struct conf_value *v = conf_get(&c, "cgroup_device_acl");
    ck_assert_ptr_nonnull(v);
    ck_assert_uint_eq(v->list.n, 2);
    ck_assert_str_eq(v->list.v[1], "/dev/zero");
    ck_assert_uint_eq(notes.n, 0);
}
END_TEST

START_TEST(what_is_not_set_falls_back)
{
    ck_assert(parse(""));
    ck_assert_str_eq(conf_text(&c, "user"), QEMU_USER);
    ck_assert_int_eq(conf_number(&c, "remote_display_port_min"), 5900);
    ck_assert_uint_gt(conf_value(&c, "cgroup_device_acl")->list.n, 6);
    ck_assert_int_eq(conf_value(&c, "user")->line, 0);
    ck_assert_ptr_null(conf_get(&c, "user"));
}
END_TEST

START_TEST(a_missing_file_is_an_empty_one)
{
    ck_assert(conf_read(&c, &conf_libvirt, a, "/nonexistent/qemu.conf", &notes, &e));
    ck_assert_uint_eq(c.values.n, 0);
}
END_TEST

START_TEST(unknown_keys_are_noted_with_their_line)
{
    ck_assert(parse("user = \"root\"\nno_such_key = 1\n"));
    ck_assert_uint_eq(notes.n, 1);
    ck_assert_ptr_nonnull(strstr(notes.text[0], "qemu.conf:2"));
    ck_assert_ptr_nonnull(strstr(notes.text[0], "no_such_key"));
}
END_TEST

static const char *const broken[] = { "user\n",        "user =\n",          "user = \"x\n", "user = [ \"a\"\n", "user = nonsense\n",
                                      "= 1\n",         "user = 1\n",        "max_files = \"x\"\n",       "remote_display_port_min = 80\n",
                                      "cgroup_device_acl = 1\n", "user = \"a\" \"b\"\n" };

START_TEST(mistakes_are_named_with_file_and_line)
{
    ck_assert_msg(!parse(broken[_i]), "%s", broken[_i]);
    ck_assert_msg(strncmp(e.text, "qemu.conf:", 10) == 0, "%s", e.text);
}
END_TEST

START_TEST(a_check_names_every_mistake)
{
    struct notes faults = { .arena = a };
    ck_assert(!conf_check(&c, &conf_libvirt, a, "qemu.conf", "user = 1\nnonsense\nvnc_listen = \"::\"\ndynamic_ownership = 2\n", &notes, &faults));
    ck_assert_uint_eq(faults.n, 3);
    ck_assert_msg(strncmp(faults.text[2], "qemu.conf:4:", 12) == 0, "%s", faults.text[2]);
    ck_assert_str_eq(conf_text(&c, "vnc_listen"), "::");
}
END_TEST

START_TEST(a_word_may_stand_for_a_number)
{
    ck_assert_msg(parse("max_core = \"unlimited\"\n"), "%s", e.text);
    ck_assert_int_eq(conf_number(&c, "max_core"), -1);
    ck_assert(!parse("max_core = \"much\"\n"));
}
END_TEST

START_TEST(built_in_values_are_of_their_keys_type_and_range)
{
    for (size_t i = 0; i < conf_libvirt.n; i++) {
        const struct conf_key *k = &conf_libvirt.keys[i];
        if (!k->honoured)
            continue;
        ck_assert_msg(k->fallback.type == k->type, "%s", k->name);
        if (k->type == CONF_NUMBER && k->fallback.text)
            ck_assert_msg(k->fallback.number >= k->min && k->fallback.number <= k->max, "%s", k->name);
    }
}
END_TEST

START_TEST(users_are_found_by_name_and_number)
{
    uid_t uid;
    gid_t gid;
    ck_assert(user_id("root", &uid) && uid == 0);
    ck_assert(user_id("+123", &uid) && uid == 123);
    ck_assert(group_id("123", &gid) && gid == 123);
    ck_assert(!user_id("no-such-user-here", &uid));
    ck_assert(!user_id("", &uid));
}
END_TEST

START_TEST(qemus_user_that_is_not_there_is_an_error)
{
    uid_t uid;
    gid_t gid;
    ck_assert(parse("user = \"+42\"\ngroup = \"+43\"\n"));
    ck_assert(conf_qemu_ids(&c, &uid, &gid, &e));
    ck_assert(uid == 42 && gid == 43);
    ck_assert(parse("\nuser = \"no-such-user-here\"\n"));
    ck_assert(!conf_qemu_ids(&c, &uid, &gid, &e));
    ck_assert_ptr_nonnull(strstr(e.text, "qemu.conf:2"));
}
END_TEST

START_TEST(debians_own_file_is_read_without_a_note)
{
    if (access("/etc/libvirt/qemu.conf", R_OK) != 0)
        return;
    ck_assert_msg(conf_read(&c, &conf_libvirt, a, "/etc/libvirt/qemu.conf", &notes, &e), "%s", e.text);
    ck_assert_msg(notes.n == 0, "%s", notes.n ? notes.text[0] : "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("conf");
    TCase *t = tcase_create("conf");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, values_of_each_type_are_read);
    tcase_add_test(t, what_is_not_set_falls_back);
    tcase_add_test(t, a_missing_file_is_an_empty_one);
    tcase_add_test(t, unknown_keys_are_noted_with_their_line);
    tcase_add_loop_test(t, mistakes_are_named_with_file_and_line, 0, sizeof broken / sizeof *broken);
    tcase_add_test(t, a_check_names_every_mistake);
    tcase_add_test(t, a_word_may_stand_for_a_number);
    tcase_add_test(t, built_in_values_are_of_their_keys_type_and_range);
    tcase_add_test(t, users_are_found_by_name_and_number);
    tcase_add_test(t, qemus_user_that_is_not_there_is_an_error);
    tcase_add_test(t, debians_own_file_is_read_without_a_note);
    suite_add_tcase(s, t);
    return run_suite(s);
}
