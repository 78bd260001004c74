/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/live.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { LIVE_MAX = 16 << 20 };

bool live_write(struct life *l, const char *domain, const char *state, const char *reason, struct err *e)
{
    autostr struct str text = STR_INIT;
    str_addf(&text, "<domstatus state='%s' reason='%s' start='%s' pid='%d'%s>\n", state, reason, l->j.start,
             (int)l->j.qemu.pid, l->confined ? l->confined : "");
    str_add(&text, domain ? domain : "");
    str_add(&text, "</domstatus>\n");
    return file_replace_at(l->dir, "live.xml", text.p, text.len, 0600, false) == 0 ||
           err_errno(e, "cannot write live.xml");
}

const char *live_domain(const struct life *l)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(l->dir, "live.xml", LIVE_MAX, true, &text) < 0)
        return NULL;
    const char *from = strchr(str_text(&text), '\n');
    const char *to = from ? strstr(from, "</domstatus>") : NULL;
    for (const char *next = to; next && (next = strstr(next + 1, "</domstatus>"));)
        to = next;
    return to ? arena_strndup(l->arena, from + 1, (size_t)(to - from - 1)) : NULL;
}
