/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcore/xml, by a small vocabulary of its own, and libcore/domain outside devices. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/clock.h"
#include "domain/cpu.h"
#include "domain/domain.h"
#include "domain/features.h"
#include "domain/general.h"
#include "domain/os.h"
#include "domain/qemu_ns.h"
#include "suite.h"

enum colour { COLOUR_UNSET, RED, GREEN };
static const char *const colours[] = { NULL, "red", "green" };

struct leaf {
    struct meta meta;
    const char *name;
    struct num size;
};
static const struct field leaf_fields[] = {
    { "@name", K_STR, AT(struct leaf, name), .flags = F_REQUIRED },
    { "@size", K_SIZE, AT(struct leaf, size) },
};
static const struct element leaf_element = { "leaf", sizeof(struct leaf), FIELDS(leaf_fields) };

struct tree {
    struct meta meta;
    enum colour colour;
    enum tri tall;
    struct num height, code, memory;
    struct inum depth;
    const char *uuid, *text, *deep, *raw, *secret, *live;
    enum tri flag;
    LIST(struct leaf) leaves;
    LIST(const char) words;
    struct leaf *top;
};
static const struct field tree_fields[] = {
    { "@colour", K_ENUM, AT(struct tree, colour), NAMES(colours) },
    { "@tall", K_YESNO, AT(struct tree, tall) },
    { "@live", K_STR, AT(struct tree, live), .flags = F_READONLY },
    { "@secret", K_STR, AT(struct tree, secret), .flags = F_SECRET },
    { "height", K_U32, AT(struct tree, height), .max = 100 },
    { "code", K_HEX, AT(struct tree, code), .width = 4 },
    { "depth", K_I64, AT(struct tree, depth) },
    { "memory", K_SIZE, AT(struct tree, memory) },
    { "uuid", K_UUID, AT(struct tree, uuid) },
    { "text", K_STR, AT(struct tree, text), .flags = F_EMPTY_OK },
    { "trunk/root@deep", K_STR, AT(struct tree, deep) },
    { "flag", K_FLAG, AT(struct tree, flag) },
    { "leaves/leaf", K_LIST, AT(struct tree, leaves), .sub = &leaf_element },
    { "word", K_STRS, AT(struct tree, words) },
    { "top", K_STRUCT, AT(struct tree, top), .sub = &leaf_element, .flags = F_NO_EMPTY },
    { "raw", K_RAW, AT(struct tree, raw) },
};
static const struct element tree_element = { "tree", sizeof(struct tree), FIELDS(tree_fields) };

static struct arena *arena;
static struct err err;
static struct notes notes;
static struct parse parse;

static void setup(void)
{
    arena = arena_new();
    err = (struct err){ 0 };
    notes = (struct notes){ .arena = arena };
    parse = (struct parse){ .arena = arena, .file = "t.xml", .notes = &notes, .err = &err };
}

static void teardown(void)
{
    arena_free(arena);
}

static struct tree *tree_of(const char *text)
{
    return xml_parse(&tree_element, "tree", text, strlen(text), &parse);
}

static const char *printed(const struct tree *t, unsigned flags)
{
    struct str s = STR_INIT;
    xml_print(&tree_element, "tree", t, &s, 0, flags);
    const char *copy = arena_strdup(arena, str_text(&s));
    str_release(&s);
    return copy;
}

static const char *const whole =
    "<tree colour='green' tall='no'>\n"
    "  <height>17</height>\n"
    "  <code>0x00ff</code>\n"
    "  <depth>-3</depth>\n"
    "  <memory unit='KiB'>2048</memory>\n"
    "  <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>\n"
    "  <text>a &lt; b &amp; c</text>\n"
    "  <trunk>\n"
    "    <root deep='it&apos;s'/>\n"
    "  </trunk>\n"
    "  <flag/>\n"
    "  <leaves>\n"
    "    <leaf name='a' size='4' unit='KiB'/>\n"
    "    <leaf name='b'/>\n"
    "  </leaves>\n"
    "  <word>one</word>\n"
    "  <word>two</word>\n"
    "  <top name='t'/>\n"
    "  <raw a=\"1\"><b/>text</raw>\n"
    "</tree>\n";

START_TEST(document_comes_back_as_it_was)
{
    struct tree *t = tree_of(whole);
    ck_assert_msg(t != NULL, "%s", err.text);
    ck_assert_str_eq(printed(t, 0), whole);
    ck_assert_uint_eq(notes.n, 0);
}
END_TEST

START_TEST(copy_is_independent_and_equal)
{
    struct tree *t = tree_of(whole);
    struct tree *copy = xml_copy(&tree_element, t, arena);
    t->leaves.v[0]->name = "changed";
    ck_assert_str_eq(printed(copy, 0), whole);
}
END_TEST

