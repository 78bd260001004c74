/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/caps.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json_pull.h"
#include "qemu/arch.h"
#include "qemu/caps_digest.h"
#include "qemu/caps_get.h"
#include "suite.h"

static struct err e;

/* --- the image ----------------------------------------------------------------------------- */

static const char *const lines[][3] = {
    { "fact", "version", "7002000" },
    { "fact", "machine", "pc-i440fx-7.2" },
    { "fact", "accel", "tcg" },
    { "alias", "pc", "pc-i440fx-7.2" },
    { "machine", "pc-i440fx-7.2", "max=255 alias=pc cpu=qemu64-x86_64-cpu ram=pc.ram hotplug numa default" },
    { "machine", "pc-q35-9.0", "max=288 acpi=yes deprecated" },
    { "device", "virtio-blk-pci", "iothread=link<iothread> serial=str bare" },
    { "device", "virtio-blk", "?" },
    { "device", "virtio-blk-pci-transitional", "x=y" },
    { "qom", "memory-backend-memfd", "memory-backend" },
    { "option", "spice", "gl=boolean port=number" },
    { "command", "blockdev-add", ":1 >2 $allow-oob" },
    { "event", "SHUTDOWN", ":3" },
    { "type", "1", "~driver .driver:4 .read-only:bool? +file:5 +nbd:6" },
    { "type", "3", ".guest:bool$deprecated .reason:str" },
    { "type", "4", "=file =nbd$new" },
    { "type", "5", ".filename:str .aio:7? .chain:[8]" },
    { "type", "7", "=native =io_uring" },
    { "type", "8", "|str |5 |9" },
    { "type", "9", "|8 |9" },
    { "cpu", "EPYC", "type=EPYC-x86_64-cpu usable=no missing=sha-ni,xsavec alias=EPYC-v1 migratable" },
    { "cpu", "pentium", "usable=yes" },
    { "cpu", "cortex-a15", "" },
    { "expansion", "max", "sse=true avx=false vendor=AuthenticAMD level=13" },
};

static void image_of(struct str *image)
{
    struct caps_writer *w = caps_writer_new();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert(caps_put(w, lines[i][0], lines[i][1], lines[i][2]));
    caps_write(w, image);
    caps_writer_free(w);
}

static struct caps *sample(void)
{
    autostr struct str image = STR_INIT;
    image_of(&image);
    struct caps *c = caps_load(image.p, image.len, &e);
    ck_assert_ptr_nonnull(c);
    return c;
}

START_TEST(every_line_is_found)
{
    struct caps *c = sample();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *name, *value;
        bool found = false;
        for (size_t at = 0; caps_each(c, lines[i][0], &at, &name, &value);)
            found |= streq(name, lines[i][1]) && streq(value, lines[i][2]);
        ck_assert_msg(found, "%s %s", lines[i][0], lines[i][1]);
    }
    caps_free(c);
}
END_TEST

START_TEST(facts_of_devices_and_options)
{
    struct caps *c = sample();
    ck_assert_uint_eq(caps_version(c), 7002000);
    ck_assert_ptr_null(caps_fact(c, "package"));
    ck_assert(caps_device(c, "virtio-blk") && caps_device(c, "virtio-blk-pci") && !caps_device(c, "virtio-bl"));
    ck_assert(caps_prop(c, "virtio-blk-pci", "iothread") && caps_prop(c, "virtio-blk-pci", "bare"));
    ck_assert(!caps_prop(c, "virtio-blk-pci", "iothrea") && !caps_prop(c, "virtio-blk-pci", "iothread2") && !caps_prop(c, "x", "y"));
    ck_assert_str_eq(caps_prop_type(c, "virtio-blk-pci", "iothread"), "link<iothread>");
    ck_assert_ptr_null(caps_prop_type(c, "virtio-blk", "iothread"));
    ck_assert(caps_object(c, "memory-backend-memfd") && !caps_object(c, "memory-backend"));
    ck_assert(caps_option(c, "spice", NULL) && caps_option(c, "spice", "gl") && !caps_option(c, "spice", "g") && !caps_option(c, "vnc", NULL));
    ck_assert(caps_command(c, "blockdev-add") && !caps_command(c, "SHUTDOWN") && caps_event(c, "SHUTDOWN"));
    ck_assert(!caps_kvm(c));
    caps_free(c);
}
END_TEST

