/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/* lib/vmutils/.uuid: a link UUID -> NAME for each definition and each running guest. A link is a hint; what
 * it names is asked before it is believed. The file "stamp" tells up to which change of etc/qemu the links
 * are complete (time of the directory, and this boot): as long as it is true, a UUID without link is free
 * and nobody reads ten thousand definitions to add one. Everything here happens under the index's lock, which is
 * held for the moment between looking a UUID up and naming the file. */
struct index {
    int etc, state, dir, lock;
};

/* "6BA7B810…" with or without dashes as 36 lower-case characters; false if it is no UUID. */
bool uuid_normal(const char *text, char out[37]);

/* Takes the lock and, where etc has been changed by others, looks at every definition and puts the links
 * right. -1 as deadline: no limit. */
bool index_open(struct index *ix, int etc, int state, long long deadline, struct err *e);
/* After our own change of etc: the links are complete up to it. Then closes. */
void index_commit(struct index *ix);
void index_close(struct index *ix);

/* Who really has uuid: the guest that the link names, if its definition or the running guest has that uuid.
 * NULL: nobody. */
const char *index_owner(const struct index *ix, struct arena *a, const char *uuid);
bool index_set(const struct index *ix, const char *uuid, const char *name, struct err *e);
/* Removes the link if it names name. */
void index_drop(const struct index *ix, const char *uuid, const char *name);

#endif
