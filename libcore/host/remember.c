/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/remember.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <utmpx.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"

/* now() - uptime wanders by a little when clocks are set; no machine boots twice within this. */
enum { BOOT_SLACK = 5 };

/* f*xattr() refuses an O_PATH descriptor; its name in /proc is the same object. */
static void names(int fd, const char *part, const char *layer, char file[40], char attribute[64])
{
    snprintf(file, 40, "/proc/self/fd/%d", fd);
    snprintf(attribute, 64, "trusted.libvirt.security.%s%s", part, layer);
}

static bool get(int fd, const char *part, const char *layer, char *out, size_t size)
{
    char file[40], attribute[64];
    names(fd, part, layer, file, attribute);
    ssize_t n = getxattr(file, attribute, out, size - 1);
    if (n < 0)
        return false;
    out[n] = '\0';
    return true;
}

static bool set(int fd, const char *part, const char *layer, const char *value)
{
    char file[40], attribute[64];
    names(fd, part, layer, file, attribute);
    return setxattr(file, attribute, value, strlen(value), 0) == 0;
}

static bool drop(int fd, const char *part, const char *layer)
{
    char file[40], attribute[64];
    names(fd, part, layer, file, attribute);
    return removexattr(file, attribute) == 0 || errno == ENODATA;
}

static unsigned long long from_utmp(void)
{
    unsigned long long t = 0;
    struct utmpx wanted = { .ut_type = BOOT_TIME };
    setutxent();
    const struct utmpx *u = getutxid(&wanted);
    if (u)
        t = (unsigned long long)u->ut_tv.tv_sec;
    endutxent();
    return t;
}

static unsigned long long from_proc(void)
{
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, "/proc/stat", 1 << 20, false, &text) < 0)
        return 0;
    const char *at = strstr(str_text(&text), "\nbtime ");
    return at ? strtoull(at + 7, NULL, 10) : 0;
}

unsigned long long remember_boot(void)
{
    static unsigned long long boot;
    if (!boot)
        boot = from_utmp();
    if (!boot)
        boot = from_proc();
    return boot;
}

bool remember_get(int fd, const char *layer, struct remembered *r)
{
    char count[24], stamp[24];
    uint64_t n, t, now;
    *r = (struct remembered){ 0 };
    if (!get(fd, "", layer, r->first, sizeof r->first))
        return false;
    if (!get(fd, "ref_", layer, count, sizeof count) || !parse_u64(count, &n) || n == 0 || n > UINT32_MAX ||
        !get(fd, "timestamp_", layer, stamp, sizeof stamp) || !parse_u64(stamp, &t))
        return true;
    now = remember_boot();
    r->count = (unsigned)n;
    r->boot = t;
    r->valid = t + BOOT_SLACK >= now && t <= now + BOOT_SLACK;
    return true;
}

bool remember_set(int fd, const char *layer, const struct remembered *r)
{
    char count[24], stamp[24];
    if (r->count == 0) {
        /* All of them, whichever fails. */
        bool stamped = drop(fd, "timestamp_", layer), counted = drop(fd, "ref_", layer), owned = drop(fd, "", layer);
        return stamped && counted && owned;
    }
    snprintf(count, sizeof count, "%u", r->count);
    snprintf(stamp, sizeof stamp, "%llu", r->boot ? r->boot : remember_boot());
    struct remembered old;
    bool there = remember_get(fd, layer, &old);
    if (there && old.valid && streq(old.first, r->first))
        return set(fd, "ref_", layer, count);
    /* What a death leaves half written must not be believed. */
    return (!there || drop(fd, "timestamp_", layer)) && set(fd, "", layer, r->first) && set(fd, "ref_", layer, count) &&
           set(fd, "timestamp_", layer, stamp);
}
