/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of devices: read by type, printed as libvirt spells them, refused where they cannot be. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/domain.h"
#include "suite.h"

static struct arena *arena;
static struct err err;

static void setup(void)
{
    arena = arena_new();
    err = (struct err){ 0 };
}

static void teardown(void)
{
    arena_free(arena);
}

static const struct address *read_address(const char *xml)
{
    struct parse p = { .arena = arena, .file = "web.xml", .err = &err };
    return xml_parse(&address_element, "address", xml, strlen(xml), &p);
}

static const struct {
    const char *given, *printed;
} spellings[] = {
    { "<address type='pci' slot='2'/>", "<address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/>\n" },
    { "<address type='pci' domain='1' bus='0xa' slot='0x1f' function='7' multifunction='on'/>",
      "<address type='pci' domain='0x0001' bus='0x0a' slot='0x1f' function='0x7' multifunction='on'/>\n" },
    { "<address type='pci'/>", "<address type='pci'/>\n" },
    { "<address type='pci' bus='1' slot='1'><zpci uid='0x3' fid='4'/></address>",
      "<address type='pci' domain='0x0000' bus='0x01' slot='0x01' function='0x0'>\n  <zpci uid='0x0003' fid='0x00000004'/>\n</address>\n" },
    { "<address type='drive' unit='0x3'/>", "<address type='drive' controller='0' bus='0' target='0' unit='3'/>\n" },
    { "<address type='virtio-serial' port='2'/>", "<address type='virtio-serial' controller='0' bus='0' port='2'/>\n" },
    { "<address type='ccid' slot='1'/>", "<address type='ccid' controller='0' slot='1'/>\n" },
    { "<address type='usb' port='1.2.3.4'/>", "<address type='usb' bus='0' port='1.2.3.4'/>\n" },
    { "<address type='spapr-vio' reg='0x1000'/>", "<address type='spapr-vio' reg='0x00001000'/>\n" },
    { "<address type='ccw' cssid='254' ssid='0' devno='10'/>", "<address type='ccw' cssid='0xfe' ssid='0x0' devno='0x000a'/>\n" },
    { "<address type='isa' iobase='0x3f8' irq='4'/>", "<address type='isa' iobase='0x3f8' irq='0x4'/>\n" },
    { "<address type='dimm' slot='1' base='0x100000000'/>", "<address type='dimm' slot='1' base='0x100000000'/>\n" },
    { "<address type='dimm'/>", "<address type='dimm' slot='0'/>\n" },
    { "<address type='virtio-mmio'/>", "<address type='virtio-mmio'/>\n" },
    { "<address type='unassigned'/>", "<address type='unassigned'/>\n" },
    { "<address bus='1' device='12'/>", "<address bus='1' device='12'/>\n" },
    { "<address domain='0' bus='6' slot='2' function='1'/>", "<address domain='0x0000' bus='0x06' slot='0x02' function='0x1'/>\n" },
    { "<address bus='0' target='1' unit='2'/>", "<address bus='0' target='1' unit='2'/>\n" },
    { "<address uuid='C2177883-F1BB-47F0-914D-32A22E3A8804'/>", "<address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/>\n" },
};

START_TEST(each_type_is_printed_as_libvirt_does)
{
    autostr struct str out = STR_INIT;
    const struct address *a = read_address(spellings[_i].given);
    ck_assert_msg(a != NULL, "%s: %s", spellings[_i].given, err.text);
    xml_print(&address_element, "address", a, &out, 0, 0);
    ck_assert_str_eq(str_text(&out), spellings[_i].printed);
}
END_TEST

START_TEST(what_is_printed_is_read_the_same)
{
    autostr struct str out = STR_INIT;
    const struct address *a = read_address(spellings[_i].printed);
    ck_assert_msg(a != NULL, "%s: %s", spellings[_i].printed, err.text);
    xml_print(&address_element, "address", a, &out, 0, 0);
    ck_assert_str_eq(str_text(&out), spellings[_i].printed);
}
END_TEST

static const struct {
    const char *given, *message;
} refused[] = {
    { "<address type='isdn'/>", "web.xml:1: <address> type 'isdn': not one of none, pci" },
    { "<address type='pci' slot='0x20'/>", "web.xml:1: <address> slot: more than 0x1f" },
    { "<address type='pci' slot='1' function='8'/>", "web.xml:1: <address> function: more than 0x7" },
    { "<address type='pci' slot='x'/>", "web.xml:1: <address> slot 'x': not a number" },
    { "<address type='usb' port='1.2.3.4.5'/>", "web.xml:1: <address> port '1.2.3.4.5': not a USB port" },
    { "<address type='usb' port='.1'/>", "web.xml:1: <address> port '.1': not a USB port" },
    { "<address type='usb' port='1.'/>", "web.xml:1: <address> port '1.': not a USB port" },
    { "<address type='usb' port='99999999999999999999'/>", "web.xml:1: <address> port '99999999999999999999': not a USB port" },
    { "<address type='virtio-serial' port='1.2'/>", "web.xml:1: <address> port '1.2': not a number" },
    { "<address type='ccw' cssid='0xff'/>", "web.xml:1: <address> cssid '0xff': more than 254" },
};

START_TEST(impossible_places_are_refused_with_file_and_line)
{
    ck_assert_ptr_null(read_address(refused[_i].given));
    ck_assert_msg(strncmp(err.text, refused[_i].message, strlen(refused[_i].message)) == 0, "%s", err.text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("address");
    TCase *t = tcase_create("address");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, each_type_is_printed_as_libvirt_does, 0, sizeof spellings / sizeof *spellings);
    tcase_add_loop_test(t, what_is_printed_is_read_the_same, 0, sizeof spellings / sizeof *spellings);
    tcase_add_loop_test(t, impossible_places_are_refused_with_file_and_line, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
