/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_PROPS_H
#define QEMU_PROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "xml/vocab.h"

/* The properties of one -device, -object, -netdev, -blockdev …: an ordered tree in an arena, printed as
 * JSON where the emulator takes it and as key=value words where not; hotplug sends the same tree by QMP.
 *
 *     struct props *p = props_new(arena);
 *     props_str(p, "driver", "virtio-blk-pci");
 *     props_uint(p, "bootindex", 1);
 *     props_str(props_obj(p, "file"), "driver", "file");
 *
 * Keys are kept by pointer (string literals or arena text). NULL strings, unset numbers and unset tris are
 * left out, so most calls need no if. Setting a key twice replaces the value in its place. */
enum prop_type { PROP_STR, PROP_UINT, PROP_INT, PROP_BOOL, PROP_NULL, PROP_OBJ, PROP_ARRAY };

struct prop {
    struct prop *next;
    const char *key; /* NULL in arrays */
    enum prop_type type;
    union {
        const char *s;
        uint64_t u;
        int64_t i;
        bool b;
        struct props *sub;
    };
};

struct props {
    struct arena *arena;
    struct prop *first, *last;
    bool array;
};

struct props *props_new(struct arena *a);
void props_str(struct props *p, const char *key, const char *value);
void props_fmt(struct props *p, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void props_uint(struct props *p, const char *key, uint64_t value);
void props_int(struct props *p, const char *key, int64_t value);
void props_num(struct props *p, const char *key, struct num value);
void props_bool(struct props *p, const char *key, bool value);
/* A property of QEMU type bool: true/false in JSON, on/off as a word. */
void props_tri(struct props *p, const char *key, enum tri value);
/* A property of QEMU type OnOffAuto: the strings "on" and "off" in JSON too. */
void props_onoff(struct props *p, const char *key, enum tri value);
void props_null(struct props *p, const char *key);
struct props *props_obj(struct props *p, const char *key);
/* An array, and an object as its next item. */
struct props *props_array(struct props *p, const char *key);
void props_item(struct props *array, struct props *item);
void props_remove(struct props *p, const char *key);
struct prop *props_find(const struct props *p, const char *key);

/* {"driver":"x","id":"y"} */
void props_json(const struct props *p, struct str *out);
/* x,id=y: the value of head comes first without its key (NULL: no head); commas in values are doubled,
 * nested keys are joined with dots, array items get their index. */
void props_words(const struct props *p, const char *head, struct str *out);

#endif
