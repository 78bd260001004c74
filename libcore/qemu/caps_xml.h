/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_CAPS_XML_H
#define QEMU_CAPS_XML_H

#include <jansson.h>

#include "qemu/caps_get.h"

/* Facts of emulators in libvirt's forms and as JSON. All append to out. */

/* <guest> elements of the capabilities document: one for the emulator's architecture, and for arm that of
 * armv6l as well. */
void caps_guest_xml(struct str *out, const struct caps_emulator *em);

/* A firmware that the host offers (host/firmware.h), as far as this document tells of it. */
struct caps_firmware {
    const char *path;
    bool secure; /* needs SMM, and has Secure Boot */
};

/* <domainCapabilities> for one emulator, accelerator (of c) and machine (name or alias, NULL: the default). firmware
 * ends with a NULL path. False with err if there is no such machine. */
bool caps_domain_xml(struct str *out, struct caps *c, const char *path, const char *arch, const char *machine,
                     const struct caps_firmware *firmware, struct err *e);

/* Everything: {"fact": {…}, "machine": {"pc-i440fx-7.2": {"max": "255", …}}, …}, by kind and name as in qemu/caps.h. A new
 * reference. */
json_t *caps_json(struct caps *c);

#endif
