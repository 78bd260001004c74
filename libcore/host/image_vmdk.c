/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "host/image_private.h"

enum {
    SECTOR = 512,
    EMBEDDED_AT = 0x200,        /* where QEMU looks for the parent in a sparse file, whatever its header says */
    EMBEDDED_SIZE = 20 * SECTOR,
    DESCRIPTOR_MAX = (1 << 20) - 1,
    EXTENTS_MAX = 4096,
};

struct sparse_head {
    char magic[4]; /* KDMV */
    uint32_t version, flags;
    uint64_t capacity, granularity, descriptor_offset, descriptor_size; /* sectors */
} __attribute__((packed));

/* The descriptor's text at offset, as much as the file has of size bytes. */
static const char *descriptor(struct image_reader *r, uint64_t offset, uint64_t size)
{
    struct stat st;
    off_t end = fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : (off_t)(offset + size);
    if ((uint64_t)end <= offset)
        return "";
    if (size > (uint64_t)end - offset)
        size = (uint64_t)end - offset;
    return image_text(r, offset, size, DESCRIPTOR_MAX);
}

static const char *quoted(struct image_reader *r, const char *p)
{
    const char *end = *p == '"' ? strpbrk(p + 1, "\"\r\n") : NULL;
    return end && *end == '"' ? arena_strndup(r->arena, p + 1, (size_t)(end - p - 1)) : NULL;
}

static void parent(struct image_reader *r, const char *text)
{
    const char *at = strstr(text, "parentFileNameHint");
    const char *name = at && at[18] == '=' ? quoted(r, at + 19) : NULL;
    if (!name || !*name)
        return;
    r->out->backing = name;
    r->out->backing_format = "vmdk"; /* the only kind of parent that there is */
}

/* RW 4192256 SPARSE "web-s001.vmdk" [0] */
static bool extents(struct image_reader *r, const char *text)
{
    static const char *const access[] = { "RW ", "RDONLY ", "NOACCESS " };
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, "\n \t");
        bool one = false;
        for (size_t i = 0; i < sizeof access / sizeof *access; i++)
            one = one || str_starts(line, access[i]);
        const char *end = line + strcspn(line, "\n"), *name = one ? memchr(line, '"', (size_t)(end - line)) : NULL;
        if (!name)
            continue;
        name = quoted(r, name);
        if (!name || !*name)
            return image_bad(r, "an extent without a name");
        if (r->out->parts.n == EXTENTS_MAX)
            return image_bad(r, "too many extents");
        image_add_part(r, name, "extent", "vmdk extent");
    }
    return true;
}

bool image_vmdk(struct image_reader *r)
{
    struct sparse_head h = { 0 };
    const char *text;
    if (!image_get(r, 0, h.magic, sizeof h.magic))
        return false;
    if (memcmp(h.magic, "COWD", 4) && memcmp(h.magic, "KDMV", 4)) {
        text = descriptor(r, 0, DESCRIPTOR_MAX);
        if (!text)
            return false;
        if (!strstr(text, "createType"))
            return image_not(r);
        parent(r, text);
        return extents(r, text);
    }
    if (*h.magic == 'K' && !image_get(r, 0, &h, sizeof h))
        return false;
    uint64_t at = le64toh(h.descriptor_offset);
    /* No data of its own: a descriptor in a binary coat. */
    if (*h.magic == 'K' && !h.capacity && at) {
        if (at > INT64_MAX / SECTOR || !(text = descriptor(r, at * SECTOR, DESCRIPTOR_MAX)))
            return at > INT64_MAX / SECTOR ? image_bad(r, "its descriptor is out of range") : false;
        if (!extents(r, text))
            return false;
    }
    if (!(text = descriptor(r, EMBEDDED_AT, EMBEDDED_SIZE)))
        return false;
    parent(r, text);
    return true;
}
