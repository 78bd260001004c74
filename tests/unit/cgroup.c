/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is mounted, what groups are called, what rules are as text and as a program. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "guard/cgroup.h"
#include "guard/cgroup_bpf.h"
#include "guard/cgroup_tune.h"
#include "guard/nodes.h"
#include "suite.h"

static struct arena *a;
static void begin(void) { a = arena_new(); }
static void end(void) { arena_free(a); }

#define HYBRID                                                                                                   \
    "23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n"                                                            \
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"                                         \
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:7 - cgroup cgroup rw,cpu,cpuacct\n"               \
    "36 31 0:33 / /sys/fs/cgroup/my\\040devices ro,nosuid - cgroup cgroup rw,devices\n"                           \
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"                           \
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"

START_TEST(what_is_mounted)
{
    struct cgroups c;
    cgroup_parse(&c, a, HYBRID, "5:devices:/\n0::/user.slice/x\n");
    ck_assert_uint_eq(c.n, 3);
    ck_assert_str_eq(c.tree[0].mount, "/sys/fs/cgroup/cpu,cpuacct");
    ck_assert_uint_eq(c.tree[0].has, 1U << CGROUP_CPU);
    ck_assert_ptr_null(c.tree[0].refused);
    ck_assert_str_eq(c.tree[1].mount, "/sys/fs/cgroup/my devices");
    ck_assert_str_eq(c.tree[1].refused, "mounted read-only");
    ck_assert(c.tree[2].v2);
    ck_assert_uint_eq(c.tree[2].minor, 38);
    ck_assert_str_eq(c.tree[2].base, "/sys/fs/cgroup/unified/user.slice/x");
    ck_assert_ptr_eq(cgroup_tree_of(&c, CGROUP_DEVICES), &c.tree[1]);
    ck_assert_ptr_null(cgroup_tree_of(&c, CGROUP_MEMORY));
}
END_TEST

START_TEST(what_is_mounted_last_counts)
{
    struct cgroups c;
    cgroup_parse(&c, a, HYBRID "50 41 0:38 /box /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", "0::/box/in\n");
    ck_assert_uint_eq(c.n, 3);
    ck_assert_str_eq(c.tree[2].base, "/sys/fs/cgroup/unified/in");
    cgroup_parse(&c, a, HYBRID "50 41 0:99 / /sys/fs/cgroup/unified rw - tmpfs none rw\n", "0::/\n");
    ck_assert_uint_eq(c.n, 2);
    cgroup_parse(&c, a, "", "");
    ck_assert_uint_eq(c.n, 0);
    cgroup_parse(&c, a, "garbage\n- - -\n1 2 3 4 5 6 -\n", "garbage");
    ck_assert_uint_eq(c.n, 0);
}
END_TEST

START_TEST(names_of_groups)
{
    static const char *const rows[][2] = {
        { "web", "web" },           { "web.example.org", "web.example.org" }, { "..", "_.." },     { ".hidden", "_.hidden" },
        { "_web", "__web" },        { "tasks", "_tasks" },                    { "cpu", "cpu" },    { "cgroup.procs", "_cgroup.procs" },
        { "memory.max", "_memory.max" }, { "notify_on_release", "_notify_on_release" }, { "memoryhog.x", "memoryhog.x" },
    };
    char text[241];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(cgroup_escape(a, rows[i][0]), rows[i][1]);
    memset(text, 'x', 240);
    text[240] = '\0';
    ck_assert_uint_eq(strlen(cgroup_escape(a, text)), 240);
    struct root root;
    struct err e = { 0 };
    ck_assert(root_init(&root, a, "qemu:///system", &e));
    ck_assert_str_eq(cgroup_place(a, &root, "web", NULL, &e), "libvirt/qemu/web");
    ck_assert_str_eq(cgroup_place(a, &root, "web", "/machine", &e), "libvirt/qemu/web");
    ck_assert_str_eq(cgroup_place(a, &root, "web", "/machine/a/b.c", &e), "machine/a.partition/b.c.partition/web.libvirt-qemu");
    const char *one = strrchr(cgroup_place(a, &root, text, "/p", &e), '/');
    text[239] = 'y';
    const char *two = strrchr(cgroup_place(a, &root, text, "/p", &e), '/');
    ck_assert_uint_le(strlen(one + 1), 255);
    ck_assert_str_ne(one, two);
    ck_assert(root_init(&root, a, "qemu:///embed?root=/a", &e));
    const char *in_a = cgroup_place(a, &root, "web", NULL, &e);
    ck_assert(root_init(&root, a, "qemu:///embed?root=/b", &e));
    ck_assert_str_ne(in_a, cgroup_place(a, &root, "web", NULL, &e));
}
END_TEST