START_TEST(machines_by_name_alias_and_default)
{
    struct caps *c = sample();
    const struct caps_machine *m = caps_machine(c, "pc");
    ck_assert_ptr_nonnull(m);
    ck_assert_ptr_eq(m, caps_machine(c, NULL));
    ck_assert_ptr_eq(m, caps_machine(c, "pc-i440fx-7.2"));
    ck_assert_str_eq(m->name, "pc-i440fx-7.2");
    ck_assert_str_eq(m->alias, "pc");
    ck_assert_str_eq(m->ram_id, "pc.ram");
    ck_assert(m->cpu_max == 255 && m->hotpluggable_cpus && m->numa_mem && m->is_default && !m->deprecated && m->acpi == -1);
    m = caps_machine(c, "pc-q35-9.0");
    ck_assert(m->cpu_max == 288 && m->acpi == 1 && m->deprecated && !m->alias && !m->is_default);
    ck_assert_ptr_null(caps_machine(c, "q35"));
    caps_free(c);
}
END_TEST

START_TEST(cpus_usable_or_not_or_untold)
{
    struct caps *c = sample();
    const struct caps_cpu *cpu = caps_cpu(c, "EPYC");
    ck_assert(cpu->usable == 0 && cpu->migratable && !cpu->deprecated);
    ck_assert_str_eq(cpu->missing, "sha-ni,xsavec");
    ck_assert_str_eq(cpu->alias_of, "EPYC-v1");
    ck_assert_int_eq(caps_cpu(c, "pentium")->usable, 1);
    ck_assert_int_eq(caps_cpu(c, "cortex-a15")->usable, -1);
    ck_assert_ptr_null(caps_cpu(c, "host"));
    ck_assert_str_eq(caps_cpu_feature(c, "max", "sse"), "true");
    ck_assert_str_eq(caps_cpu_feature(c, "max", "vendor"), "AuthenticAMD");
    ck_assert_ptr_null(caps_cpu_feature(c, "max", "mmx"));
    caps_free(c);
}
END_TEST

static const struct {
    const char *path;
    bool is;
} schema_rows[] = {
    { "blockdev-add", true },
    { "blockdev-add/$allow-oob", true },
    { "blockdev-add/$json-cli", false },
    { "blockdev-add/arg", true },
    { "blockdev-add/arg/read-only", true },
    { "blockdev-add/arg/read", false },
    { "blockdev-add/arg/driver/=nbd", true },
    { "blockdev-add/arg/driver/=nbd/$new", true },
    { "blockdev-add/arg/driver/=file/$new", false },
    { "blockdev-add/arg/driver/=qcow2", false },
    { "blockdev-add/arg/+file", true },
    { "blockdev-add/arg/+file/aio/=io_uring", true },
    { "blockdev-add/arg/+file/aio/=threads", false },
    { "blockdev-add/arg/+nbd/host", false },
    { "blockdev-add/arg/+qcow2", false },
    { "blockdev-add/arg/+file/chain/filename", true },      /* through array and alternate */
    { "blockdev-add/arg/+file/chain/chain/chain/aio", true },
    { "blockdev-add/arg/+file/chain/nothing", false },      /* alternates that name each other */
    { "blockdev-add/data", false },
    { "SHUTDOWN/data/guest", true },
    { "SHUTDOWN/data/guest/$deprecated", true },
    { "SHUTDOWN/data/reason/$deprecated", false },
    { "SHUTDOWN/ret", false },
    { "quit", false },
    { "", false },
    { "/", false },
    { "blockdev-add//", false },
};

START_TEST(schema_paths)
{
    struct caps *c = sample();
    ck_assert_msg(caps_schema(c, schema_rows[_i].path) == schema_rows[_i].is, "%s", schema_rows[_i].path);
    caps_free(c);
}
END_TEST

START_TEST(enums_by_name)
{
    struct caps *c = sample();
    ck_assert(caps_enum(c, "BlockdevDriver", "nbd") && !caps_enum(c, "BlockdevDriver", "ssh"));
    ck_assert(caps_enum_known(c, "BlockdevDriver") && !caps_enum_known(c, "AudiodevDriver") && !caps_enum_known(c, "Nonsense"));
    ck_assert(!caps_enum(c, "Nonsense", "x") && !caps_enum(c, "BlockdevDriver", "nbd/$new"));
    caps_free(c);
}
END_TEST

