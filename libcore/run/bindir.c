/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/bindir.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

static const char *with_reaper(struct arena *a, const char *dir, size_t n)
{
    const char *reaper = n && *dir == '/' ? arena_printf(a, "%.*s/vm-reap", (int)n, dir) : NULL;
    return reaper && access(reaper, X_OK) == 0 ? arena_strndup(a, dir, n) : NULL;
}

const char *bindir_find(struct arena *a)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);
    const char *slash = len > 0 ? memrchr(self, '/', (size_t)len) : NULL;
    const char *found = slash ? with_reaper(a, self, (size_t)(slash - self)) : NULL;
    for (const char *p = getenv("PATH"); p && *p && !found; p += strspn(p, ":")) {
        size_t n = strcspn(p, ":");
        found = with_reaper(a, p, n);
        p += n;
    }
    return found ? found : "/usr/bin";
}
