/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/image.h"

#include <check.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "suite.h"

static struct arena *a;
static struct err e;
static struct image im;

static void setup(void)
{
    a = arena_new();
}

static void teardown(void)
{
    arena_free(a);
}

static int memory(const void *bytes, size_t n)
{
    int fd = memfd_create("image", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, n, 0), (ssize_t)n);
    return fd;
}

static bool read_bytes(const char *format, const void *bytes, size_t n)
{
    autoclose int fd = memory(bytes, n);
    return image_read(fd, "it", format, a, &im, &e);
}

static void be32(unsigned char *to, uint32_t v)
{
    v = htobe32(v);
    memcpy(to, &v, 4);
}

/* Version 3, with a backing file "base" and its format, and a data file where wanted. */
static size_t qcow2(unsigned char *to, const char *format, const char *data)
{
    memset(to, 0, 65536);
    memcpy(to, "QFI\xfb", 4);
    be32(to + 4, 3);
    be32(to + 12, 0x400);
    be32(to + 16, 4);
    be32(to + 20, 16);
    be32(to + 100, 104);
    memcpy(to + 0x400, "base", 4);
    unsigned char *x = to + 104;
    if (format) {
        be32(x, 0xe2792aca);
        be32(x + 4, (uint32_t)strlen(format));
        memcpy(x + 8, format, strlen(format));
        x += 8 + ((strlen(format) + 7) & ~7UL);
    }
    if (data) {
        to[79] |= 4;
        be32(x, 0x44415441);
        be32(x + 4, (uint32_t)strlen(data));
        memcpy(x + 8, data, strlen(data));
    }
    return 65536;
}

static unsigned char buffer[65536];

START_TEST(a_qcow2_header_names_what_is_below_it)
{
    ck_assert_msg(read_bytes("qcow2", buffer, qcow2(buffer, "raw", NULL)), "%s", e.text);
    ck_assert_str_eq(im.backing, "base");
    ck_assert_str_eq(im.backing_format, "raw");
    ck_assert_uint_eq(im.parts.n, 0);
}
END_TEST

START_TEST(a_format_that_is_not_recorded_is_none)
{
    ck_assert(read_bytes("qcow2", buffer, qcow2(buffer, NULL, NULL)));
    ck_assert_str_eq(im.backing, "base");
    ck_assert_ptr_null(im.backing_format);
    ck_assert(im.can_record);
}
END_TEST

START_TEST(an_external_data_file_is_a_part)
{
    ck_assert_msg(read_bytes("qcow2", buffer, qcow2(buffer, "raw", "data.raw")), "%s", e.text);
    ck_assert_uint_eq(im.parts.n, 1);
    ck_assert_str_eq(im.parts.v[0]->name, "data.raw");
    buffer[79] = 0; /* the bit counts, not the extension */
    ck_assert(read_bytes("qcow2", buffer, sizeof buffer));
    ck_assert_uint_eq(im.parts.n, 0);
}
END_TEST

static const struct {
    int at;
    uint32_t value;
} damage[] = {
    { 4, 4 }, { 20, 8 }, { 20, 22 }, { 12, 0x7fffffff }, { 16, 2000 }, { 16, 0xffffffff }, { 100, 0xffffffff }, { 108, 0x7fffffff },
};

START_TEST(damage_is_named)
{
    qcow2(buffer, "raw", NULL);
    be32(buffer + damage[_i].at, damage[_i].value);
    ck_assert(!read_bytes("qcow2", buffer, sizeof buffer));
    ck_assert_msg(strncmp(e.text, "it: damaged header of format qcow2", 34) == 0, "%s", e.text);
}
END_TEST

START_TEST(another_format_is_not_taken_for_it)
{
    static const char *const formats[] = { "qcow", "qcow2", "qed", "vmdk", "vhdx" };
    memset(buffer, ' ', sizeof buffer);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        ck_assert(!read_bytes(formats[i], buffer, sizeof buffer));
        ck_assert_ptr_nonnull(strstr(e.text, "is no image of format"));
    }
}
END_TEST

START_TEST(raw_is_never_looked_at)
{
    ck_assert(image_read(-1, "it", "raw", a, &im, &e));
    ck_assert_ptr_null(im.backing);
    ck_assert(!image_names_files("raw") && !image_names_files("vdi") && !image_names_files(NULL));
}
END_TEST

START_TEST(a_vmdk_descriptor_names_parent_and_extents)
{
    static const char text[] = "# Disk DescriptorFile\nversion=1\nparentCID=12345678\ncreateType=\"monolithicFlat\"\n"
                               "parentFileNameHint=\"../base.vmdk\"\nRW 2048 FLAT \"a-flat.vmdk\" 0\n  RW 2048 SPARSE \"b s.vmdk\"\n";
    ck_assert_msg(read_bytes("vmdk", text, sizeof text - 1), "%s", e.text);
    ck_assert_str_eq(im.backing, "../base.vmdk");
    ck_assert_str_eq(im.backing_format, "vmdk");
    ck_assert_uint_eq(im.parts.n, 2);
    ck_assert_str_eq(im.parts.v[1]->name, "b s.vmdk");
}
END_TEST

