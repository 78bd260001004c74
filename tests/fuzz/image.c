/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libFuzzer entry: the header of an image, as each format that can name other files. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const formats[] = { "qcow", "qcow2", "qed", "vmdk", "vhdx" };
    static int fd = -1;
    if (fd < 0 && (fd = memfd_create("image", MFD_CLOEXEC)) < 0)
        abort();
    if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, n, 0) != (ssize_t)n)
        abort();
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        autoarena struct arena *a = arena_new();
        struct image im;
        struct err e = { 0 };
        const char *path;
        if (image_read(fd, "it", formats[i], a, &im, &e) && im.backing)
            image_locate(a, "/dir/it", im.backing, &path);
    }
    image_looks_like(fd);
    return 0;
}
