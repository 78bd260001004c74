/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/conf_own.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct conf_key own_keys[] = {
    { "landlock", CONF_NUMBER, true, .fallback = { .type = CONF_NUMBER, .number = 1, .text = "1" }, .min = 0, .max = 1 },
};
const struct conf_table conf_own = { "vmutils.conf", "vmutils", own_keys, sizeof own_keys / sizeof *own_keys };

const char *conf_own_path(const struct root *r, struct arena *a)
{
    const char *slash = strrchr(r->conf, '/');
    return arena_printf(a, "%.*s/%s", (int)(slash - r->conf), r->conf, conf_own.file);
}

bool conf_no_landlock(void)
{
    const char *env = getenv("VMUTILS_LANDLOCK");
    return env && streq(env, "0");
}
