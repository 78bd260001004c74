/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_FORESEE_H
#define RUN_FORESEE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Which emulator a document will want to know of, found without parsing: one pass over the bytes that looks
 * for <domain …>, <type arch='…'> and <emulator>PATH</emulator> outside comments. A converter that knows this beforehand can
 * confine itself and needs nobody to ask, which spares it a process.
 *
 * False for whatever could mean something else to an XML parser (CDATA, references in these places, several
 * emulators, neither an emulator nor an architecture): those are converted with somebody to ask. Being wrong here costs an error message, not
 * safety. */
struct foreseen {
    const char *emulator; /* from the arena; NULL: none is named */
    const char *arch;     /* likewise */
    bool kvm;             /* the domain's type has "kvm" in it */
    bool firmware;        /* "firmware" stands somewhere: one may have to be chosen */
};
bool foresee(const char *text, size_t n, struct arena *a, struct foreseen *f);

#endif
