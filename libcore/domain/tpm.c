/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/tpm.h"

const char *const tpm_model_names[5] = { NULL, "tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy" };
const char *const tpm_backend_names[4] = { NULL, "passthrough", "emulator", "external" };

static const struct field tpm_fields[] = {
    { "@model", K_ENUM, AT(struct tpm, model), NAMES(tpm_model_names) },
    { "backend@type", K_ENUM, AT(struct tpm, backend), NAMES(tpm_backend_names), .flags = F_REQUIRED },
    { "backend@version", K_STR, AT(struct tpm, version) },
    { "backend@persistent_state", K_YESNO, AT(struct tpm, persistent_state) },
    { "backend@debug", K_U32, AT(struct tpm, debug) },
    { "backend/encryption@secret", K_UUID, AT(struct tpm, encryption_secret) },
    { "backend/device@path", K_STR, AT(struct tpm, device_path) },
    { "backend/source@type", K_STR, AT(struct tpm, source_type) },
    { "backend/source@path", K_STR, AT(struct tpm, source_path) },
    { "backend/source@mode", K_STR, AT(struct tpm, source_mode) },
    { "backend/active_pcr_banks/sha1", K_FLAG, AT(struct tpm, bank_sha1) },
    { "backend/active_pcr_banks/sha256", K_FLAG, AT(struct tpm, bank_sha256) },
    { "backend/active_pcr_banks/sha384", K_FLAG, AT(struct tpm, bank_sha384) },
    { "backend/active_pcr_banks/sha512", K_FLAG, AT(struct tpm, bank_sha512) },
    DEVICE_FIELDS(struct tpm),
};
const struct element tpm_element = { "tpm", sizeof(struct tpm), FIELDS(tpm_fields) };
