/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_DAC_H
#define GUARD_DAC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "store/journal.h"

/* Owners of what a guest uses: rows of kind "owner", states "UID:GID". The object is opened without following
 * a link and changed through that descriptor, so that what was looked at is what is changed. */

/* Adds a row for path unless it has that owner already. Links on the way are followed now; the row names the
 * file itself. why: "disk vda". A path that is not there is an error, ST_NOENT. */
bool dac_plan(struct journal *j, const char *path, uid_t uid, gid_t gid, const char *why, struct err *e);

/* The owner that path has, as "UID:GID" with its identity. false with e. */
bool dac_look(const char *path, struct identity *id, char owner[32], struct err *e);

/* Does the row. The object must be the one that was planned for, in the state that was seen. */
bool dac_apply(const struct row *row, struct err *e);

enum undo { UNDO_DONE, UNDO_LEFT, UNDO_FAILED };

/* Gives the owner back. UNDO_LEFT: someone else changed it since, e says what it is now; UNDO_FAILED: e.
 * journal_dev: device of the journal's file system; what lives elsewhere is synced before the journal goes. */
enum undo dac_undo(const struct row *row, bool same_boot, dev_t journal_dev, struct err *e);

#endif
