/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/needs.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "domain/metadata.h"
#include "guard/ruleset.h"
#include "host/elf.h"
#include "suite.h"

static struct arena *a;

static void setup(void)
{
    a = arena_new();
}

static void teardown(void)
{
    arena_free(a);
}

static struct domain *domain(const char *devices, const char *other)
{
    struct err e = { 0 };
    struct notes notes = { .arena = a };
    struct parse p = { .arena = a, .file = "test", .notes = &notes, .err = &e };
    const char *text = arena_printf(a,
        "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>x</name><memory>1</memory>"
        "<os><type>hvm</type></os>%s<devices>%s</devices></domain>", other, devices);
    struct domain *d = domain_parse(text, strlen(text), &p);
    ck_assert_msg(d != NULL, "%s", e.text);
    return d;
}

static const struct {
    const char *devices;
    unsigned features;
    const char *sockets; /* why it makes some itself */
} rows[] = {
    { "", NEED_ALWAYS, NULL },
    { "<serial type='pty'/>", NEED_ALWAYS | NEED_PTY, NULL },
    { "<interface type='user'/>", NEED_ALWAYS | NEED_USER_NET, NULL },
    { "<serial type='unix'><source mode='bind' path='/x'/></serial>", NEED_ALWAYS, "a character device on a socket" },
    { "<redirdev bus='usb' type='unix'><source mode='connect' path='/x'/></redirdev>", NEED_ALWAYS, "a character device on a socket" },
    { "<graphics type='vnc' port='-1'/>", NEED_ALWAYS | NEED_TLS | NEED_SASL, NULL },
    { "<graphics type='vnc' socket='/x'/>", NEED_ALWAYS | NEED_TLS | NEED_SASL, "graphics on a socket" },
    { "<graphics type='sdl'/>", NEED_ALWAYS | NEED_DESKTOP | NEED_PULSE | NEED_ALSA, "a window of the desktop" },
    { "<hostdev mode='subsystem' type='usb'><source><address bus='1' device='2'/></source></hostdev>", NEED_ALWAYS | NEED_USB_HOST, NULL },
    { "<disk type='block'><source dev='/dev/x'/><target dev='vda'/></disk>", NEED_ALWAYS | NEED_SYSFS, NULL },
    { "<disk type='network'><source protocol='nbd'><host transport='unix' socket='/x'/></source><target dev='vda'/></disk>",
      NEED_ALWAYS | NEED_NAMES, "a disk behind a socket" },
    { "<tpm model='tpm-tis'><backend type='emulator'/></tpm>", NEED_ALWAYS, "the emulated TPM" },
};

START_TEST(features_of_a_domain_are_found)
{
    const struct domain *d = domain(rows[_i].devices, "");
    const char *why = needs_unix_sockets(d, a);
    ck_assert_msg(needs_of(d, a) == rows[_i].features, "%s: %#x", rows[_i].devices, needs_of(d, a));
    ck_assert_msg(streq(why, rows[_i].sockets) || (!why && !rows[_i].sockets), "%s: %s", rows[_i].devices, why ? why : "none");
}
END_TEST

START_TEST(words_of_the_command_line_open_sockets_and_ports)
{
    struct need_ports p = { .arena = a };
    const struct domain *d = domain("", "<qemu:commandline><qemu:arg value='-s'/></qemu:commandline>");
    needs_ports(d, &p);
    ck_assert_ptr_nonnull(needs_unix_sockets(d, a));
    ck_assert_ptr_nonnull(p.any_bind);
    ck_assert_ptr_nonnull(p.any_connect);
}
END_TEST

static bool has_port(const struct need_ports *p, unsigned port, uint64_t net)
{
    for (size_t i = 0; i < p->all.n; i++)
        if (p->all.v[i]->port == port && p->all.v[i]->net == net)
            return true;
    return false;
}

START_TEST(ports_are_those_of_the_domain)
{
    struct need_ports p = { .arena = a };
    needs_ports(domain("<graphics type='vnc' port='5901' websocket='5701'/>"
                       "<serial type='tcp'><source mode='connect' host='h' service='77'/></serial>"
                       "<serial type='tcp'><source mode='bind' host='h' service='78'/></serial>"
                       "<disk type='network'><source protocol='iscsi' name='a'><host name='h'/></source><target dev='vda'/></disk>", ""), &p);
    ck_assert(has_port(&p, 5901, LL_BIND_TCP) && has_port(&p, 5701, LL_BIND_TCP));
    ck_assert(has_port(&p, 77, LL_CONNECT_TCP) && has_port(&p, 78, LL_BIND_TCP) && has_port(&p, 3260, LL_CONNECT_TCP));
    ck_assert(!p.any_bind && !p.any_connect);
}
END_TEST

START_TEST(where_ports_are_not_known_any_may_be_reached)
{
    static const char *const devices[] = {
        "<interface type='user'/>", "<serial type='tcp'><source mode='connect' host='h' service='ssh'/></serial>",
        "<disk type='network'><source protocol='rbd' name='a/b'><host name='h'/></source><target dev='vda'/></disk>",
    };
    struct need_ports p = { .arena = a };
    needs_ports(domain(devices[_i], ""), &p);
    ck_assert_ptr_nonnull(p.any_connect);
    ck_assert_ptr_null(p.any_bind);
}
END_TEST

