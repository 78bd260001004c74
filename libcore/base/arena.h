/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* One arena per document or operation: everything made while working on it is taken from here and
 * given back at once. Memory is zeroed and aligned for any type.
 *
 * Running out of memory ends the process through arena_exhausted (default: one line, _exit(1));
 * a program that embeds libcore may point it at its own function, which must not return. */
struct arena;

extern void (*arena_exhausted)(void);

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is harmless */

void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

/* A list of pointers that grows: LIST(struct disk) disks; list_add(a, &d->disks, disk). */
#define LIST(T)     \
    struct {        \
        size_t n;   \
        T **v;      \
    }
struct list {
    size_t n;
    void **v;
};
/* The capacity is the next power of two above n (at least 4), so no field for it is needed. */
void list_add_raw(struct arena *a, void *list, void *item);
void list_insert_raw(struct arena *a, void *list, size_t at, void *item);
#define list_add(a, l, item) list_add_raw((a), (l), (void *)(uintptr_t)(1 ? (item) : *(l)->v))
#define list_insert(a, l, at, item) list_insert_raw((a), (l), (at), (void *)(uintptr_t)(1 ? (item) : *(l)->v))

#endif
