/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_EXPAND_H
#define DOMAIN_EXPAND_H

#include "domain/domain.h"

/* From what a document says to the complete domain: every default, controller and address filled in, so
 * that the guest finds the same machine at each start. What is there stays as it is, so expanding twice
 * changes nothing, and a device that is added later moves no other. */

/* What the passes must know of the emulator. qemu/facts.h fills it from what the emulator said. */
struct emulator_facts {
    const char *emulator; /* path, for documents that name none; NULL: leave it out */
    bool kvm;             /* the accelerator that was asked about */
    void *data;
    /* The pinned name of a machine type or alias; NULL name: the default machine. NULL: no such machine. */
    const char *(*machine)(void *data, const char *name);
    /* Model of the CPU that a machine has by default ("qemu64"), NULL if it is not known. */
    const char *(*default_cpu)(void *data, const char *machine);
    bool (*has_device)(void *data, const char *device);
};

/* Fills in everything: defaults, controllers, addresses, checks. New parts live in p->arena; p->file and
 * p->notes as for parsing. False with p->err ("FILE:LINE: …"): a value or address cannot be, or a rule
 * of domain/checks.h is broken; the domain is then half done and good for nothing.
 *
 * uuid and MAC addresses that are missing are drawn at random; all else follows from the document. */
bool domain_expand(struct domain *d, const struct emulator_facts *f, struct parse *p);

#endif