START_TEST(io_uring_is_asked_for_by_a_disk)
{
    ck_assert(!needs_io_uring(domain("<disk type='file'><driver name='qemu' io='native'/><target dev='vda'/></disk>", "")));
    ck_assert(needs_io_uring(domain("<disk type='file'><driver name='qemu' io='io_uring'/><target dev='vda'/></disk>", "")));
}
END_TEST

START_TEST(directories_are_named_in_metadata_of_our_namespace_only)
{
    struct named_directories n = { 0 };
    metadata_directories(domain("", "<metadata><a xmlns='urn:other'><directory path='/no'/></a>"
                                    "<c:confinement xmlns:c='urn:vmutils:confinement'><c:directory path='/srv/a'/>"
                                    "<c:directory path='relative'/><c:directory path='/b c' readonly='yes'/></c:confinement></metadata>"),
                         a, &n);
    ck_assert_uint_eq(n.dirs.n, 2);
    ck_assert_str_eq(n.dirs.v[0]->path, "/srv/a");
    ck_assert(!n.dirs.v[0]->readonly && n.dirs.v[1]->readonly);
    ck_assert_str_eq(n.dirs.v[1]->path, "/b c");
}
END_TEST

/* As ldconfig writes it: head, entries, texts. */
static size_t cache(char *out, const char *one, const char *two)
{
    uint32_t head[12] = { 0 };
    uint32_t entries[2][6] = { { 0 } };
    size_t n = 48 + sizeof entries;
    memcpy(head, "glibc-ld.so.cache1.1", 20);
    head[5] = 2;
    memset(out, 0, n);
    memcpy(out, head, 48);
    entries[0][2] = (uint32_t)n;
    strcpy(out + n, one);
    n += strlen(one) + 1;
    entries[1][2] = (uint32_t)n;
    strcpy(out + n, two);
    n += strlen(two) + 1;
    memcpy(out + 48, entries, sizeof entries);
    return n;
}

START_TEST(directories_of_libraries_come_from_the_linkers_table)
{
    char text[400];
    struct elf_needs n = { 0 };
    size_t size = cache(text, "/opt/lib64/liba.so.1", "/usr/lib/x/libb.so");
    ck_assert(elf_cache_dirs(text, size, a, &n));
    ck_assert_uint_eq(n.dirs.n, 2);
    ck_assert_str_eq(n.dirs.v[0], "/opt/lib64");
    ck_assert_str_eq(n.dirs.v[1], "/usr/lib/x");
}
END_TEST

START_TEST(a_damaged_table_of_the_linker_harms_nobody)
{
    char text[400];
    struct elf_needs n = { 0 };
    size_t size = cache(text, "/opt/lib64/liba.so.1", "/usr/lib/x/libb.so");
    for (size_t cut = 0; cut < size; cut++) {
        autofree char *copy = malloc(cut + 1);
        memcpy(copy, text, cut);
        elf_cache_dirs(copy, cut, a, &n);
    }
    for (size_t at = 20; at < 100; at++) {
        char other[400];
        memcpy(other, text, size);
        other[at] = (char)0xff;
        elf_cache_dirs(other, size, a, &n);
    }
    ck_assert(!elf_cache_dirs("nothing of the kind", 19, a, &n));
}
END_TEST

START_TEST(a_programs_interpreter_and_libraries_are_found)
{
    struct elf_needs n;
    char line[600];
    elf_look("/proc/self/exe", a, &n);
    ck_assert(n.elf && n.native);
    ck_assert_ptr_nonnull(n.interpreter);
    ck_assert_int_eq(access(n.interpreter, X_OK), 0);
    /* Where this very program's C library is mapped from. */
    FILE *maps = fopen("/proc/self/maps", "r");
    bool found = false;
    while (fgets(line, sizeof line, maps)) {
        const char *path = strchr(line, '/'), *libc = path ? strstr(path, "/libc.so") : NULL;
        for (size_t i = 0; libc && i < n.dirs.n; i++) {
            char *real = realpath(n.dirs.v[i], NULL);
            found = found || (real && strlen(real) == (size_t)(libc - path) && strncmp(real, path, (size_t)(libc - path)) == 0);
            free(real);
        }
    }
    fclose(maps);
    ck_assert(found);
}
END_TEST

START_TEST(what_is_no_program_needs_nothing)
{
    struct elf_needs n;
    elf_look("/etc/passwd", a, &n);
    ck_assert(!n.elf && !n.interpreter && !n.dirs.n);
    elf_look("/no/such/program", a, &n);
    ck_assert(!n.elf);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("needs");
    TCase *t = tcase_create("needs");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, features_of_a_domain_are_found, 0, sizeof rows / sizeof *rows);
    tcase_add_test(t, words_of_the_command_line_open_sockets_and_ports);
    tcase_add_test(t, ports_are_those_of_the_domain);
    tcase_add_loop_test(t, where_ports_are_not_known_any_may_be_reached, 0, 3);
    tcase_add_test(t, io_uring_is_asked_for_by_a_disk);
    tcase_add_test(t, directories_are_named_in_metadata_of_our_namespace_only);
    tcase_add_test(t, directories_of_libraries_come_from_the_linkers_table);
    tcase_add_test(t, a_damaged_table_of_the_linker_harms_nobody);
    tcase_add_test(t, a_programs_interpreter_and_libraries_are_found);
    tcase_add_test(t, what_is_no_program_needs_nothing);
    suite_add_tcase(s, t);
    return run_suite(s);
}
