/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_OBJECTS_H
#define DOMAIN_OBJECTS_H

#include "domain/domain.h"

/* What a domain uses of the host, by path: the list from which owners, labels, device rules and access
 * checks are made. Nothing is looked up here; the paths need not exist. */
enum object_use {
    OBJECT_EXCLUSIVE, /* read and written by this guest alone */
    OBJECT_SHARED,    /* read and written by several (<shareable/>) */
    OBJECT_READONLY,
};
extern const char *const object_use_names[3]; /* "exclusive", "shared", "readonly" */

enum object_kind {
    OBJECT_FILE,      /* an image, a kernel, a log */
    OBJECT_BLOCK,     /* a block device */
    OBJECT_CHARACTER, /* a character device */
    OBJECT_DIRECTORY,
    OBJECT_SOCKET,
    OBJECT_FIFO,
};

struct object {
    const char *path;
    const char *why; /* "disk vda", "backing file 2 of vda", "kernel", "serial 0", "host device 0" */
    enum object_use use;
    enum object_kind kind;
    /* QEMU opens it, so its user must own it or be let in: false for what is only passed by (directories of
     * 9p shares keep their owners, as in libvirt). */
    bool owned;
    bool made;     /* QEMU makes it if it is not there, and only writes it: logs */
    bool optional; /* startupPolicy: the guest starts without it */
    const struct meta *at; /* the element, for messages */
    struct seclabel *const *seclabels; /* of its <source> */
    size_t n_seclabels;
};

struct objects {
    LIST(struct object) all;
};

/* In the order of the document; each path once per use. Texts live in a. */
void domain_objects(const struct domain *d, struct arena *a, struct objects *o);

#endif
