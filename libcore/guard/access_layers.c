/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/access_walk.h"

const struct access_layer *const access_layers[] = {
    &access_mount,
    &access_attribute,
    &access_dac,
    &access_selinux,
    &access_apparmor,
    NULL,
};
