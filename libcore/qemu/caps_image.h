/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_CAPS_IMAGE_H
#define QEMU_CAPS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Inside of the capabilities image (see qemu/caps.h), for the files that make up this module. */
#define CAPS_MAGIC "!vmutils-caps 1\n"

struct arena;
struct caps;
struct caps_host_model;

/* Value of the line "kind name". */
bool caps_find(const struct caps *c, const char *kind, struct span name, struct span *value);
/* Takes the next word off rest; words are separated by blanks. */
bool span_word(struct span *rest, struct span *word);

/* What lives as long as the struct caps is taken from here. */
struct arena *caps_arena(struct caps *c);
const struct caps_host_model *caps_host_model_make(struct caps *c);

#endif