START_TEST(what_is_no_image_is_refused)
{
    static const char *const texts[] = { "", "!", "!vmutils-caps 2\n", "<domain/>", "!vmutils-caps 1" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_ptr_null(caps_load(texts[i], strlen(texts[i]), &e));
        ck_assert_ptr_nonnull(strstr(e.text, "caps-probe --export"));
    }
    ck_assert_ptr_null(caps_read("/nonexistent/x.caps", &e));
    ck_assert_int_eq(e.status, ST_NOENT);
    ck_assert_ptr_nonnull(strstr(e.text, "/nonexistent/x.caps"));
}
END_TEST

/* Every way to cut or to spoil an image: answers may be wrong, but nothing reads beside it (ASan tells). */
static void ask_everything(const char *image, size_t n)
{
    struct caps *c = caps_load(image, n, &e);
    const char *name, *value;
    if (!c)
        return;
    caps_device(c, "virtio-blk-pci");
    caps_prop(c, "zzz", "x");
    caps_machine(c, "pc");
    caps_cpu(c, "EPYC");
    caps_host_model(c);
    for (size_t i = 0; i < sizeof schema_rows / sizeof *schema_rows; i++)
        caps_schema(c, schema_rows[i].path);
    for (size_t at = 0; caps_each(c, "type", &at, &name, &value);)
        ;
    caps_free(c);
}

START_TEST(a_spoilt_image_is_harmless)
{
    static const char spoil[] = { '\n', '\t', ' ', 0, '|', '[', '\xff' };
    autostr struct str image = STR_INIT;
    image_of(&image);
    for (size_t n = 0; n <= image.len; n++) {
        char *exact = malloc(n + 1);
        memcpy(exact, image.p, n);
        ask_everything(exact, n);
        exact[n ? n - 1 : 0] = spoil[n % sizeof spoil];
        ask_everything(exact, n);
        free(exact);
    }
}
END_TEST

START_TEST(what_would_break_a_line_is_left_out)
{
    struct caps_writer *w = caps_writer_new();
    autostr struct str image = STR_INIT;
    ck_assert(!caps_put(w, "device", "a b", "") && !caps_put(w, "device", "a\nqom", "") && !caps_put(w, "device", "", "x"));
    ck_assert(!caps_put(w, "device", "a", "x\ny") && !caps_put(w, "device", "a\t", ""));
    ck_assert(caps_put(w, "device", "b", "two words") && caps_put(w, "device", "b", "two words"));
    caps_write(w, &image);
    caps_writer_free(w);
    ck_assert_str_eq(image.p, "!vmutils-caps 1\ndevice b\ttwo words\n");
}
END_TEST

START_TEST(asked_devices_are_sorted)
{
    for (size_t i = 0; caps_devices[i]; i++) {
        ck_assert(caps_device_is_asked(caps_devices[i]));
        ck_assert(i == 0 || strcmp(caps_devices[i - 1], caps_devices[i]) < 0);
    }
    ck_assert(!caps_device_is_asked("nothing") && !caps_device_is_asked(""));
}
END_TEST

/* --- digesting ----------------------------------------------------------------------------- */

#define HELLO "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 5, \"minor\": 2, \"major\": 7}, \"package\": \"Some 7.2\"}, \"capabilities\": [\"oob\"]}}"

static bool tell(struct caps_digest *d, const char *line)
{
    return caps_digest_line(d, line, strlen(line), &e);
}

static unsigned question(const char *text)
{
    autostr struct str queries = STR_INIT;
    unsigned id = 0;
    caps_queries(&queries, false);
    const char *at = strstr(queries.p, text);
    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(sscanf(strstr(at, "\"id\":"), "\"id\":%u", &id), 1);
    return id;
}

static struct caps *digested(const char *command, const char *answer)
{
    struct caps_digest *d = caps_digest_new("/usr/bin/qemu-system-x86_64", "tcg");
    autostr struct str line = STR_INIT, image = STR_INIT;
    ck_assert(tell(d, HELLO));
    str_addf(&line, "{\"return\": %s, \"id\": %u}", answer, question(command));
    ck_assert_msg(tell(d, str_text(&line)), "%s", e.text);
    caps_digest_image(d, &image);
    caps_digest_free(d);
    struct caps *c = caps_load(image.p, image.len, &e);
    ck_assert_ptr_nonnull(c);
    return c;
}

START_TEST(greeting_gives_version)
{
    struct caps *c = digested("\"query-target\"", "{\"arch\": \"arm\"}");
    ck_assert_uint_eq(caps_version(c), 7002005);
    ck_assert_str_eq(caps_fact(c, "package"), "Some 7.2");
    ck_assert_str_eq(caps_fact(c, "arch"), "armv7l");
    ck_assert_str_eq(caps_fact(c, "target"), "arm");
    ck_assert_uint_eq(caps_bits(c), 32);
    caps_free(c);
}
END_TEST