START_TEST(partitions_that_are_none)
{
    static const char *const bad[] = { "", "a", "/", "//a", "/a/", "/..", "/a/../b", "/.a" };
    struct root root;
    struct err e = { 0 };
    ck_assert(root_init(&root, a, "qemu:///system", &e));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!cgroup_place(a, &root, "web", bad[i], &e), "%s", bad[i]);
}
END_TEST

START_TEST(rules_as_text)
{
    struct bpf_rule r;
    const char *p = "c 1:3 rwm, b 7:* r";
    p = bpf_rule_next(p, &r);
    ck_assert(p && r.type == 'c' && r.major == 1 && r.minor == 3);
    ck_assert_str_eq(r.access, "rwm");
    p = bpf_rule_next(p, &r);
    ck_assert(p && r.type == 'b' && r.major == 7 && r.minor == -1);
    ck_assert_str_eq(r.access, "r");
    ck_assert_ptr_null(bpf_rule_next(p, &r));
    static const char *const bad[] = { "", "x 1:3 r", "c 1 r", "c 1:3", "c 1:3 q", "c *:3 r" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!bpf_rule_next(bad[i], &r), "%s", bad[i]);
}
END_TEST

START_TEST(sets_as_bits)
{
    unsigned long w[2];
    ck_assert_uint_eq(cgroup_bits("0-1,3,^1,64", w, 2), 2);
    ck_assert_uint_eq(w[0], 0x9);
    ck_assert_uint_eq(w[1], 1);
    ck_assert_uint_eq(cgroup_bits("128", w, 2), 0);
    ck_assert_uint_eq(cgroup_bits("x", w, 2), 0);
}
END_TEST

static const struct cgroup_wish *wish_of(const struct cgroup_wishes *w, const char *v1, const char *sub)
{
    for (size_t i = 0; i < w->all.n; i++)
        if (streq(w->all.v[i]->v1, v1) && (streq(w->all.v[i]->sub, sub) || w->all.v[i]->sub == sub))
            return w->all.v[i];
    return NULL;
}

static struct domain *parsed(const char *inside)
{
    struct err e = { 0 };
    struct notes notes = { .arena = a };
    struct parse p = { .arena = a, .notes = &notes, .err = &e };
    const char *text = arena_printf(a, "<domain type='qemu'><name>w</name><memory>65536</memory><vcpu cpuset='2-3'>2</vcpu>"
                                       "<os><type>hvm</type></os>%s</domain>", inside);
    struct domain *d = domain_parse(text, strlen(text), &p);
    ck_assert_msg(d != NULL, "%s", e.text);
    return d;
}

START_TEST(both_spellings)
{
    struct cgroup_wishes w;
    struct err e = { 0 };
    ck_assert(cgroup_wishes(parsed("<cputune><shares>200</shares><period>20000</period><quota>-1</quota><global_quota>5000</global_quota>"
                                   "<vcpupin vcpu='1' cpuset='0,1'/></cputune>"
                                   "<memtune><hard_limit unit='MiB'>64</hard_limit><soft_limit>9007199254740991</soft_limit>"
                                   "<swap_hard_limit unit='MiB'>96</swap_hard_limit></memtune><blkiotune><weight>300</weight></blkiotune>"
                                   "<numatune><memory mode='strict' nodeset='1,0'/></numatune>"), a, &w, &e));
    const struct {
        const char *v1, *sub, *v1_value, *v2, *v2_value;
    } rows[] = {
        { "cpu.shares", NULL, "200", "cpu.weight", "200" },
        { "cpu.cfs_quota_us", NULL, "5000", "cpu.max", "5000 100000" },
        { "cpu.cfs_quota_us", "vcpu1", "-1", "cpu.max", "max 20000" },
        { "memory.limit_in_bytes", NULL, "67108864", "memory.max", "67108864" },
        { "memory.soft_limit_in_bytes", NULL, "-1", "memory.high", "max" },
        { "memory.memsw.limit_in_bytes", NULL, "100663296", "memory.swap.max", "33554432" },
        { "blkio.weight|blkio.bfq.weight", NULL, "300", "io.bfq.weight|io.weight", "300" },
        { "cpuset.mems", NULL, "0-1", "cpuset.mems", "0-1" },
        { "cpuset.cpus", "vcpu0", "2-3", "cpuset.cpus", "2-3" },
        { "cpuset.cpus", "vcpu1", "0-1", "cpuset.cpus", "0-1" },
        { "cpuset.cpus", "emulator", "2-3", "cpuset.cpus", "2-3" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cgroup_wish *x = wish_of(&w, rows[i].v1, rows[i].sub);
        ck_assert_msg(x != NULL, "%s", rows[i].v1);
        ck_assert_str_eq(x->v1_value, rows[i].v1_value);
        ck_assert_str_eq(x->v2, rows[i].v2);
        ck_assert_str_eq(x->v2_value, rows[i].v2_value);
    }
}
END_TEST

START_TEST(what_qemu_guests_cannot_have)
{
    static const char *const bad[] = {
        "<memtune><min_guarantee>1024</min_guarantee></memtune>",
        "<memtune><hard_limit>2048</hard_limit><swap_hard_limit>1024</swap_hard_limit></memtune>",
        "<blkiotune><device><path>/nonexistent</path><weight>300</weight></device></blkiotune>",
        "<blkiotune><device><path>/dev/null</path><weight>300</weight></device></blkiotune>",
        "<cputune><cachetune vcpus='0'/></cputune>",
        "<resource><fibrechannel appid='x'/></resource>",
    };
    struct cgroup_wishes w;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = { 0 };
        ck_assert_msg(!cgroup_wishes(parsed(bad[i]), a, &w, &e) && *e.text, "%s", bad[i]);
    }
}
END_TEST

