/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_TPM_STATE_H
#define RUN_TPM_STATE_H

#include "guard/kind.h"

/* "tpm": the directory with the state of an emulated TPM, manufactured by swtpm_setup when it is new. Wanted is
 * "UID:GID VERSION BANKS PROGRAM": whose it is, "1.2" or "2.0", banks of PCRs by commas or "-" for swtpm's own choice, and
 * the path of swtpm_setup. It appears whole or not at all, and stays: it is the guest's, as its disks are. */
extern const struct row_kind tpm_kinds[];

#endif
