/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/checks.h"

const struct check_rule bus_rules[] = {
    { NULL, NULL },
};
