/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool first_line(const char *path, char out[64])
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : read(fd, out, 63);
    if (n <= 0)
        return false;
    out[n] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return *out != '\0';
}

static bool look(const char *sysroot, const char *path, char out[64])
{
    char full[PATH_MAX];
    if (sysroot && (size_t)snprintf(full, sizeof full, "%s%s", sysroot, path) < sizeof full &&
        first_line(full, out))
        return true;
    return first_line(path, out);
}

const char *root_sysroot(const struct root *r)
{
    const char *sysroot = r->kind == ROOT_EMBED ? secure_getenv("VMUTILS_SYSROOT") : NULL;
    return sysroot && *sysroot == '/' ? sysroot : NULL;
}

bool machine_ids(const struct root *r, char machine[64], char boot[64], struct err *e)
{
    const char *sysroot = root_sysroot(r);
    if (!look(sysroot, "/etc/machine-id", machine)) {
        struct utsname u;
        uname(&u);
        snprintf(machine, 64, "host %.50s", u.nodename);
    }
    return look(sysroot, "/proc/sys/kernel/random/boot_id", boot) || err_errno(e, "cannot tell which boot this is");
}
