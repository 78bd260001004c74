/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct chunk *top;
};

static void exhausted(void)
{
    static const char text[] = "vmutils: out of memory\n";
    ssize_t ignored = write(2, text, sizeof text - 1);
    (void)ignored;
    _exit(1);
}

void (*arena_exhausted)(void) = exhausted;

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = malloc(sizeof *c + size);
    if (!c) {
        arena_exhausted();
        abort();
    }
    *c = (struct chunk){ .size = size };
    return c;
}

enum { FIRST_CHUNK = 32 * 1024, LARGEST_CHUNK = 1024 * 1024 };

struct arena *arena_new(void)
{
    struct chunk *c = chunk_new(FIRST_CHUNK);
    struct arena *a = (struct arena *)(void *)c->data;
    c->used = sizeof(max_align_t) > sizeof *a ? sizeof(max_align_t) : sizeof *a;
    a->top = c;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct chunk *c = a->top, *next; c; c = next) {
        next = c->next;
        free(c);
    }
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        arena_exhausted();
        abort();
    }
    size = (size + align - 1) & ~(align - 1);
    struct chunk *c = a->top;
    if (c->size - c->used < size) {
        size_t want = c->size < LARGEST_CHUNK ? c->size * 2 : c->size;
        struct chunk *n = chunk_new(size > want ? size : want);
        n->next = c;
        a->top = c = n;
    }
    void *p = memset(c->data + c->used, 0, size);
    c->used += size;
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / 2 / size) {
        arena_exhausted();
        abort();
    }
    return arena_alloc(a, n * size);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    n = strnlen(s, n);
    char *p = arena_alloc(a, n + 1);
    memcpy(p, s, n);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *p = arena_alloc(a, (n < 0 ? 0 : (size_t)n) + 1);
    if (n > 0)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

/* Lists are written through memcpy because v has another pointer type in each LIST(T). */
static void list_grow(struct arena *a, struct list *l)
{
    if (l->n && (l->n < 4 || (l->n & (l->n - 1))))
        return;
    size_t cap = l->n < 4 ? 4 : l->n * 2;
    void **v = arena_array(a, cap, sizeof *v);
    if (l->n)
        memcpy(v, l->v, l->n * sizeof *v);
    l->v = v;
}

void list_insert_raw(struct arena *a, void *list, size_t at, void *item)
{
    struct list l;
    memcpy(&l, list, sizeof l);
    list_grow(a, &l);
    memmove(l.v + at + 1, l.v + at, (l.n - at) * sizeof *l.v);
    l.v[at] = item;
    l.n++;
    memcpy(list, &l, sizeof l);
}

void list_add_raw(struct arena *a, void *list, void *item)
{
    struct list l;
    memcpy(&l, list, sizeof l);
    list_insert_raw(a, list, l.n, item);
}
