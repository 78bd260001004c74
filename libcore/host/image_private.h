/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_IMAGE_PRIVATE_H
#define HOST_IMAGE_PRIVATE_H

#include <stdint.h>

#include "host/image.h"

/* For the readers of host/image*.c alone. */
struct image_reader {
    int fd;
    const char *file, *format;
    struct arena *arena;
    struct image *out;
    struct err *err;
};

/* Exactly n bytes at offset. */
bool image_get(struct image_reader *r, uint64_t offset, void *to, size_t n);
/* n bytes at offset as a text, cut at its first NUL; longer than max is damage. NULL with err. */
const char *image_text(struct image_reader *r, uint64_t offset, uint64_t n, uint64_t max);
/* Name and format are kept by pointer. */
void image_add_part(struct image_reader *r, const char *name, const char *what, const char *format);
/* "damaged header…: WHAT"; always false. */
bool image_bad(struct image_reader *r, const char *what);
/* "is no image of format…"; always false. */
bool image_not(struct image_reader *r);

bool image_vmdk(struct image_reader *r);
bool image_vhdx(struct image_reader *r);

#endif
