/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_PLAN_TPM_H
#define RUN_PLAN_TPM_H

#include "run/plan.h"

/* For an emulated TPM: a row that makes its state where it is new, in lib/swtpm/UUID/tpm2 (tpm1.2) of the root, and swtpm as a
 * helper, which runs as qemu.conf's swtpm_user and swtpm_group, else, where root starts it, as tss if there is such a user, else as
 * uid (QEMU's); a state that was made for another user becomes this one's and stays so. dirs: where programs may be besides the
 * system's places. False with e for what swtpm cannot be asked for here. */
bool plan_tpm(struct plan *p, const struct life *l, const struct domain *d, const struct plan_options *o, uid_t uid, gid_t gid,
              const char *private_dir, struct err *e);

#endif
