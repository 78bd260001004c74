/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "domain/domain.h"

const char *const address_type_names[14] = {
    NULL,        "none", "pci",         "drive", "virtio-serial", "ccid",       "usb",
    "spapr-vio", "virtio-s390", "ccw", "virtio-mmio", "isa", "dimm", "unassigned",
};

static const struct field fields[] = {
    { "@type", K_ENUM, AT(struct address, type), NAMES(address_type_names) },
    { "@domain", K_HEX, AT(struct address, domain), .width = 4 },
    { "@bus", K_HEX, AT(struct address, bus), .width = 2 },
    { "@slot", K_HEX, AT(struct address, slot), .width = 2 },
    { "@function", K_HEX, AT(struct address, function), .width = 1 },
    { "@multifunction", K_ONOFF, AT(struct address, multifunction) },
    { "@controller", K_U32, AT(struct address, controller) },
    { "@target", K_U32, AT(struct address, target) },
    { "@unit", K_U64, AT(struct address, unit) },
    { "@port", K_STR, AT(struct address, usb_port) },
    { "@device", K_U32, AT(struct address, device) },
    { "@reg", K_U64, AT(struct address, reg) },
    { "@cssid", K_HEX, AT(struct address, cssid), .max = 0xfe },
    { "@ssid", K_HEX, AT(struct address, ssid), .max = 3 },
    { "@devno", K_HEX, AT(struct address, devno), .max = 0xffff },
    { "@iobase", K_U32, AT(struct address, iobase) },
    { "@irq", K_U32, AT(struct address, irq) },
    { "@base", K_U64, AT(struct address, base) },
    { "@uuid", K_UUID, AT(struct address, uuid) },
    { "zpci@uid", K_HEX, AT(struct address, zpci_uid), .width = 4, .max = 0xffff },
    { "zpci@fid", K_HEX, AT(struct address, zpci_fid), .width = 8 },
};

/* How each type is written, in libvirt's order of attributes. An attribute given as `always` is printed
 * (and taken as 0) even if the document left it out. */
struct form {
    const char *name, *format;
    size_t at;
    uint64_t max;
    bool always;
};
#define FORM(attr, fmt, member, largest, zero) { attr, fmt, offsetof(struct address, member), largest, zero }

static const struct form pci[] = {
    FORM("domain", "0x%04llx", domain, 0xffff, true),
    FORM("bus", "0x%02llx", bus, 0xff, true),
    FORM("slot", "0x%02llx", slot, 0x1f, true),
    FORM("function", "0x%llx", function, 7, true),
};
static const struct form drive[] = {
    FORM("controller", "%llu", controller, UINT32_MAX, true),
    FORM("bus", "%llu", bus, UINT32_MAX, true),
    FORM("target", "%llu", target, UINT32_MAX, true),
    FORM("unit", "%llu", unit, UINT32_MAX, true),
};
static const struct form virtio_serial[] = {
    FORM("controller", "%llu", controller, UINT32_MAX, true),
    FORM("bus", "%llu", bus, UINT32_MAX, true),
    FORM("port", "%llu", port, UINT32_MAX, true),
};
static const struct form ccid[] = {
    FORM("controller", "%llu", controller, UINT32_MAX, true),
    FORM("slot", "%llu", slot, UINT32_MAX, true),
};
static const struct form usb[] = {
    FORM("bus", "%llu", bus, UINT32_MAX, true),
    FORM("device", "%llu", device, UINT32_MAX, false),
};
static const struct form spapr_vio[] = { FORM("reg", "0x%08llx", reg, UINT64_MAX, false) };
static const struct form ccw[] = {
    FORM("cssid", "0x%llx", cssid, 0xfe, false),
    FORM("ssid", "0x%llx", ssid, 3, false),
    FORM("devno", "0x%04llx", devno, 0xffff, false),
};
static const struct form isa[] = {
    FORM("iobase", "0x%llx", iobase, UINT32_MAX, false),
    FORM("irq", "0x%llx", irq, UINT32_MAX, false),
};
static const struct form dimm[] = {
    FORM("slot", "%llu", slot, UINT32_MAX, true),
    FORM("base", "0x%llx", base, UINT64_MAX, false),
};
/* Addresses on the host, in <source>, have no type; a SCSI unit is 64 bits wide there. */
static const struct form host_usb[] = {
    FORM("bus", "%llu", bus, UINT32_MAX, true),
    FORM("device", "%llu", device, UINT32_MAX, true),
};
static const struct form host_scsi[] = {
    FORM("bus", "%llu", bus, UINT32_MAX, true),
    FORM("target", "%llu", target, UINT32_MAX, true),
    FORM("unit", "%llu", unit, UINT64_MAX, true),
};

