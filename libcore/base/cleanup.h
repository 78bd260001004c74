/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

/* Scope cleanup for things that only need releasing. Start at NULL, -1 or STR_INIT. */
static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}
static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
static inline void cleanup_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}
static inline void cleanup_arena(struct arena **a)
{
    arena_free(*a);
}
#define autofree  __attribute__((cleanup(cleanup_free)))
#define autoclose __attribute__((cleanup(cleanup_close)))
#define autodir   __attribute__((cleanup(cleanup_dir)))
#define autoarena __attribute__((cleanup(cleanup_arena)))
#define autostr   __attribute__((cleanup(str_release)))

/* Takes the descriptor out of its variable, so that scope cleanup leaves it open. */
static inline int steal_fd(int *fd)
{
    int f = *fd;
    *fd = -1;
    return f;
}

#endif
