/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_OS_FAMILY_H
#define DOMAIN_OS_FAMILY_H

#include "base/str.h"
#include "domain/os.h"

/* Which family a machine type belongs to, by the names QEMU gives them. */

static inline bool os_is_x86(const struct domain_os *os)
{
    return streq(os->arch, "x86_64") || streq(os->arch, "i686");
}
static inline bool os_is_q35(const struct domain_os *os)
{
    return os_is_x86(os) && (streq(os->machine, "q35") || str_starts(os->machine ? os->machine : "", "pc-q35"));
}
static inline bool os_is_i440fx(const struct domain_os *os)
{
    const char *m = os->machine ? os->machine : "";
    return os_is_x86(os) && (streq(m, "pc") || str_starts(m, "pc-i440fx") || str_starts(m, "pc-0.") || str_starts(m, "pc-1.") ||
                             str_starts(m, "rhel"));
}
static inline bool os_is_arm(const struct domain_os *os)
{
    return streq(os->arch, "aarch64") || streq(os->arch, "armv7l") || streq(os->arch, "armv6l");
}
static inline bool os_is_virt(const struct domain_os *os)
{
    return streq(os->machine, "virt") || str_starts(os->machine ? os->machine : "", "virt-");
}
static inline bool os_is_arm_virt(const struct domain_os *os)
{
    return os_is_arm(os) && os_is_virt(os);
}
static inline bool os_is_pseries(const struct domain_os *os)
{
    return (streq(os->arch, "ppc64") || streq(os->arch, "ppc64le")) && str_starts(os->machine ? os->machine : "", "pseries");
}
static inline bool os_is_s390(const struct domain_os *os)
{
    return streq(os->arch, "s390x") || streq(os->arch, "s390");
}

#endif
