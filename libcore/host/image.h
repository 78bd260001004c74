/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_IMAGE_H
#define HOST_IMAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/* What the header of a disk image says of other files that QEMU would open for it: the image below it, and files
 * that hold its data. Headers are written by whoever could write the image, the guest of a raw one included: reads are
 * bounded, nothing is run, and the format is what the document says, never what the content looks like.
 * Formats: QEMU's docs/interop/qcow2.txt and qed_spec.txt, VMware's "Virtual Disk Format 5.0", Microsoft's [MS-VHDX]. */

struct image_part {
    const char *name;   /* as in the header */
    const char *what;   /* "data file", "extent" */
    const char *format; /* "raw" or that of a vmdk extent */
};

struct image {
    const char *backing;        /* name in the header; NULL: there is none */
    const char *backing_format; /* NULL: not recorded */
    bool can_record;            /* qemu-img can write a format into such a header */
    LIST(struct image_part) parts;
};

/* Whether a header of that format (QEMU's names: "qcow2") can name other files. Raw cannot. */
bool image_names_files(const char *format);

/* Whether QEMU has a driver for images of that name: what a header may give as the format of its backing file. */
bool image_format_known(const char *format);

/* Reads the header. fd must be open for reading; file is what messages call it. Texts live in a. False: damaged, or not
 * of that format at all. */
bool image_read(int fd, const char *file, const char *format, struct arena *a, struct image *out, struct err *e);

/* What the content looks like, for a remedy that a person reads before acting on it: "qcow2", "raw"… Never decide by it. */
const char *image_looks_like(int fd);

/* What a name in a header means to QEMU. */
enum image_place {
    IMAGE_FILE,    /* a path of this host: *path */
    IMAGE_NETWORK, /* a server's: "nbd://…", "https://…" */
    IMAGE_PSEUDO,  /* "json:…", "fat:…": anything at all, files of this host too */
};
/* Relative names are relative to the directory of the file that names them. path: set for IMAGE_FILE, lives in a. */
enum image_place image_locate(struct arena *a, const char *overlay, const char *name, const char **path);

#endif
