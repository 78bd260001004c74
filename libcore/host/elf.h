/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_ELF_H
#define HOST_ELF_H

#include <stdbool.h>

#include "base/arena.h"

/* What the kernel and the dynamic linker open before a program's first instruction, found out from the program and
 * from the linker's own table: no directory of any distribution or architecture is assumed. */
struct elf_needs {
    bool elf;                /* false: a script, or not there */
    bool native;             /* made for the words (32 or 64 bits) of this program */
    const char *interpreter; /* PT_INTERP; NULL: static */
    LIST(const char) dirs;   /* where its libraries may be, each once; no '/' at the end */
};

/* Looks at the file path. Texts live in a. What cannot be read is an empty answer. */
void elf_look(const char *path, struct arena *a, struct elf_needs *n);

/* The directories of all libraries in the table text of n bytes (ld.so.cache) are added to *dirs. False: it is none. */
bool elf_cache_dirs(const char *text, size_t n, struct arena *a, struct elf_needs *to);

#endif
