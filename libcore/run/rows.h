/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_ROWS_H
#define RUN_ROWS_H

#include <stdbool.h>

#include "base/err.h"
#include "guard/kind.h"
#include "store/journal.h"

/* What the kinds of rows of a journal mean: how each is done and undone.
 *
 *   owner   object's owner and group           UID:GID -> UID:GID
 *   dir     a private directory of the guest   absent -> UID:GID (of whom it belongs to); goes with all that is in it
 *   socket  a path that QEMU binds             absent -> present
 *   tpm     the state of an emulated TPM       absent -> UID:GID VERSION BANKS SWTPM_SETUP; it is the guest's and stays
 *   nvram   a copy of the firmware's template  absent -> UID:GID TEMPLATE; the copy is the guest's and stays
 *   profile, apparmor    guard/apparmor.h
 *   selinux, label       guard/selinux.h
 */

/* Does every row in order. On failure the rows before it are done; the caller undoes the journal. */
bool rows_apply(const struct journal *j, const struct row_context *c, struct err *e);

/* Undoes every row, last first. What someone else has changed since is noted and left. False if a row could
 * not be undone: the journal must stay. */
bool rows_undo(const struct journal *j, const struct row_context *c, struct notes *notes, struct err *e);

#endif
