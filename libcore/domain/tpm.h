/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_TPM_H
#define DOMAIN_TPM_H

#include "domain/chardev.h"
#include "domain/domain.h"

enum tpm_model { TPM_UNSET, TPM_TIS, TPM_CRB, TPM_SPAPR, TPM_SPAPR_PROXY };
extern const char *const tpm_model_names[5];
enum tpm_backend { TPM_BACKEND_UNSET, TPM_PASSTHROUGH, TPM_EMULATOR, TPM_EXTERNAL };
extern const char *const tpm_backend_names[4];

struct tpm {
    struct meta meta;
    enum tpm_model model;
    enum tpm_backend backend;
    const char *version; /* 1.2, 2.0 */
    enum tri persistent_state;
    struct num debug;
    const char *device_path;
    const char *encryption_secret; /* uuid */
    const char *source_type; /* external: unix, tcp */
    const char *source_path, *source_mode;
    enum tri bank_sha1, bank_sha256, bank_sha384, bank_sha512;
    struct device_info info;
};
extern const struct element tpm_element;

#endif
