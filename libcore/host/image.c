/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/image.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "host/image_private.h"

enum { NAME_BYTES = 1023 }; /* the longest name of a backing file that QEMU takes */

bool image_get(struct image_reader *r, uint64_t offset, void *to, size_t n)
{
    ssize_t got;
    if (offset > INT64_MAX - n)
        return image_bad(r, "points beyond any file");
    while ((got = pread(r->fd, to, n, (off_t)offset)) < 0 && errno == EINTR)
        ;
    if (got < 0)
        return err_errno(r->err, "%s", r->file);
    return (size_t)got == n || image_bad(r, "it ends too early");
}

bool image_bad(struct image_reader *r, const char *what)
{
    return err_set(r->err, ST_FAILED, "%s: damaged header of format %s: %s", r->file, r->format, what);
}

bool image_not(struct image_reader *r)
{
    return err_set(r->err, ST_FAILED, "%s: is no image of format %s", r->file, r->format);
}

const char *image_text(struct image_reader *r, uint64_t offset, uint64_t n, uint64_t max)
{
    char *text;
    if (n > max)
        return image_bad(r, "a name in it is too long"), NULL;
    text = arena_alloc(r->arena, n + 1);
    /* QEMU, too, takes a name up to its first NUL. */
    return image_get(r, offset, text, n) ? text : NULL;
}

void image_add_part(struct image_reader *r, const char *name, const char *what, const char *format)
{
    struct image_part *p = arena_alloc(r->arena, sizeof *p);
    *p = (struct image_part){ name, what, format };
    list_add(r->arena, &r->out->parts, p);
}

/* The start that versions 1 (qcow) to 3 have in common. */
struct qcow_head {
    char magic[4];
    uint32_t version;
    uint64_t backing_offset;
    uint32_t backing_size;
    uint32_t cluster_bits;
} __attribute__((packed));

static const char qcow_magic[4] = "QFI\xfb";

static bool qcow_backing(struct image_reader *r, const struct qcow_head *h)
{
    if (!h->backing_offset || !h->backing_size)
        return true;
    r->out->backing = image_text(r, be64toh(h->backing_offset), be32toh(h->backing_size), NAME_BYTES);
    return r->out->backing != NULL;
}

static bool read_qcow(struct image_reader *r)
{
    struct qcow_head h;
    if (!image_get(r, 0, &h, sizeof h))
        return false;
    if (memcmp(h.magic, qcow_magic, 4) || be32toh(h.version) != 1)
        return image_not(r);
    return qcow_backing(r, &h);
}

enum {
    QCOW2_V2_LENGTH = 72,
    QCOW2_INCOMPATIBLE = 72,
    QCOW2_HEADER_LENGTH = 100,
    QCOW2_EXTERNAL_DATA = 1 << 2,
    QCOW2_EXTENSIONS = 64, /* more than there are kinds of them */
};
static const uint32_t EXTENSION_END = 0, EXTENSION_BACKING_FORMAT = 0xe2792aca, EXTENSION_DATA_FILE = 0x44415441;

/* The last one of a kind counts, as it does for QEMU. */
static bool qcow2_extensions(struct image_reader *r, uint64_t at, uint64_t end, const char **data_file)
{
    for (int i = 0; i < QCOW2_EXTENSIONS && at + 8 <= end; i++) {
        uint32_t head[2];
        if (!image_get(r, at, head, sizeof head))
            return false;
        uint32_t type = be32toh(head[0]), n = be32toh(head[1]);
        if (type == EXTENSION_END)
            return true;
        at += 8;
        if (n > end - at)
            return image_bad(r, "an extension is longer than the header");
        const char **to = type == EXTENSION_BACKING_FORMAT ? &r->out->backing_format
                          : type == EXTENSION_DATA_FILE    ? data_file
                                                           : NULL;
        if (to && !(*to = image_text(r, at, n, NAME_BYTES)))
            return false;
        at += ((uint64_t)n + 7) & ~7ULL;
    }
    return at + 8 > end || image_bad(r, "too many extensions");
}