START_TEST(machines_are_digested)
{
    struct caps *c = digested("\"query-machines\"",
                              "[{\"hotpluggable-cpus\": true, \"name\": \"pc-1\", \"numa-mem-supported\": true, \"cpu-max\": 255, "
                              "\"is-default\": true, \"alias\": \"pc\", \"default-ram-id\": \"pc.ram\"}, {\"name\": \"none\", \"cpu-max\": 1}]");
    ck_assert_str_eq(caps_machine(c, "pc")->name, "pc-1");
    ck_assert_ptr_eq(caps_machine(c, NULL), caps_machine(c, "pc-1"));
    ck_assert_uint_eq(caps_machine(c, "none")->cpu_max, 1);
    caps_free(c);
}
END_TEST

START_TEST(schema_is_digested)
{
    struct caps *c = digested("\"query-qmp-schema\"",
                              "[{\"name\": \"device_add\", \"ret-type\": \"0\", \"meta-type\": \"command\", \"arg-type\": \"9\", \"features\": [\"json-cli\"]},"
                              "{\"name\": \"9\", \"tag\": \"t\", \"variants\": [{\"case\": \"a\", \"type\": \"8\"}], \"members\": [{\"name\": \"t\", "
                              "\"type\": \"7\"}, {\"name\": \"u\", \"default\": null, \"type\": \"6\", \"features\": [\"deprecated\"]}], \"meta-type\": \"object\"},"
                              "{\"name\": \"8\", \"members\": [{\"name\": \"deep\", \"type\": \"str\"}], \"meta-type\": \"object\"},"
                              "{\"name\": \"7\", \"values\": [\"a\", \"b\"], \"meta-type\": \"enum\"},"
                              "{\"name\": \"5\", \"members\": [{\"name\": \"c\", \"features\": [\"f\"]}], \"meta-type\": \"enum\", \"values\": [\"c\"]},"
                              "{\"name\": \"6\", \"members\": [{\"type\": \"5\"}, {\"type\": \"8\"}], \"meta-type\": \"alternate\"},"
                              "{\"name\": \"str\", \"json-type\": \"string\", \"meta-type\": \"builtin\"}]");
    ck_assert(caps_json_device(c));
    ck_assert(caps_schema(c, "device_add/arg/t/=b") && caps_schema(c, "device_add/arg/+a/deep"));
    ck_assert(caps_schema(c, "device_add/arg/u/$deprecated") && caps_schema(c, "device_add/arg/u/=c/$f"));
    ck_assert(caps_schema(c, "device_add/arg/u/deep") && !caps_schema(c, "device_add/arg/u/=a"));
    caps_free(c);
}
END_TEST

START_TEST(cpu_models_are_asked_about)
{
    struct caps_digest *d = caps_digest_new("x", "tcg");
    autostr struct str more = STR_INIT, line = STR_INIT;
    ck_assert(tell(d, HELLO));
    str_addf(&line, "{\"id\": %u, \"return\": {\"arch\": \"x86_64\"}}", question("\"query-target\""));
    ck_assert(tell(d, line.p));
    str_clear(&line);
    str_addf(&line, "{\"id\": %u, \"return\": [{\"name\": \"EPYC\", \"unavailable-features\": [\"x\", \"y\"]}, {\"name\": \"EPYC-v2\"}, {\"name\": \"max\"}]}",
             question("\"query-cpu-definitions\""));
    ck_assert(tell(d, line.p));
    caps_digest_more(d, &more);
    ck_assert_ptr_nonnull(strstr(more.p, "\"EPYC\""));
    ck_assert_ptr_null(strstr(more.p, "EPYC-v2"));
    ck_assert_ptr_null(strstr(more.p, "max"));
    size_t before = more.len;
    caps_digest_more(d, &more);
    ck_assert_uint_eq(more.len, before);
    caps_digest_free(d);
}
END_TEST

static const struct {
    const char *line, *message;
} refusals[] = {
    { "hello", "not QMP" },
    { "{\"return\": {}", "not QMP" },
    { "{\"return\": {}, \"id\": 0} {}", "not QMP" },
    { "{\"return\": {}, \"id\": 0}", "not QMP" },
    { "{\"execute\": \"qmp_capabilities\", \"id\": 0}", "not QMP" },
    { "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 9, \"minor\": 1, \"major\": 4}}}}", "4.1.9, but 4.2.0 or newer is required" },
    { "{\"QMP\": {}}", "0.0.0" },
    { "{\"QMP\": 7}", "0.0.0" },
};

