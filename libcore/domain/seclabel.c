/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/seclabel.h"

const char *const seclabel_type_names[4] = { NULL, "none", "dynamic", "static" };

static const struct field fields[] = {
    { "@type", K_ENUM, AT(struct seclabel, type), NAMES(seclabel_type_names) },
    { "@model", K_STR, AT(struct seclabel, model) },
    { "@labelskip", K_YESNO, AT(struct seclabel, labelskip), .flags = F_READONLY },
    { "@relabel", K_YESNO, AT(struct seclabel, relabel) },
    { "label", K_STR, AT(struct seclabel, label) },
    { "baselabel", K_STR, AT(struct seclabel, baselabel) },
    { "imagelabel", K_STR, AT(struct seclabel, imagelabel), .flags = F_READONLY },
};
const struct element seclabel_element = { "seclabel", sizeof(struct seclabel), FIELDS(fields) };
