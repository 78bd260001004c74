/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_DEFINE_H
#define RUN_DEFINE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "domain/domain.h"
#include "host/root.h"

struct undoer;

/* Defining and undefining guests: the domain's checks and the store put together. */
struct definer {
    const struct root *root;
    struct arena *arena;   /* for results */
    struct notes *notes;
    bool strict;           /* what the vocabulary does not know is an error */
    long long wait_ms;     /* for locks */
    const char *const *bindirs; /* emulators may be there, too */
    size_t n_bindirs;
    const struct undoer *by; /* of what a start has left of a guest; for define_store() and undefine() */
    int etc, state;        /* opened by definer_open */
    LIST(struct known_emulator) known; /* asked once for any number of documents */
};

/* A definition that passed every check; nothing is stored yet. */
struct definition {
    const char *name, *uuid;
    const char *text; /* as it is stored: complete and stable */
    size_t n;
    const char *expect; /* not NULL: store only over a definition that reads just so (vm-edit) */
    bool replaced;      /* define_store: there was one before */
    bool running;       /* ...and the guest was running, without one: it is persistent now */
};

/* Opens (makes) the directories. definer_close is harmless after failure. */
bool definer_open(struct definer *d, const struct root *root, struct arena *a, struct err *e);
void definer_close(struct definer *d);

/* Parses text and completes it by what its emulator can do, so that the guest finds the same machine at each
 * start. A document without uuid keeps that of the guest of its name, else gets a new one.
 * file is for messages ("FILE:LINE: …"). */
bool define_check(struct definer *d, struct definition *out, const char *file, const char *text, size_t n, struct err *e);

/* Stores n of them, one after the other, and returns how many are stored and synced; fewer than n: e tells of the next
 * one. ST_BUSY: a daemon owns the root, or the lock was not had; ST_STATE: the guest runs under libvirt, or expect is
 * not what is there now. */
size_t define_store(struct definer *d, struct definition *x, size_t n, struct err *e);

struct undefine_options {
    bool remove_nvram, keep_nvram; /* neither: a guest that has an NVRAM file is refused */
    bool remove_tpm, keep_tpm;     /* neither: as the domain's persistent_state says */
};
/* Removes the definition; *running: the guest goes on without one. */
bool undefine(struct definer *d, const char *name, const struct undefine_options *o, bool *running, struct err *e);

#endif
