/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcore/domain/expand: what is complete stays as it is, whatever is put beside it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/domain.h"
#include "domain/expand.h"
#include "suite.h"

enum { DOCUMENTS = 200, DEVICES_MAX = 20, NEW_MAX = 4 };

static const char *machine(void *data, const char *name)
{
    (void)data;
    return strcmp(name, "q35") == 0 || strcmp(name, "pc-q35-7.2") == 0 ? "pc-q35-7.2" : "pc-i440fx-7.2";
}

static const char *cpu(void *data, const char *name)
{
    (void)data;
    (void)name;
    return "qemu64";
}

static bool has_device(void *data, const char *device)
{
    (void)data;
    (void)device;
    return true;
}

static const struct emulator_facts facts = { .emulator = "/usr/bin/qemu-system-x86_64", .machine = machine, .default_cpu = cpu,
                                             .has_device = has_device };

static bool expand(const char *xml, struct str *out, struct err *e)
{
    struct arena *a = arena_new();
    struct parse p = { .arena = a, .file = "random.xml", .err = e };
    struct domain *d = domain_parse(xml, strlen(xml), &p);
    bool ok = d && domain_expand(d, &facts, &p);
    str_clear(out);
    if (ok)
        domain_print(d, out, 0);
    arena_free(a);
    return ok;
}

/* One device without an address; number sets it apart from the others of its document. */
static void add_device(struct str *s, unsigned number)
{
    static const char *const forms[] = {
        "<disk type='file'><source file='/x'/><target dev='vd%c%c' bus='virtio'/>",
        "<disk type='file'><source file='/x'/><target dev='sd%c%c' bus='scsi'/>",
        "<disk type='file'><source file='/x'/><target dev='sd%c%c' bus='sata'/>",
        "<disk type='file'><source file='/x'/><target dev='sd%c%c' bus='usb'/>",
        "<disk type='file' device='cdrom'><target dev='sd%c%c' bus='scsi'/>",
        "<interface type='user'><mac address='52:54:00:00:%c%c:00'/><model type='virtio'/>",
        "<interface type='user'><mac address='52:54:00:00:%c%c:01'/><model type='e1000'/>",
        "<channel type='pty'><target type='virtio' name='%c%c'/>",
        "<filesystem type='mount'><source dir='/x'/><target dir='%c%c'/>",
        "<input type='tablet' bus='usb'>",
        "<input type='keyboard' bus='virtio'>",
        "<hub type='usb'>",
        "<sound model='ich9'>",
        "<rng model='virtio'><backend model='random'>/dev/urandom</backend>",
        "<controller type='scsi' model='virtio-scsi' index='%1$u'>",
        "<controller type='usb' model='nec-xhci' index='%1$u'>",
        "<controller type='virtio-serial' index='%1$u'>",
    };
    const char *form = forms[(size_t)random() % (sizeof forms / sizeof *forms)];
    size_t name = strcspn(form + 1, " ");
    str_addc(s, ' ');
    for (const char *p = form; *p; p++) {
        if (strncmp(p, "%c%c", 4) == 0) {
            str_addf(s, "%c%c", 'a' + (int)(number / 6), 'a' + (int)(number % 6));
            p += 3;
        } else if (strncmp(p, "%1$u", 4) == 0) {
            str_addf(s, "%u", number + 1);
            p += 3;
        } else {
            str_addc(s, *p);
        }
    }
    str_addf(s, "<alias name='ua-%u'/></%.*s>\n", number, (int)name, form + 1);
}

/* That function 0 of a slot has others beside it is no address of its own. */
static void drop_multifunction(char *text)
{
    static const char word[] = " multifunction='on'";
    for (char *p; (p = strstr(text, word));)
        memmove(p, p + sizeof word - 1, strlen(p + sizeof word - 1) + 1);
}

/* The next child of <devices> from *at on, and behind it; NULL: there is none. */
static char *next_child(char **at)
{
    char *start = *at, *line = start, *end = strchr(line, '\n');
    if (strncmp(start, "    <", 5))
        return NULL;
    bool one_line = end[-2] == '/' || memmem(line, (size_t)(end - line), "</", 2);
    while (!one_line && strncmp(line, "    </", 6)) {
        line = end + 1;
        end = strchr(line, '\n');
    }
    *at = end + 1;
    return start;
}

static char *children(const struct str *s)
{
    static const char word[] = "  <devices>\n";
    char *devices = strstr(s->p, word);
    ck_assert_ptr_nonnull(devices);
    return devices + sizeof word - 1;
}

static void assert_kept(struct str *before, struct str *after)
{
    drop_multifunction(before->p);
    drop_multifunction(after->p);
    char *at = children(before), *child;
    size_t n = 0;
    for (; (child = next_child(&at)); n++) {
        char end = *at;
        *at = '\0';
        ck_assert_msg(strstr(children(after), child), "changed:\n%s\nin:\n%s", child, after->p);
        *at = end;
    }
    ck_assert_uint_gt(n, 0);
}

/* Puts one to NEW_MAX devices somewhere between those of the document. */
static void insert(struct str *out, struct str *document)
{
    unsigned n = 1 + (unsigned)random() % NEW_MAX, number = DEVICES_MAX;
    char *begin = children(document), *at = begin;
    str_clear(out);
    str_addn(out, document->p, (size_t)(begin - document->p));
    for (char *child; (child = next_child(&at));) {
        for (; n && random() % 8 == 0; n--)
            add_device(out, number++);
        str_addn(out, child, (size_t)(at - child));
    }
    for (; n; n--)
        add_device(out, number++);
    str_add(out, at);
}

START_TEST(a_new_device_moves_no_other)
{
    autostr struct str xml = STR_INIT, first = STR_INIT, again = STR_INIT;
    struct err e = { 0 };
    unsigned refused = 0;
    srandom((unsigned)_i + 1);
    for (unsigned document = 0; document < DOCUMENTS; document++) {
        str_clear(&xml);
        str_addf(&xml, "<domain type='qemu'><name>r</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid><memory>65536</memory>"
                       "<os><type arch='%s' machine='%s'>hvm</type></os><devices>\n",
                 random() % 4 ? "x86_64" : "i686", _i ? "q35" : "pc");
        for (unsigned i = 0, n = (unsigned)random() % DEVICES_MAX; i < n; i++)
            add_device(&xml, i);
        str_add(&xml, "</devices></domain>\n");
        ck_assert_msg(expand(str_text(&xml), &first, &e), "%s in:\n%s", e.text, xml.p);
        ck_assert_msg(expand(str_text(&first), &again, &e), "%s in:\n%s", e.text, first.p);
        ck_assert_str_eq(str_text(&first), str_text(&again));
        insert(&xml, &first);
        if (!expand(str_text(&xml), &again, &e)) {
            refused++;
            continue;
        }
        ck_assert_ptr_nonnull(strstr(again.p, "'ua-20'"));
        assert_kept(&first, &again);
    }
    ck_assert_uint_lt(refused, DOCUMENTS / 10); /* the ports of USB and such run out */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("expand");
    TCase *t = tcase_create("random documents");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_new_device_moves_no_other, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
