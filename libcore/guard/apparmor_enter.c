/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/apparmor.h>

#include "guard/apparmor.h"

/* Before Landlock, which would keep this process from writing its own attributes. */
bool apparmor_enter(const char *profile)
{
    return !profile || aa_change_onexec(profile) == 0;
}