START_TEST(sizes_are_rounded_up_to_their_unit)
{
    static const struct {
        const char *text;
        uint64_t kib;
    } rows[] = {
        { "<memory>5</memory>", 5 },           { "<memory unit='b'>1025</memory>", 2 },
        { "<memory unit='KB'>1</memory>", 1 }, { "<memory unit='M'>1</memory>", 1024 },
        { "<memory unit='GiB'> 2 </memory>", 2 << 20 },
    };
    struct tree *t = tree_of(arena_printf(arena, "<tree>%s</tree>", rows[_i].text));
    ck_assert_msg(t && t->memory.set, "%s", err.text);
    ck_assert_uint_eq(t->memory.v, rows[_i].kib);
}
END_TEST

START_TEST(wrong_values_are_named_with_file_and_line)
{
    static const char *const rows[][2] = {
        { "<tree\ncolour='blue'/>", "t.xml:2: <tree> colour 'blue': not one of red, green" },
        { "<tree tall='maybe'/>", "t.xml:1: <tree> tall 'maybe': not one of yes, no" },
        { "<tree>\n\n<height>101</height></tree>", "t.xml:3: <height> '101': more than 100" },
        { "<tree><height>-1</height></tree>", "t.xml:1: <height> '-1': not a number of 0 or more" },
        { "<tree><depth>x</depth></tree>", "t.xml:1: <depth> 'x': not a number" },
        { "<tree><uuid>123</uuid></tree>", "t.xml:1: <uuid> '123': not a UUID" },
        { "<tree><memory unit='elephants'>1</memory></tree>",
          "t.xml:1: <memory> unit 'elephants': not one of b, KB, KiB, MB, MiB, GB, GiB, TB, TiB" },
        { "<tree><memory unit='TiB'>99999999999999</memory></tree>", "t.xml:1: <memory> '99999999999999': too large" },
        { "<tree><leaves>\n<leaf/></leaves></tree>", "t.xml:2: <leaf>: attribute name is missing" },
        { "<bush/>", "t.xml:1: <bush> found where <tree> is wanted" },
    };
    ck_assert(!tree_of(rows[_i][0]));
    ck_assert_str_eq(err.text, rows[_i][1]);
    ck_assert_int_eq(err.status, ST_FAILED);
}
END_TEST

START_TEST(unknown_words_are_kept_and_named)
{
    const char *text = "<tree age='7'>\n"
                       "  <height unit='m'>3</height>\n"
                       "  <trunk>\n"
                       "    <bark rough='yes'/>\n"
                       "  </trunk>\n"
                       "  <nest><egg/></nest>\n"
                       "</tree>\n";
    struct tree *t = tree_of(text);
    ck_assert(t != NULL);
    const char *out = printed(t, 0);
    ck_assert(strstr(out, "<tree age='7'>") && strstr(out, "<height unit='m'>3</height>"));
    ck_assert(strstr(out, "<bark rough=\"yes\"/>") && strstr(out, "<nest><egg/></nest>"));
    ck_assert_uint_eq(notes.n, 4);
    ck_assert_str_eq(notes.text[0], "t.xml:1: <tree>: unknown attribute age is kept, but has no effect");
    ck_assert_str_eq(printed(tree_of(out), 0), out);
}
END_TEST

START_TEST(unknown_words_are_errors_when_strict)
{
    parse.strict = true;
    ck_assert(!tree_of("<tree>\n<nest/></tree>"));
    ck_assert_str_eq(err.text, "t.xml:2: <tree>: unknown element <nest>");
}
END_TEST

START_TEST(live_and_secret_values_are_printed_on_demand)
{
    struct tree *t = tree_of("<tree live='1' secret='2'/>");
    ck_assert_str_eq(printed(t, 0), "<tree/>\n");
    ck_assert_str_eq(printed(t, PRINT_LIVE), "<tree live='1'/>\n");
    ck_assert_str_eq(printed(t, PRINT_LIVE | PRINT_SECRETS), "<tree live='1' secret='2'/>\n");
}
END_TEST

START_TEST(struct_without_content_can_be_left_out)
{
    struct tree *t = tree_of("<tree/>");
    t->top = arena_alloc(arena, sizeof *t->top);
    ck_assert_str_eq(printed(t, 0), "<tree/>\n");
}
END_TEST

