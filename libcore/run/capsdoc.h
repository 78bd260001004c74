/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_CAPSDOC_H
#define RUN_CAPSDOC_H

#include "host/facts_xml.h"
#include "qemu/caps_get.h"

/* The documents that caps-probe prints, put together from the host's facts and the emulators'. All append to out. */

/* The <capabilities> document. more: its CPU model is filled in. */
void capsdoc_host(struct str *out, struct arena *a, const struct caps_env *env, const struct caps_emulators *emulators,
                  struct host_facts_more more, struct notes *notes);

/* All facts as JSON: {"host": {…}, "emulators": [{"path": …, "tcg": {…}, "kvm": {…}}, …]}. */
void capsdoc_json(struct str *out, struct arena *a, const struct caps_env *env, const struct caps_emulators *emulators);

/* Which emulator, for whom: what the caller leaves NULL is chosen as for a domain that says nothing. */
struct capsdoc_choice {
    const char *emulator, *arch, *machine;
    const char *virttype; /* kvm, qemu */
};
/* Completes the choice and gets the facts; the caller frees them. NULL with err. */
struct caps *capsdoc_choose(struct arena *a, const struct caps_env *env, struct capsdoc_choice *choice, struct err *e);

/* What a completed choice's emulator said, as one of the "emulators" of capsdoc_json. */
void capsdoc_one_json(struct str *out, struct caps *c, const struct capsdoc_choice *choice);

/* The <domainCapabilities> document for a completed choice. */
bool capsdoc_domain(struct str *out, struct arena *a, const struct caps_env *env, struct caps *c,
                    const struct capsdoc_choice *choice, struct notes *notes, struct err *e);

/* Properties of a device or object type, asked of the emulator now: one line each, or JSON. */
bool capsdoc_properties(struct str *out, const struct caps_env *env, const struct capsdoc_choice *choice, const char *type,
                        bool json, struct err *e);

#endif