static bool read_qcow2(struct image_reader *r)
{
    struct qcow_head h;
    uint64_t incompatible = 0;
    uint32_t length = htobe32(QCOW2_V2_LENGTH);
    const char *data_file = NULL;
    if (!image_get(r, 0, &h, sizeof h))
        return false;
    uint32_t version = be32toh(h.version), bits = be32toh(h.cluster_bits);
    if (memcmp(h.magic, qcow_magic, 4) || version < 2)
        return image_not(r);
    if (version > 3)
        return image_bad(r, "a version that QEMU does not know");
    if (bits < 9 || bits > 21)
        return image_bad(r, "its cluster size is out of range");
    if (version == 3 && (!image_get(r, QCOW2_INCOMPATIBLE, &incompatible, sizeof incompatible) ||
                         !image_get(r, QCOW2_HEADER_LENGTH, &length, sizeof length)))
        return false;
    uint64_t end = 1ULL << bits, backing = be64toh(h.backing_offset);
    if (backing > end || be32toh(length) > end)
        return image_bad(r, "it is longer than a cluster");
    if (!qcow2_extensions(r, be32toh(length), backing ? backing : end, &data_file) || !qcow_backing(r, &h))
        return false;
    r->out->can_record = true;
    if (r->out->backing_format && !*r->out->backing_format)
        r->out->backing_format = NULL;
    if (!(be64toh(incompatible) & QCOW2_EXTERNAL_DATA))
        return true;
    if (!data_file || !*data_file)
        return image_bad(r, "its external data file has no name");
    image_add_part(r, data_file, "data file", "raw");
    return true;
}

struct qed_head {
    char magic[4];
    uint32_t cluster_size, table_size, header_size;
    uint64_t features, compatible, autoclear, l1_offset, size;
    uint32_t backing_offset, backing_size;
} __attribute__((packed));

enum { QED_BACKING = 1, QED_BACKING_IS_RAW = 4 };

static bool read_qed(struct image_reader *r)
{
    struct qed_head h;
    if (!image_get(r, 0, &h, sizeof h))
        return false;
    if (memcmp(h.magic, "QED", 4))
        return image_not(r);
    if (!(le64toh(h.features) & QED_BACKING))
        return true;
    r->out->backing = image_text(r, le32toh(h.backing_offset), le32toh(h.backing_size), NAME_BYTES);
    /* It has one bit: raw, or whatever the content looks like, which is no record. */
    if (le64toh(h.features) & QED_BACKING_IS_RAW)
        r->out->backing_format = "raw";
    return r->out->backing != NULL;
}

static const struct {
    const char *format;
    bool (*read)(struct image_reader *r);
} readers[] = {
    { "qcow2", read_qcow2 }, { "qcow", read_qcow }, { "qed", read_qed }, { "vmdk", image_vmdk }, { "vhdx", image_vhdx },
};

bool image_names_files(const char *format)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (streq(readers[i].format, format))
            return true;
    return false;
}

bool image_format_known(const char *format)
{
    static const char *const others[] = { "raw", "vdi", "vpc", "luks", "parallels", "bochs", "cloop", "dmg", "host_device" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (streq(others[i], format))
            return true;
    return image_names_files(format);
}

bool image_read(int fd, const char *file, const char *format, struct arena *a, struct image *out, struct err *e)
{
    struct image_reader r = { fd, file, format, a, out, e };
    *out = (struct image){ 0 };
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (streq(readers[i].format, format))
            return readers[i].read(&r);
    return true;
}

const char *image_looks_like(int fd)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *format;
    } known[] = {
        { "QFI\xfb\0\0\0\1", 8, "qcow" },     { "QFI\xfb", 4, "qcow2" },    { "QED", 4, "qed" },        { "KDMV", 4, "vmdk" },
        { "COWD", 4, "vmdk" },                { "# Disk Descriptor", 17, "vmdk" }, { "vhdxfile", 8, "vhdx" }, { "conectix", 8, "vpc" },
        { "LUKS\xba\xbe", 6, "luks" },
    };
    char head[512] = { 0 };
    if (pread(fd, head, sizeof head, 0) <= 0)
        return "raw";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (memcmp(head, known[i].bytes, known[i].n) == 0)
            return known[i].format;
    return memcmp(head + 64, "\x7f\x10\xda\xbe", 4) == 0 ? "vdi" : "raw";
}

enum image_place image_locate(struct arena *a, const char *overlay, const char *name, const char **path)
{
    static const char *const network[] = { "nbd", "nbd+tcp", "nbd+unix", "http", "https", "ftp", "ftps", "tftp", "ssh", "iscsi",
                                           "iser", "rbd", "gluster", "gluster+tcp", "gluster+unix", "gluster+rdma", "nfs" };
    size_t n = strcspn(name, ":/");
    if (name[n] == ':') {
        char *scheme = arena_strndup(a, name, n);
        for (size_t i = 0; i < sizeof network / sizeof *network; i++)
            if (streq(network[i], scheme))
                return IMAGE_NETWORK;
        if (strcmp(scheme, "file") || name[n + 1] != '/')
            return IMAGE_PSEUDO;
        name += n + 1;
    }
    const char *slash = strrchr(overlay, '/');
    if (*name == '/' || !slash)
        *path = arena_strdup(a, name);
    else
        *path = arena_printf(a, "%.*s/%s", (int)(slash - overlay), overlay, name);
    return IMAGE_FILE;
}