START_TEST(a_bad_beginning_is_refused)
{
    struct caps_digest *d = caps_digest_new("x", "tcg");
    ck_assert(!tell(d, refusals[_i].line));
    ck_assert_msg(strstr(e.text, refusals[_i].message), "%s", e.text);
    ck_assert_int_eq(e.status, ST_QEMU);
    caps_digest_free(d);
}
END_TEST

START_TEST(strange_answers_are_refused)
{
    struct caps_digest *d = caps_digest_new("x", "tcg");
    ck_assert(tell(d, HELLO));
    ck_assert(tell(d, "{\"timestamp\": {}, \"event\": \"SHUTDOWN\"}"));
    ck_assert(tell(d, "{\"return\": {}, \"id\": \"another's\"}"));
    ck_assert(!tell(d, "{\"return\": {}, \"id\": 99999}"));
    ck_assert(!tell(d, "{\"error\": {}, \"id\": 0}"));
    ck_assert(!tell(d, "{\"return\": {}, \"id\": 0}"));
    ck_assert_ptr_nonnull(strstr(e.text, "twice"));
    caps_digest_free(d);
}
END_TEST

/* An answer of any kind where another is expected. */
START_TEST(answers_of_the_wrong_kind_are_harmless)
{
    static const char *const answers[] = { "null", "7", "\"x\"", "true", "[]", "{}", "[7]", "[[[]]]", "[{}]", "{\"model\": 1}", "[{\"name\": {}}]",
                                           "[{\"name\": \"a\", \"members\": 1, \"parameters\": {}, \"unavailable-features\": {}}]",
                                           "{\"model\": {\"props\": [1]}}", "[{\"name\": [1, 2], \"meta-type\": \"\"}]" };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct caps_digest *d = caps_digest_new("x", "tcg");
        autostr struct str queries = STR_INIT;
        caps_queries(&queries, false);
        ck_assert(tell(d, HELLO));
        for (const char *p = queries.p; (p = strstr(p, "\"id\":")); p++) {
            autostr struct str line = STR_INIT;
            str_addf(&line, "{\"return\": %s, \"id\": %d}", answers[i], atoi(p + 5));
            ck_assert_msg(tell(d, line.p), "%s: %s", line.p, e.text);
        }
        ck_assert(caps_digest_complete(d));
        caps_digest_free(d);
    }
}
END_TEST

START_TEST(nesting_is_bounded)
{
    autostr struct str deep = STR_INIT;
    for (int i = 0; i < PULL_DEPTH; i++)
        str_addc(&deep, '[');
    struct pull p = pull_start(deep.p, deep.len);
    pull_skip(&p);
    ck_assert(p.bad); /* not closed */
    for (int i = 0; i < PULL_DEPTH; i++)
        str_addc(&deep, ']');
    p = pull_start(deep.p, deep.len);
    pull_skip(&p);
    ck_assert(pull_end(&p));
    autostr struct str deeper = STR_INIT;
    str_addf(&deeper, "[%s]", deep.p);
    p = pull_start(deeper.p, deeper.len);
    pull_skip(&p);
    ck_assert(p.bad);
}
END_TEST

START_TEST(strings_keep_their_escapes)
{
    static const char text[] = "{\"a\\\\\": \"b\\\"c\", \"d\": 12, \"e\": -1, \"f\": [true, null]}";
    struct pull p = pull_start(text, sizeof text - 1);
    struct span key, s;
    unsigned n;
    ck_assert(pull_object(&p) && pull_key(&p, &key) && span_eq(key, "a\\\\"));
    ck_assert(pull_string(&p, &s) && span_eq(s, "b\\\"c"));
    ck_assert(pull_key(&p, &key) && pull_uint(&p, &n) && n == 12);
    ck_assert(pull_key(&p, &key) && !pull_uint(&p, &n));
    ck_assert(pull_key(&p, &key) && span_eq(key, "f"));
    bool b = false;
    ck_assert(pull_array(&p) && pull_item(&p) && pull_bool(&p, &b) && b && pull_item(&p) && !pull_bool(&p, &b) && !pull_item(&p));
    ck_assert(!pull_key(&p, &key) && pull_end(&p));
}
END_TEST

/* --- which CPU, which architecture, which program ------------------------------------------ */

