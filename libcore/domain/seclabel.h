/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_SECLABEL_H
#define DOMAIN_SECLABEL_H

#include "xml/vocab.h"

enum seclabel_type { SECLABEL_UNSET, SECLABEL_NONE, SECLABEL_DYNAMIC, SECLABEL_STATIC };
extern const char *const seclabel_type_names[4];

/* <seclabel> of the domain, or of one source (which has no type). */
struct seclabel {
    struct meta meta;
    enum seclabel_type type;
    const char *model; /* selinux, apparmor, dac */
    enum tri relabel;
    enum tri labelskip;
    const char *label, *imagelabel, *baselabel;
};
extern const struct element seclabel_element;

#endif
