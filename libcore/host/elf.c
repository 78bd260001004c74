/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"

/* The table that ldconfig writes (glibc, dl-cache.h). An older one may stand before it. */
#define CACHE_MAGIC "glibc-ld.so.cache1.1"
struct cache_head {
    char magic[sizeof CACHE_MAGIC - 1];
    uint32_t n, strings;
    uint8_t flags, unused[3];
    uint32_t extension, more[3];
};
struct cache_entry {
    int32_t flags;
    uint32_t key, value, os;
    uint64_t hwcap;
};

/* What a C library without such a table, or before the first ldconfig, has built in. */
static const char *const fallback_dirs[] = { "/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", NULL };

struct mapped {
    const char *p;
    size_t n;
};

static void add_dir(struct elf_needs *to, struct arena *a, const char *text, size_t n)
{
    while (n > 1 && text[n - 1] == '/')
        n--;
    if (!n || *text != '/')
        return;
    for (size_t i = to->dirs.n; i-- > 0;)
        if (strlen(to->dirs.v[i]) == n && memcmp(to->dirs.v[i], text, n) == 0)
            return;
    list_add(a, &to->dirs, arena_strndup(a, text, n));
}

static struct mapped map_file(const char *path)
{
    struct mapped m = { NULL, 0 };
    struct stat st;
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
        return m;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p != MAP_FAILED)
        m = (struct mapped){ p, (size_t)st.st_size };
    return m;
}

static void unmap(const struct mapped *m)
{
    if (m->p)
        munmap((void *)m->p, m->n);
}

/* n bytes at an offset that the file names, NULL if the file ends before. */
static const void *part(const struct mapped *m, uint64_t at, uint64_t n)
{
    return at <= m->n && n <= m->n - at ? m->p + at : NULL;
}

/* Text at an offset, if it ends in the file. */
static const char *text_at(const struct mapped *m, uint64_t at)
{
    return at < m->n && memchr(m->p + at, '\0', m->n - at) ? m->p + at : NULL;
}

bool elf_cache_dirs(const char *text, size_t n, struct arena *a, struct elf_needs *to)
{
    const char *start = memmem(text, n, CACHE_MAGIC, sizeof CACHE_MAGIC - 1);
    struct cache_head head;
    if (!start || n - (size_t)(start - text) < sizeof head)
        return false;
    struct mapped m = { start, n - (size_t)(start - text) };
    memcpy(&head, start, sizeof head);
    for (uint32_t i = 0; i < head.n; i++) {
        struct cache_entry entry;
        const void *at = part(&m, sizeof head + (uint64_t)i * sizeof entry, sizeof entry);
        if (!at)
            return true;
        memcpy(&entry, at, sizeof entry);
        const char *path = text_at(&m, entry.value), *slash = path ? strrchr(path, '/') : NULL;
        if (slash)
            add_dir(to, a, path, (size_t)(slash - path));
    }
    return true;
}

/* DT_RPATH and DT_RUNPATH: directories between colons, $ORIGIN is where the program is. */
static void add_runpath(const char *list, const char *program, struct elf_needs *n, struct arena *a)
{
    const char *slash = strrchr(program, '/');
    int origin = slash ? (int)(slash - program) : 0;
    for (const char *p = list; *p; p += strspn(p, ":")) {
        size_t len = strcspn(p, ":");
        const char *rest = str_starts(p, "$ORIGIN") ? p + 7 : str_starts(p, "${ORIGIN}") ? p + 9 : NULL;
        const char *dir = rest ? arena_printf(a, "%.*s%.*s", origin, program, (int)(len - (size_t)(rest - p)), rest)
                               : arena_strndup(a, p, len);
        add_dir(n, a, dir, strlen(dir));
        p += len;
    }
}

static uint64_t file_offset(const ElfW(Phdr) *ph, size_t n, uint64_t address)
{
    for (size_t i = 0; i < n; i++)
        if (ph[i].p_type == PT_LOAD && address >= ph[i].p_vaddr && address - ph[i].p_vaddr < ph[i].p_filesz)
            return address - ph[i].p_vaddr + ph[i].p_offset;
    return UINT64_MAX;
}

static void look_dynamic(const struct mapped *m, const ElfW(Phdr) *ph, size_t n_ph, const ElfW(Phdr) *dynamic,
                         const char *path, struct elf_needs *n, struct arena *a)
{
    const ElfW(Dyn) *d = part(m, dynamic->p_offset, dynamic->p_filesz);
    size_t count = d ? dynamic->p_filesz / sizeof *d : 0;
    uint64_t strings = UINT64_MAX;
    for (size_t i = 0; i < count && d[i].d_tag != DT_NULL; i++)
        if (d[i].d_tag == DT_STRTAB)
            strings = file_offset(ph, n_ph, d[i].d_un.d_ptr);
    for (size_t i = 0; i < count && d[i].d_tag != DT_NULL && strings < m->n; i++)
        if ((d[i].d_tag == DT_RUNPATH || d[i].d_tag == DT_RPATH) && d[i].d_un.d_val < m->n - strings) {
            const char *list = text_at(m, strings + d[i].d_un.d_val);
            if (list)
                add_runpath(list, path, n, a);
        }
}

static void look_program(const struct mapped *m, const char *path, struct elf_needs *n, struct arena *a)
{
    const ElfW(Ehdr) *h = part(m, 0, sizeof *h);
    if (!h || memcmp(h->e_ident, ELFMAG, SELFMAG))
        return;
    n->elf = true;
    n->native = h->e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
    if (!n->native || h->e_phentsize != sizeof(ElfW(Phdr)) || h->e_phoff % sizeof(uint32_t))
        return;
    const ElfW(Phdr) *ph = part(m, h->e_phoff, (uint64_t)h->e_phnum * sizeof *ph);
    for (size_t i = 0; ph && i < h->e_phnum; i++) {
        if (ph[i].p_type == PT_INTERP && text_at(m, ph[i].p_offset))
            n->interpreter = arena_strdup(a, text_at(m, ph[i].p_offset));
        if (ph[i].p_type == PT_DYNAMIC && ph[i].p_offset % sizeof(uint32_t) == 0)
            look_dynamic(m, ph, h->e_phnum, &ph[i], path, n, a);
    }
}

void elf_look(const char *path, struct arena *a, struct elf_needs *n)
{
    char real[PATH_MAX];
    *n = (struct elf_needs){ 0 };
    if (!realpath(path, real))
        return;
    struct mapped m = map_file(real);
    look_program(&m, real, n, a);
    unmap(&m);
    if (!n->interpreter)
        return;
    struct mapped cache = map_file("/etc/ld.so.cache");
    bool known = cache.p && elf_cache_dirs(cache.p, cache.n, a, n);
    unmap(&cache);
    for (size_t i = 0; !known && fallback_dirs[i]; i++)
        add_dir(n, a, fallback_dirs[i], strlen(fallback_dirs[i]));
    /* The directory by its real name, too: /lib64 is a link in most places. */
    const char *slash = realpath(n->interpreter, real) ? strrchr(real, '/') : NULL;
    if (slash)
        add_dir(n, a, real, (size_t)(slash - real));
}
