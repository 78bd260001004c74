/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/foresee.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/str.h"

static const char *find(const char *at, const char *end, const char *what)
{
    return at < end ? memmem(at, (size_t)(end - at), what, strlen(what)) : NULL;
}

static bool begins(const char *at, const char *end, const char *what)
{
    size_t n = strlen(what);
    return (size_t)(end - at) >= n && memcmp(at, what, n) == 0;
}

/* What follows "<emulator>": a path and the end tag. Returns behind it, NULL for anything else. */
static const char *emulator(const char *at, const char *end, struct arena *a, struct foreseen *f)
{
    const char *stop = memchr(at, '<', (size_t)(end - at));
    if (f->emulator || !stop || !begins(stop, end, "</emulator>") || stop - at >= PATH_MAX || memchr(at, '&', (size_t)(stop - at)))
        return NULL;
    while (at < stop && isspace((unsigned char)*at))
        at++;
    const char *last = stop;
    while (last > at && isspace((unsigned char)last[-1]))
        last--;
    if (at == last)
        return NULL;
    f->emulator = arena_strndup(a, at, (size_t)(last - at));
    return stop;
}

static bool domain_tag(const char *at, const char *end, struct foreseen *f)
{
    const char *stop = memchr(at, '>', (size_t)(end - at));
    if (!stop || memchr(at, '&', (size_t)(stop - at)))
        return false;
    f->kvm = find(at, stop, "kvm") != NULL;
    return true;
}

/* What follows "<type": attributes, of which arch tells the emulator if the document does not name it. */
static bool type_tag(const char *at, const char *end, struct arena *a, struct foreseen *f)
{
    const char *stop = memchr(at, '>', (size_t)(end - at)), *name = find(at, end, "arch=");
    if (!stop || memchr(at, '&', (size_t)(stop - at)))
        return false;
    if (!name || name > stop || !isspace((unsigned char)name[-1]))
        return true;
    const char *value = name + strlen("arch=") + 1, *last = value < stop ? memchr(value, value[-1], (size_t)(stop - value)) : NULL;
    if (f->arch || !last || (value[-1] != '\'' && value[-1] != '"'))
        return false;
    f->arch = arena_strndup(a, value, (size_t)(last - value));
    return true;
}

static const char *next_tag(const char *at, const char *end)
{
    return at + 1 < end ? memchr(at + 1, '<', (size_t)(end - at - 1)) : NULL;
}

bool foresee(const char *text, size_t n, struct arena *a, struct foreseen *f)
{
    const char *end = text + n;
    *f = (struct foreseen){ .firmware = find(text, end, "firmware") != NULL };
    for (const char *at = memchr(text, '<', n); at; at = next_tag(at, end)) {
        if (begins(at, end, "<!--")) {
            if (!(at = find(at + 4, end, "-->")))
                return false;
        } else if (begins(at, end, "<![CDATA[") || begins(at, end, "<!DOCTYPE")) {
            return false;
        } else if (begins(at, end, "<emulator>")) {
            if (!(at = emulator(at + strlen("<emulator>"), end, a, f)))
                return false;
        } else if ((begins(at, end, "<domain") && !domain_tag(at, end, f)) ||
                   (begins(at, end, "<type") && !type_tag(at + strlen("<type"), end, a, f))) {
            return false;
        }
    }
    return f->emulator || f->arch;
}