START_TEST(host_model_is_the_nearest_of_the_vendor)
{
    struct caps_writer *w = caps_writer_new();
    autostr struct str image = STR_INIT;
    caps_put(w, "fact", "accel", "tcg");
    caps_put(w, "expansion", "max", "a=true b=true c=true d=false kvmclock=true vendor=AuthenticAMD");
    caps_put(w, "model", "EPYC", "a b");
    caps_put(w, "cpu", "EPYC", "usable=no missing=x");
    caps_put(w, "model", "Opteron_G1", "a");
    caps_put(w, "model", "Haswell", "a b c");
    caps_write(w, &image);
    caps_writer_free(w);
    struct caps *c = caps_load(image.p, image.len, &e);
    const struct caps_host_model *m = caps_host_model(c);
    ck_assert_str_eq(m->model, "EPYC");
    ck_assert_str_eq(m->vendor, "AMD");
    ck_assert_uint_eq(m->n, 2);
    ck_assert(streq(m->features[0].name, "c") && m->features[0].require);
    ck_assert(streq(m->features[1].name, "x") && !m->features[1].require);
    caps_free(c);
}
END_TEST

START_TEST(architectures_by_both_names)
{
    ck_assert_str_eq(arch_by_name("i686")->target, "i386");
    ck_assert_str_eq(arch_by_target("i386")->name, "i686");
    ck_assert_str_eq(arch_by_target("arm")->name, "armv7l");
    ck_assert_ptr_null(arch_by_name("i386"));
    ck_assert(arch_is_native(arch_by_name("x86_64"), arch_by_name("i686")) && !arch_is_native(arch_by_name("i686"), arch_by_name("x86_64")));
    ck_assert(!arch_is_native(NULL, NULL));
}
END_TEST

START_TEST(a_document_cannot_name_just_any_program)
{
    char dir[] = "/tmp/caps.XXXXXX", path[64];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/qemu-system-x86_64", dir);
    FILE *f = fopen(path, "w");
    fclose(f);
    const char *dirs[] = { dir };
    struct caps_env env = { .bindirs = NULL };
    /* Others can write beside it, unless the temporary directory is sticky and all is root's: make it theirs. */
    ck_assert_int_eq(chmod(dir, 0777), 0);
    ck_assert(!caps_may_run(&env, path, &e));
    ck_assert_int_eq(e.status, ST_PERM);
    ck_assert_ptr_nonnull(strstr(e.text, "--bindir"));
    ck_assert(!caps_may_run(&env, "qemu-system-x86_64", &e));
    ck_assert(!caps_may_run(&env, "/nonexistent/qemu", &e));
    env.bindirs = dirs;
    env.n_bindirs = 1;
    ck_assert(caps_may_run(&env, path, &e));
    env.n_bindirs = 0;
    env.emulator = path;
    ck_assert(caps_may_run(&env, path, &e));
    remove(path);
    remove(dir);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("caps");
    TCase *t = tcase_create("caps");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, every_line_is_found);
    tcase_add_test(t, facts_of_devices_and_options);
    tcase_add_test(t, machines_by_name_alias_and_default);
    tcase_add_test(t, cpus_usable_or_not_or_untold);
    tcase_add_loop_test(t, schema_paths, 0, sizeof schema_rows / sizeof *schema_rows);
    tcase_add_test(t, enums_by_name);
    tcase_add_test(t, what_is_no_image_is_refused);
    tcase_add_test(t, a_spoilt_image_is_harmless);
    tcase_add_test(t, what_would_break_a_line_is_left_out);
    tcase_add_test(t, asked_devices_are_sorted);
    tcase_add_test(t, greeting_gives_version);
    tcase_add_test(t, machines_are_digested);
    tcase_add_test(t, schema_is_digested);
    tcase_add_test(t, cpu_models_are_asked_about);
    tcase_add_loop_test(t, a_bad_beginning_is_refused, 0, sizeof refusals / sizeof *refusals);
    tcase_add_test(t, strange_answers_are_refused);
    tcase_add_test(t, answers_of_the_wrong_kind_are_harmless);
    tcase_add_test(t, nesting_is_bounded);
    tcase_add_test(t, strings_keep_their_escapes);
    tcase_add_test(t, host_model_is_the_nearest_of_the_vendor);
    tcase_add_test(t, architectures_by_both_names);
    tcase_add_test(t, a_document_cannot_name_just_any_program);
    suite_add_tcase(s, t);
    return run_suite(s);
}
