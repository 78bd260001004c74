/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_DAC_ROW_H
#define GUARD_DAC_ROW_H

#include "base/err.h"
#include "store/journal.h"

/* What planning and undoing of owners share. */

/* The owner that path has, as "UID:GID" with its identity; a link is not followed. false with e. */
bool dac_look(const char *path, struct identity *id, char owner[32], struct err *e);

/* Name of the claim by which guests that use one object are counted, in name (CLAIM_NAME bytes). */
void dac_claim_name(char *name, const struct identity *id);

#endif