static void make(const char *root, const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *p = full + strlen(root); (p = strchr(p + 1, '/'));) {
        *p = '\0';
        mkdir(full, 0755);
        *p = '/';
    }
    FILE *f = text && *text == '>' ? NULL : fopen(full, "w");
    if (f) {
        fputs(text, f);
        fclose(f);
    } else {
        ck_assert_int_eq(symlink(text + 1, full), 0);
    }
}

START_TEST(nodes_of_host_devices)
{
    char root[] = "/tmp/nodesXXXXXX";
    struct nodes n = { 0 };
    struct notes notes = { .arena = a };
    ck_assert_ptr_nonnull(mkdtemp(root));
    make(root, "sys/bus/pci/devices/0000:3b:00.1/iommu_group", ">../../../kernel/iommu_groups/17");
    make(root, "sys/bus/usb/devices/1-4/idVendor", "0951\n");
    make(root, "sys/bus/usb/devices/1-4/idProduct", "1666\n");
    make(root, "sys/bus/usb/devices/1-4/busnum", "1\n");
    make(root, "sys/bus/usb/devices/1-4/devnum", "12\n");
    make(root, "sys/bus/scsi/devices/2:0:5:1/scsi_generic/sg3", "");
    struct domain *d = parsed("<devices><hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0x3b' slot='0' function='1'/>"
                              "</source></hostdev><hostdev mode='subsystem' type='usb'><source><vendor id='0x0951'/><product id='0x1666'/>"
                              "</source></hostdev><hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host2'/>"
                              "<address bus='0' target='5' unit='1'/></source></hostdev>"
                              "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0x3c' slot='0' function='0'/>"
                              "</source></hostdev></devices>");
    for (size_t i = 0; i < d->devices->hostdevs.n; i++)
        nodes_of_hostdev(d->devices->hostdevs.v[i], root, "host device", a, &n, &notes);
    static const char *const wanted[] = { "/dev/vfio/vfio", "/dev/vfio/17", "/dev/bus/usb/001/012", "/dev/sg3" };
    ck_assert_uint_eq(n.path.n, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(n.path.v[i], wanted[i]);
    ck_assert_uint_eq(notes.n, 1);
    ck_assert_ptr_nonnull(strstr(notes.text[0], "0000:3c:00.0 is in no IOMMU group"));
    ck_assert_int_eq(system(arena_printf(a, "rm -r %s", root)), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cgroup");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, what_is_mounted);
    tcase_add_test(t, what_is_mounted_last_counts);
    tcase_add_test(t, names_of_groups);
    tcase_add_test(t, partitions_that_are_none);
    tcase_add_test(t, rules_as_text);
    tcase_add_test(t, sets_as_bits);
    tcase_add_test(t, both_spellings);
    tcase_add_test(t, what_qemu_guests_cannot_have);
    tcase_add_test(t, nodes_of_host_devices);
    suite_add_tcase(s, t);
    return run_suite(s);
}
