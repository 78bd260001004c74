/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_DEFS_H
#define STORE_DEFS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "host/root.h"

/* Definitions: etc/qemu/NAME.xml, libvirt's own files, and marks etc/qemu/autostart/NAME.xml. Readers take no
 * lock: they see the old file or the new one. */

enum { DEF_MAX = 16 << 20 };

/* Reads the definition; the text may begin with comments. ST_NOENT: "NAME: is not defined".
 * A file that belongs to neither root nor the caller is refused (ST_PERM). */
bool def_read(const struct root *r, const char *name, struct str *text, struct err *e);
bool def_exists(int etc, const char *name);
/* The uuid in the definition of name, in a, or that of a guest that runs without one; NULL if neither is there. */
const char *def_uuid(const struct root *r, struct arena *a, const char *name);

/* Who keeps others from the guest while its definition changes. A guest without a directory in ROOT_STATE is neither
 * running nor being started or cleaned up, and nothing is left of it: then the lock of the index, under which the
 * definition changes, is enough, and a directory with a lock in it is not made for that moment only. */
enum def_lock {
    DEF_LOCKED,   /* the caller holds the guest's lock (guest_lock()) */
    DEF_UNLOCKED, /* it does not: refused (ST_BUSY, *needs_lock) if the guest has a directory */
};

struct def_change {
    int etc, state;    /* open ROOT_ETC and ROOT_STATE */
    long long wait_ms; /* for the index's lock */
    enum def_lock lock;
    bool needs_lock; /* result */
};

/* Text to be stored as the definition of the guest with that uuid (36 characters, lower case). */
struct def_text {
    const char *name, *uuid, *text;
    size_t n;
    const char *expect; /* not NULL: only if the definition reads just so now (ST_STATE) */
    bool replaced;      /* result: there was one before */
};

/* Stores n definitions one after the other and returns how many are stored, and synced; fewer than n: e tells what kept
 * the next one from it, and of that guest what was there is there. Each file is written, synced and named in one
 * step; up to DEFS_AT_ONCE of them share one hold of the index's lock and one sync of the directory.
 * ST_FAILED: the name has another UUID, the UUID another name, or a file whose <name> is not its own is in the way. */
enum { DEFS_AT_ONCE = 64 };
size_t defs_write(struct def_change *c, struct def_text *v, size_t n, struct err *e);

/* Removes the definition and its autostart mark. keep_uuid: the guest goes on (transient), so its UUID stays
 * its own. ST_NOENT: there is none. */
bool def_remove(struct def_change *c, const char *name, bool keep_uuid, struct err *e);

/* Claims uuid for a guest without definition (about to be started); what is refused: as in defs_write. */
bool uuid_claim(int etc, int state, const char *name, const char *uuid, long long deadline, struct err *e);
/* Gives it up, if it is name's. */
void uuid_release(int state, const char *name, const char *uuid);

/* The name that has uuid: the link's word if it proves true, else by one look at every definition, which puts
 * the links right. NULL: ST_NOENT, or what went wrong. */
const char *uuid_find(int etc, int state, struct arena *a, const char *uuid, struct err *e);

/* Names of all definitions (files *.xml), in no order. Names that no guest can have are left out. */
struct names {
    LIST(const char) v;
};
bool defs_list(int etc, struct arena *a, struct names *out, struct err *e);
/* Names with a mark for autostart; none if the directory is missing. */
bool autostart_list(int etc, struct arena *a, struct names *out, struct err *e);
bool autostart_get(int etc, const char *name);
/* Sets or removes the mark; both are fine if it is so already. ST_NOENT: not defined. */
bool autostart_set(const struct root *r, int etc, const char *name, bool on, struct err *e);

#endif
