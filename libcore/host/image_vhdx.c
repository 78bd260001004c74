/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <string.h>

#include "base/str.h"
#include "host/image_private.h"

/* [MS-VHDX] 2.2: a region table leads to the metadata table, that to the parent locator: pairs of texts in UTF-16. */
enum { REGION_TABLE = 192 << 10, REGIONS_MAX = 2047, ITEMS_MAX = 2047, PAIRS_MAX = 64, VALUE_MAX = 4096, KIB64 = 64 << 10 };

static const unsigned char metadata_region[16] = { 0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b,
                                                   0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e };
static const unsigned char parent_locator[16] = { 0x2d, 0x5f, 0xd3, 0xa8, 0x0b, 0xb3, 0x4d, 0x45,
                                                  0xab, 0xf7, 0xd3, 0xd8, 0x48, 0x34, 0xab, 0x0c };

struct region {
    unsigned char guid[16];
    uint64_t offset;
    uint32_t length, required;
} __attribute__((packed));

struct item {
    unsigned char guid[16];
    uint32_t offset, length, flags, reserved;
} __attribute__((packed));

struct locator {
    unsigned char type[16];
    uint16_t reserved, n;
} __attribute__((packed));

struct pair {
    uint32_t key, value; /* offsets from the locator */
    uint16_t key_length, value_length;
} __attribute__((packed));

static bool find_metadata(struct image_reader *r, uint64_t *at)
{
    struct {
        char magic[4];
        uint32_t checksum, n, reserved;
    } head;
    if (!image_get(r, REGION_TABLE, &head, sizeof head))
        return false;
    if (memcmp(head.magic, "regi", 4) || le32toh(head.n) > REGIONS_MAX)
        return image_bad(r, "no region table");
    for (uint32_t i = 0; i < le32toh(head.n); i++) {
        struct region one;
        if (!image_get(r, REGION_TABLE + sizeof head + i * sizeof one, &one, sizeof one))
            return false;
        *at = le64toh(one.offset);
        if (memcmp(one.guid, metadata_region, 16) == 0)
            return *at < INT64_MAX / 2 || image_bad(r, "its metadata is out of range");
    }
    return image_bad(r, "no metadata region");
}

/* *at: 0 if there is none, and no parent then. */
static bool find_locator(struct image_reader *r, uint64_t table, uint64_t *at)
{
    struct {
        char magic[8];
        uint16_t reserved, n;
        uint32_t more[5];
    } head;
    *at = 0;
    if (!image_get(r, table, &head, sizeof head))
        return false;
    if (memcmp(head.magic, "metadata", 8) || le16toh(head.n) > ITEMS_MAX)
        return image_bad(r, "no metadata table");
    for (unsigned i = 0; i < le16toh(head.n); i++) {
        struct item one;
        if (!image_get(r, table + sizeof head + i * sizeof one, &one, sizeof one))
            return false;
        if (memcmp(one.guid, parent_locator, 16) == 0)
            *at = table + le32toh(one.offset);
    }
    return true;
}

/* Names outside of ASCII become '?': QEMU opens no parent of such an image, so the name is for people. */
static const char *utf16(struct image_reader *r, uint64_t at, uint16_t length)
{
    const char *wide = image_text(r, at, length, VALUE_MAX);
    char *text = wide ? arena_alloc(r->arena, length / 2 + 1) : NULL;
    for (unsigned i = 0; text && i + 1 < length; i += 2)
        text[i / 2] = wide[i + 1] || (unsigned char)wide[i] < ' ' || (unsigned char)wide[i] > '~' ? '?'
                      : wide[i] == '\\'                                                           ? '/'
                                                                                                  : wide[i];
    return text;
}

static bool read_locator(struct image_reader *r, uint64_t at)
{
    struct locator head;
    if (!image_get(r, at, &head, sizeof head))
        return false;
    if (le16toh(head.n) > PAIRS_MAX)
        return image_bad(r, "its parent locator is too long");
    for (unsigned i = 0; i < le16toh(head.n); i++) {
        struct pair one;
        if (!image_get(r, at + sizeof head + i * sizeof one, &one, sizeof one))
            return false;
        const char *key = utf16(r, at + le32toh(one.key), le16toh(one.key_length));
        const char *value = key ? utf16(r, at + le32toh(one.value), le16toh(one.value_length)) : NULL;
        if (!value)
            return false;
        if (streq(key, "relative_path") || (streq(key, "absolute_win32_path") && !r->out->backing))
            r->out->backing = value;
    }
    if (!r->out->backing)
        return image_bad(r, "its parent locator names no parent");
    r->out->backing_format = "vhdx"; /* the only kind of parent that there is */
    return true;
}

bool image_vhdx(struct image_reader *r)
{
    char magic[8];
    uint64_t metadata = 0, locator;
    if (!image_get(r, 0, magic, sizeof magic))
        return false;
    if (memcmp(magic, "vhdxfile", 8))
        return image_not(r);
    return find_metadata(r, &metadata) && find_locator(r, metadata, &locator) && (!locator || read_locator(r, locator));
}