static void put(unsigned char *to, const char *text)
{
    for (; *text; text++, to += 2)
        to[0] = (unsigned char)*text;
}

START_TEST(a_vhdx_parent_locator_names_the_parent)
{
    static const unsigned char region[] = { 0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b, 0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e };
    static const unsigned char item[] = { 0x2d, 0x5f, 0xd3, 0xa8, 0x0b, 0xb3, 0x4d, 0x45, 0xab, 0xf7, 0xd3, 0xd8, 0x48, 0x34, 0xab, 0x0c };
    enum { SIZE = 400 << 10, TABLE = 192 << 10, META = 256 << 10, LOCATOR = META + 65536 };
    unsigned char *v = calloc(1, SIZE);
    memcpy(v, "vhdxfile", 8);
    memcpy(v + TABLE, "regi", 4);
    v[TABLE + 8] = 1;
    memcpy(v + TABLE + 16, region, 16);
    v[TABLE + 16 + 16 + 2] = META >> 16;
    memcpy(v + META, "metadata", 8);
    v[META + 10] = 1;
    memcpy(v + META + 32, item, 16);
    v[META + 32 + 16 + 2] = 1;
    v[LOCATOR + 18] = 1;
    v[LOCATOR + 20] = 100; /* key at */
    v[LOCATOR + 24] = 200; /* value at */
    v[LOCATOR + 28] = 26;
    v[LOCATOR + 30] = 26;
    put(v + LOCATOR + 100, "relative_path");
    put(v + LOCATOR + 200, "..\\base\\x.vhdx");
    bool ok = read_bytes("vhdx", v, SIZE);
    free(v);
    ck_assert_msg(ok, "%s", e.text);
    ck_assert_str_eq(im.backing, "../base/x.vhd"); /* 13 characters are said to be the name */
    ck_assert_str_eq(im.backing_format, "vhdx");
}
END_TEST

/* Names in headers, relative to /dir/top. */
static const struct {
    const char *name;
    enum image_place place;
    const char *path;
} names[] = {
    { "base", IMAGE_FILE, "/dir/base" },
    { "../base", IMAGE_FILE, "/dir/../base" },
    { "/abs", IMAGE_FILE, "/abs" },
    { "sub/a:b", IMAGE_FILE, "/dir/sub/a:b" },
    { "file:/abs", IMAGE_FILE, "/abs" },
    { "file:base", IMAGE_PSEUDO, NULL },
    { "json:{\"driver\":\"file\"}", IMAGE_PSEUDO, NULL },
    { "fat:/etc", IMAGE_PSEUDO, NULL },
    { "a:b", IMAGE_PSEUDO, NULL },
    { "nbd://host/x", IMAGE_NETWORK, NULL },
    { "https://host/x", IMAGE_NETWORK, NULL },
};

START_TEST(a_name_means_what_it_means_to_qemu)
{
    const char *path = NULL;
    ck_assert_int_eq(image_locate(a, "/dir/top", names[_i].name, &path), names[_i].place);
    if (names[_i].path)
        ck_assert_str_eq(path, names[_i].path);
}
END_TEST

/* Bytes changed at random, by the same numbers each time: no reader may do worse than refuse. */
START_TEST(no_header_does_harm)
{
    static const char *const formats[] = { "qcow", "qcow2", "qed", "vmdk", "vhdx" };
    srandom(1);
    qcow2(buffer, "raw", "data");
    for (int i = 0; i < 3000; i++) {
        unsigned char *at = buffer + random() % (i % 2 ? 160 : 1100), old = *at;
        *at = (unsigned char)random();
        read_bytes(formats[i % 3 ? 1 : i % 5], buffer, (size_t)(i % 7 ? sizeof buffer : (size_t)(random() % 1200)));
        if (i % 16)
            *at = old;
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("image");
    TCase *t = tcase_create("image");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_qcow2_header_names_what_is_below_it);
    tcase_add_test(t, a_format_that_is_not_recorded_is_none);
    tcase_add_test(t, an_external_data_file_is_a_part);
    tcase_add_loop_test(t, damage_is_named, 0, sizeof damage / sizeof *damage);
    tcase_add_test(t, another_format_is_not_taken_for_it);
    tcase_add_test(t, raw_is_never_looked_at);
    tcase_add_test(t, a_vmdk_descriptor_names_parent_and_extents);
    tcase_add_test(t, a_vhdx_parent_locator_names_the_parent);
    tcase_add_loop_test(t, a_name_means_what_it_means_to_qemu, 0, sizeof names / sizeof *names);
    tcase_add_test(t, no_header_does_harm);
    suite_add_tcase(s, t);
    return run_suite(s);
}
