/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/filesystem.h"

#include <stdlib.h>

const char *const filesystem_type_names[8] = { NULL, "mount", "block", "file", "template", "ram", "bind", "volume" };
const char *const filesystem_driver_names[7] = { NULL, "path", "handle", "loop", "nbd", "ploop", "virtiofs" };
const char *const filesystem_access_names[4] = { NULL, "passthrough", "mapped", "squash" };
const char *const filesystem_multidevs_names[5] = { NULL, "default", "remap", "forbid", "warn" };

/* Modes are octal whatever they begin with, and are printed as four digits. */
static bool read_mode(const char **mode, const char *what, struct filesystem *f, struct parse *p)
{
    if (!*mode)
        return true;
    char *end;
    unsigned long v = strtoul(*mode, &end, 8);
    if (*end || end == *mode || (*mode)[0] == '-' || v > 0777)
        return parse_error(p, f->meta.line, "<filesystem> %s '%s': not an octal mode of at most 777", what, *mode);
    *mode = arena_printf(p->arena, "%04lo", v);
    return true;
}

static bool filesystem_parsed(void *self, struct parse *p)
{
    struct filesystem *f = self;
    return read_mode(&f->fmode, "fmode", f, p) && read_mode(&f->dmode, "dmode", f, p);
}

static const struct field fields[] = {
    { "@type", K_ENUM, AT(struct filesystem, type), NAMES(filesystem_type_names) },
    { "@accessmode", K_ENUM, AT(struct filesystem, accessmode), NAMES(filesystem_access_names) },
    { "@model", K_ENUM, AT(struct filesystem, model), NAMES(virtio_flavour_names) },
    { "@multidevs", K_ENUM, AT(struct filesystem, multidevs), NAMES(filesystem_multidevs_names) },
    { "@fmode", K_STR, AT(struct filesystem, fmode) },
    { "@dmode", K_STR, AT(struct filesystem, dmode) },
    { "driver@type", K_ENUM, AT(struct filesystem, driver), NAMES(filesystem_driver_names) },
    { "driver@format", K_STR, AT(struct filesystem, format) },
    { "driver@wrpolicy", K_STR, AT(struct filesystem, wrpolicy) },
    { "driver@queue", K_U32, AT(struct filesystem, queue) },
    VIRTIO_FIELDS(struct filesystem, virtio),
    { "binary@path", K_STR, AT(struct filesystem, binary) },
    { "binary@xattr", K_ONOFF, AT(struct filesystem, xattr) },
    { "binary/cache@mode", K_STR, AT(struct filesystem, cache_mode) },
    { "binary/sandbox@mode", K_STR, AT(struct filesystem, sandbox_mode) },
    { "binary/lock@posix", K_ONOFF, AT(struct filesystem, lock_posix) },
    { "binary/lock@flock", K_ONOFF, AT(struct filesystem, lock_flock) },
    { "binary/thread_pool@size", K_I64, AT(struct filesystem, thread_pool) },
    { "source@file", K_STR, AT(struct filesystem, file) },
    { "source@dev", K_STR, AT(struct filesystem, dev) },
    { "source@dir", K_STR, AT(struct filesystem, dir) },
    { "source@socket", K_STR, AT(struct filesystem, socket) },
    { "source@name", K_STR, AT(struct filesystem, name) },
    { "source@usage", K_U64, AT(struct filesystem, usage) },
    { "source@units", K_STR, AT(struct filesystem, units) },
    { "source@pool", K_STR, AT(struct filesystem, pool) },
    { "source@volume", K_STR, AT(struct filesystem, volume) },
    { "target@dir", K_STR, AT(struct filesystem, target) },
    { "readonly", K_FLAG, AT(struct filesystem, readonly) },
    { "space_hard_limit", K_SIZE, AT(struct filesystem, hard_limit), .unit = 1, .unit_name = "bytes" },
    { "space_soft_limit", K_SIZE, AT(struct filesystem, soft_limit), .unit = 1, .unit_name = "bytes" },
    DEVICE_FIELDS(struct filesystem),
};
const struct element filesystem_element = {
    "filesystem", sizeof(struct filesystem), FIELDS(fields), .parsed = filesystem_parsed,
};
