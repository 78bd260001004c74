/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/arch.h"

#include <sys/utsname.h>

#include "base/str.h"

const struct arch arches[] = {
    { "alpha", "alpha", 64 },         { "armv6l", "arm", 32 },
    { "armv7l", "arm", 32 },          { "aarch64", "aarch64", 64 },
    { "cris", "cris", 32 },           { "hppa", "hppa", 32 },
    { "i686", "i386", 32 },           { "loongarch64", "loongarch64", 64 },
    { "m68k", "m68k", 32 },           { "microblaze", "microblaze", 32 },
    { "microblazeel", "microblazeel", 32 }, { "mips", "mips", 32 },
    { "mipsel", "mipsel", 32 },       { "mips64", "mips64", 64 },
    { "mips64el", "mips64el", 64 },   { "ppc", "ppc", 32 },
    { "ppc64", "ppc64", 64 },         { "ppc64le", "ppc64le", 64 },
    { "riscv32", "riscv32", 32 },     { "riscv64", "riscv64", 64 },
    { "s390x", "s390x", 64 },         { "sh4", "sh4", 32 },
    { "sh4eb", "sh4eb", 32 },         { "sparc", "sparc", 32 },
    { "sparc64", "sparc64", 64 },     { "x86_64", "x86_64", 64 },
    { "xtensa", "xtensa", 32 },       { "xtensaeb", "xtensaeb", 32 },
    { NULL, NULL, 0 },
};

const struct arch *arch_by_name(const char *name)
{
    for (const struct arch *a = arches; a->name; a++)
        if (streq(a->name, name))
            return a;
    return NULL;
}

const struct arch *arch_by_target(const char *target)
{
    const struct arch *found = NULL;
    for (const struct arch *a = arches; a->name; a++)
        if (streq(a->target, target))
            found = a;
    return found;
}

const struct arch *arch_host(void)
{
    static const char *const i386[] = { "i386", "i486", "i586", "i686" };
    struct utsname u;
    if (uname(&u) < 0)
        return NULL;
    return arch_by_name(name_index(i386, 4, u.machine) >= 0 ? "i686" : u.machine);
}

bool arch_is_native(const struct arch *host, const struct arch *guest)
{
    static const char *const pairs[][2] = { { "x86_64", "i686" }, { "aarch64", "armv7l" }, { "aarch64", "armv6l" },
                                            { "ppc64", "ppc" },   { "ppc64le", "ppc64" }, { "ppc64", "ppc64le" },
                                            { "ppc64le", "ppc" }, { "mips64", "mips" },   { "mips64el", "mipsel" } };
    if (!host || !guest)
        return false;
    if (host == guest)
        return true;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (streq(pairs[i][0], host->name) && streq(pairs[i][1], guest->name))
            return true;
    return false;
}
