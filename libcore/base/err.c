/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

bool err_set(struct err *e, enum status status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    e->status = status;
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

static enum status status_of(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
        return ST_PERM;
    case ENOENT:
        return ST_NOENT;
    case ETIMEDOUT:
        return ST_TIMEOUT;
    default:
        return ST_FAILED;
    }
}

bool err_errno(struct err *e, const char *fmt, ...)
{
    int error = errno;
    va_list ap;
    va_start(ap, fmt);
    e->status = status_of(error);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    err_add(e, ": %s", strerror(error));
    errno = error;
    return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
    char old[sizeof e->text];
    va_list ap;
    memcpy(old, e->text, sizeof old);
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return err_add(e, ": %s", old);
}

bool err_wrap_once(struct err *e, const char *context)
{
    size_t n = strlen(context);
    return strncmp(e->text, context, n) == 0 && strncmp(e->text + n, ": ", 2) == 0 ? false : err_wrap(e, "%s", context);
}

bool err_add(struct err *e, const char *fmt, ...)
{
    size_t n = strnlen(e->text, sizeof e->text - 1);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text + n, sizeof e->text - n, fmt, ap);
    va_end(ap);
    return false;
}

void note_add(struct notes *n, const char *fmt, ...)
{
    if (!n || !n->arena)
        return;
    if (n->n == n->cap) {
        size_t cap = n->cap ? n->cap * 2 : 8;
        const char **t = arena_array(n->arena, cap, sizeof *t);
        if (n->n)
            memcpy(t, n->text, n->n * sizeof *t);
        n->text = t;
        n->cap = cap;
    }
    va_list ap;
    va_start(ap, fmt);
    n->text[n->n++] = arena_vprintf(n->arena, fmt, ap);
    va_end(ap);
}