START_TEST(hostile_documents_are_refused)
{
    static const char *const rows[][2] = {
        { "<!DOCTYPE tree [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
          "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><tree><text>&c;</text></tree>",
          "entity" },
        { "<!DOCTYPE tree [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><tree><text>&x;</text></tree>", "document type" },
        { "<!DOCTYPE tree SYSTEM 'http://127.0.0.1:1/x.dtd'><tree/>", "document type" },
        { "<tree><text>&unknown;</text></tree>", "not well-formed" },
        { "<tree><height>1</tree>", "not well-formed" },
        { "", "not well-formed" },
        { "<tree", "not well-formed" },
        { "<tree x:y='1'/>", "not well-formed" },
        { "<tree>\xff\xfe</tree>", "not well-formed" },
    };
    ck_assert(!tree_of(rows[_i][0]));
    ck_assert_msg(strstr(err.text, rows[_i][1]) != NULL, "%s", err.text);
    ck_assert(str_starts(err.text, "t.xml:"));
}
END_TEST

START_TEST(documents_beyond_the_limit_are_refused_unread)
{
    size_t n = XML_MAX_BYTES + 1;
    char *text = malloc(n);
    memset(text, ' ', n);
    ck_assert(!xml_parse(&tree_element, "tree", text, n, &parse));
    ck_assert_str_eq(err.text, "t.xml: larger than 16 MiB");
    free(text);
}
END_TEST

START_TEST(documents_may_not_be_nested_without_end)
{
    autostr struct str s = STR_INIT;
    for (int i = 0; i < 100000; i++)
        str_add(&s, "<tree>");
    ck_assert(!tree_of(str_text(&s)));
    ck_assert(err.text[0]);
}
END_TEST

static void visit(const char *path, void *data)
{
    bool *seen = data;
    seen[0] |= strcmp(path, "tree/trunk/root@deep") == 0;
    seen[1] |= strcmp(path, "tree/leaves/leaf/@name") == 0;
}

START_TEST(words_list_every_path)
{
    bool seen[2] = { false, false };
    xml_words(&tree_element, "tree", visit, seen);
    ck_assert(seen[0] && seen[1]);
}
END_TEST

static struct domain *domain_of(const char *attributes, const char *inside)
{
    const char *text = arena_printf(arena, "<domain type='qemu'%s><name>n</name>%s</domain>", attributes, inside);
    return domain_parse(text, strlen(text), &parse);
}

static const char *domain_text(const struct domain *d)
{
    struct str s = STR_INIT;
    domain_print(d, &s, 0);
    const char *copy = arena_strdup(arena, str_text(&s));
    str_release(&s);
    return copy;
}

START_TEST(qemu_namespace_is_found_by_its_uri)
{
    static const char *const rows[][2] = {
        { " xmlns:qemu='" QEMU_NAMESPACE "'", "<qemu:commandline><qemu:arg value='-x'/></qemu:commandline>" },
        { " xmlns:q='" QEMU_NAMESPACE "'", "<q:commandline><q:arg value='-x'/></q:commandline>" },
        { "", "<a:commandline xmlns:a='" QEMU_NAMESPACE "'><a:arg value='-x'/></a:commandline>" },
        { " xmlns:qemu='urn:other'", "<a:commandline xmlns:a='" QEMU_NAMESPACE "'><a:arg value='-x'/></a:commandline>" },
    };
    struct domain *d = domain_of(rows[_i][0], rows[_i][1]);
    ck_assert_msg(d && d->qemu_commandline && d->qemu_commandline->args.n == 1, "%s", err.text);
    ck_assert_str_eq(d->qemu_commandline->args.v[0]->value, "-x");
    const char *out = domain_text(d);
    ck_assert(strstr(out, "xmlns:qemu='" QEMU_NAMESPACE "'") && strstr(out, "<qemu:arg value='-x'/>"));
    ck_assert(domain_parse(out, strlen(out), &parse) != NULL);
}
END_TEST

START_TEST(elements_of_other_namespaces_have_no_effect)
{
    struct domain *d = domain_of(" xmlns:x='urn:x'", "<x:commandline><x:arg value='-x'/></x:commandline>");
    ck_assert(d && !d->qemu_commandline && notes.n == 1);
    const char *out = domain_text(d);
    ck_assert(strstr(out, "xmlns:x='urn:x'") && strstr(out, "<x:arg value=\"-x\"/>"));
    ck_assert(domain_parse(out, strlen(out), &parse) != NULL);
}
END_TEST

START_TEST(undeclared_namespaces_are_refused)
{
    ck_assert(!domain_of("", "<qemu:commandline/>"));
    ck_assert_msg(strstr(err.text, "t.xml:1:") && strstr(err.text, "qemu"), "%s", err.text);
}
END_TEST