struct forms {
    const struct form *form;
    size_t n;
};
#define FORMS(a) { a, sizeof a / sizeof *a }
static const struct forms by_type[14] = {
    [ADDRESS_PCI] = FORMS(pci),
    [ADDRESS_DRIVE] = FORMS(drive),
    [ADDRESS_VIRTIO_SERIAL] = FORMS(virtio_serial),
    [ADDRESS_CCID] = FORMS(ccid),
    [ADDRESS_USB] = FORMS(usb),
    [ADDRESS_SPAPR_VIO] = FORMS(spapr_vio),
    [ADDRESS_CCW] = FORMS(ccw),
    [ADDRESS_ISA] = FORMS(isa),
    [ADDRESS_DIMM] = FORMS(dimm),
};

static struct forms forms_of(const struct address *a)
{
    static const struct forms of_usb = FORMS(host_usb), of_scsi = FORMS(host_scsi), none = { NULL, 0 };
    if (a->type)
        return by_type[a->type];
    if (a->uuid)
        return none;
    if (a->device.set)
        return of_usb;
    return a->target.set || a->unit.set ? of_scsi : by_type[ADDRESS_PCI];
}

static struct num *number(const struct address *a, const struct form *f)
{
    return (struct num *)((char *)(uintptr_t)a + f->at);
}

/* Hubs nest at most four deep: "1", "2.1", … "1.2.3.4". */
static bool usb_port_ok(const char *s)
{
    unsigned levels = 0;
    do {
        unsigned v = 0, digits = 0;
        for (; *s >= '0' && *s <= '9'; s++, digits++)
            v = digits < 4 ? v * 10 + (unsigned)(*s - '0') : 1000;
        if (!digits || v > 255 || ++levels > 4)
            return false;
    } while (*s == '.' && *++s);
    return !*s && s[-1] != '.';
}

static bool read_port(struct address *a, struct parse *p)
{
    if (!a->usb_port)
        return true;
    if (a->type == ADDRESS_USB) {
        if (!usb_port_ok(a->usb_port))
            return parse_error(p, a->meta.line, "<address> port '%s': not a USB port (1, 2.1, …)", a->usb_port);
        return true;
    }
    uint64_t v;
    if (!parse_u64(a->usb_port, &v))
        return parse_error(p, a->meta.line, "<address> port '%s': not a number", a->usb_port);
    a->port = NUM(v);
    a->usb_port = NULL;
    return true;
}

static bool address_parsed(void *self, struct parse *p)
{
    struct address *a = self;
    struct forms f = forms_of(a);
    if (!read_port(a, p))
        return false;
    bool any = a->type != ADDRESS_PCI; /* <address type='pci'/> asks for any PCI slot */
    for (size_t i = 0; i < f.n; i++)
        any |= number(a, &f.form[i])->set;
    for (size_t i = 0; i < f.n && any; i++) {
        struct num *n = number(a, &f.form[i]);
        if (n->set && n->v > f.form[i].max)
            return parse_error(p, a->meta.line, "<address> %s: more than 0x%llx", f.form[i].name,
                               (unsigned long long)f.form[i].max);
        if (f.form[i].always)
            n->set = true;
    }
    return true;
}

static void attribute(struct str *out, const char *name, const char *value)
{
    str_addf(out, " %s='", name);
    str_add_xml(out, value, true);
    str_addc(out, '\'');
}

static bool address_print(const void *self, const char *name, struct str *out, int indent)
{
    const struct address *a = self;
    struct forms f = forms_of(a);
    char buf[32];
    str_addf(out, "%*s<%s", indent, "", name);
    if (a->type)
        attribute(out, "type", address_type_names[a->type]);
    for (size_t i = 0; i < f.n; i++) {
        const struct num *n = number(a, &f.form[i]);
        if (!n->set)
            continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(buf, sizeof buf, f.form[i].format, (unsigned long long)n->v);
#pragma GCC diagnostic pop
        attribute(out, f.form[i].name, buf);
    }
    if (a->type == ADDRESS_USB && a->usb_port)
        attribute(out, "port", a->usb_port);
    if (a->uuid)
        attribute(out, "uuid", a->uuid);
    if (a->multifunction)
        attribute(out, "multifunction", a->multifunction == TRI_YES ? "on" : "off");
    for (size_t i = 0; i < a->meta.extras.n; i++)
        if (!a->meta.extras.v[i]->element)
            attribute(out, a->meta.extras.v[i]->name, a->meta.extras.v[i]->text);
    if (!a->zpci_uid.set && !a->zpci_fid.set) {
        str_add(out, "/>\n");
        return true;
    }
    str_addf(out, ">\n%*s<zpci", indent + 2, "");
    if (a->zpci_uid.set)
        str_addf(out, " uid='0x%04llx'", (unsigned long long)a->zpci_uid.v);
    if (a->zpci_fid.set)
        str_addf(out, " fid='0x%08llx'", (unsigned long long)a->zpci_fid.v);
    str_addf(out, "/>\n%*s</%s>\n", indent, "", name);
    return true;
}

const struct element address_element = {
    "address", sizeof(struct address), FIELDS(fields), .parsed = address_parsed, .print = address_print,
};
