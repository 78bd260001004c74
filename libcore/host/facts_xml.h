/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_FACTS_XML_H
#define HOST_FACTS_XML_H

#include "base/str.h"
#include "host/facts.h"

/* What the host's facts alone do not tell. */
struct host_facts_more {
    const char *model;    /* named CPU model that fits best, NULL */
    bool no_selinux, no_apparmor; /* the kernel's, but not in force for guests of this root */
    const char *baselabel; /* owner that QEMU runs as: "+0:+0"; NULL: no owners are changed (user's own guests) */
};

/* Appends the <host> element of libvirt's capabilities document. */
void host_facts_xml(struct str *out, const struct host_facts *h, const struct host_facts_more *more);

#endif