START_TEST(overridden_properties_have_values_of_their_type)
{
    static const char *const rows[] = {
        "type='unsigned' value='-1'", "type='unsigned' value='0x10'", "type='signed' value='a'",
        "type='bool' value='yes'",    "type='string'",                "type='number' value='1'",
    };
    const char *inside = arena_printf(arena,
                                      "<qemu:override><qemu:device alias='ua-x'><qemu:frontend><qemu:property name='p' %s/>"
                                      "</qemu:frontend></qemu:device></qemu:override>", rows[_i]);
    ck_assert(!domain_of(" xmlns:qemu='" QEMU_NAMESPACE "'", inside));
    ck_assert_msg(strstr(err.text, "<qemu:property>") != NULL, "%s", err.text);
}
END_TEST

START_TEST(feature_without_state_is_on)
{
    struct domain *d = domain_of("", "<features><acpi/><pmu/><vmport state='off'/></features>");
    ck_assert(d && d->features->pmu == TRI_YES && d->features->vmport == TRI_NO && d->features->acpi == TRI_YES);
    ck_assert(strstr(domain_text(d), "<pmu state='on'/>") != NULL);
}
END_TEST

START_TEST(empty_parts_are_there_and_not_printed)
{
    struct domain *d = domain_of("", "");
    ck_assert(d && d->os && d->features && d->clock && d->devices);
    ck_assert(!strstr(domain_text(d), "features") && !strstr(domain_text(d), "devices"));
}
END_TEST

START_TEST(sets_of_cpus_are_spelled_in_one_way)
{
    static const char *const rows[][2] = {
        { "0", "0" },     { "0-3", "0-3" }, { "3,2,1,0", "0-3" }, { "0-7,^3", "0-2,4-7" }, { " 1 , 5-6", "1,5-6" },
        { "0-3,2-5", "0-5" },
    };
    ck_assert_str_eq(cpuset_normal(arena, rows[_i][0]), rows[_i][1]);
}
END_TEST

START_TEST(sets_of_cpus_of_other_forms_are_refused)
{
    static const char *const rows[] = { "", "a", "3-1", "1,", "-1", "1--2", "99999999", "^", "1-2-3", "1;2" };
    ck_assert(!cpuset_valid(rows[_i]));
    ck_assert_int_eq(cpuset_next(rows[_i], -1), -1);
}
END_TEST

#define ENUM(e) { e##_names, sizeof e##_names / sizeof *e##_names }
START_TEST(every_enum_value_has_a_name_that_leads_back)
{
    const struct {
        const char *const *names;
        size_t n;
    } rows[] = { ENUM(domain_type), ENUM(lifecycle_action), ENUM(memory_source), ENUM(numa_mode), ENUM(os_firmware),
                 ENUM(boot_dev), ENUM(cpu_mode), ENUM(cpu_policy), ENUM(clock_offset), ENUM(timer_name), ENUM(tickpolicy),
                 ENUM(gic_version), ENUM(qemu_deprecation), ENUM(qemu_property_type) };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        ck_assert_ptr_null(rows[r].names[0]);
        for (size_t i = 1; i < rows[r].n; i++)
            ck_assert_int_eq(name_index(rows[r].names, rows[r].n, rows[r].names[i]), (int)i);
        ck_assert_int_eq(name_index(rows[r].names, rows[r].n, "no such"), -1);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vocab");
    TCase *t = tcase_create("vocab");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, document_comes_back_as_it_was);
    tcase_add_test(t, copy_is_independent_and_equal);
    tcase_add_loop_test(t, sizes_are_rounded_up_to_their_unit, 0, 5);
    tcase_add_loop_test(t, wrong_values_are_named_with_file_and_line, 0, 10);
    tcase_add_test(t, unknown_words_are_kept_and_named);
    tcase_add_test(t, unknown_words_are_errors_when_strict);
    tcase_add_test(t, live_and_secret_values_are_printed_on_demand);
    tcase_add_test(t, struct_without_content_can_be_left_out);
    tcase_add_loop_test(t, hostile_documents_are_refused, 0, 9);
    tcase_add_test(t, documents_beyond_the_limit_are_refused_unread);
    tcase_add_test(t, documents_may_not_be_nested_without_end);
    tcase_add_test(t, words_list_every_path);
    tcase_add_loop_test(t, qemu_namespace_is_found_by_its_uri, 0, 4);
    tcase_add_test(t, elements_of_other_namespaces_have_no_effect);
    tcase_add_test(t, undeclared_namespaces_are_refused);
    tcase_add_loop_test(t, overridden_properties_have_values_of_their_type, 0, 6);
    tcase_add_test(t, feature_without_state_is_on);
    tcase_add_test(t, empty_parts_are_there_and_not_printed);
    tcase_add_loop_test(t, sets_of_cpus_are_spelled_in_one_way, 0, 6);
    tcase_add_loop_test(t, sets_of_cpus_of_other_forms_are_refused, 0, 10);
    tcase_add_test(t, every_enum_value_has_a_name_that_leads_back);
    suite_add_tcase(s, t);
    return run_suite(s);
}
