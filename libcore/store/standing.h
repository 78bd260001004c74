/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_STANDING_H
#define STORE_STANDING_H

#include <stdbool.h>

#include "base/err.h"
#include "store/journal.h"

/* Uses of objects for which no process stands: those of guests to which seclabel --apply gave them, for as long as their journals
 * say so and this boot lasts. Links below run/vmutils/claims/applied lead to these journals, from whatever root they are.
 *
 * An object is looked after under the claim that its user is alone with it (store/claim.h), which whoever applies holds until
 * its journal counts, and whoever takes back asks for after its own has ceased to. claims: that directory. */

/* The journal of guest, in state_dir, is going to be marked as applied. */
bool standing_add(int claims, const char *state_dir, const char *guest, struct err *e);
/* It is gone. */
void standing_remove(int claims, const char *state_dir, const char *guest);

/* Whether any of them has the object. */
bool standing_uses(int claims, const struct identity *id);
/* Adds the rows of all of them to j. */
void standing_rows(int claims, struct journal *j);

/* Removes links that lead to nothing. */
void standing_sweep(int claims);

#endif
