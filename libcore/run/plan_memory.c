/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/file.h"

static uint64_t usual_kib(void)
{
    autostr struct str text = STR_INIT;
    unsigned long long kib;
    const char *line = file_read_at(AT_FDCWD, "/proc/meminfo", 1 << 16, false, &text) < 0 ? NULL
                                                                                          : strstr(str_text(&text), "Hugepagesize:");
    return line && sscanf(line, "Hugepagesize: %llu", &kib) == 1 ? kib : 0;
}

bool plan_huge_mounts(struct arena *a, const struct conf *conf, struct argv_options *o, struct err *e)
{
    const struct conf_value *key = conf_value(conf, "hugetlbfs_mount");
    struct huge_mount *mounts = arena_array(a, key->list.n + 1, sizeof *mounts);
    uint64_t usual = key->list.n ? usual_kib() : 0;
    o->huge = mounts;
    for (size_t i = 0; i < key->list.n; i++) {
        const char *path = key->list.v[i];
        struct statfs fs;
        if (*path && statfs(path, &fs) < 0)
            return err_errno(e, "%s:%d: hugetlbfs_mount %s", conf->path, key->line, path);
        if (*path && fs.f_type != HUGETLBFS_MAGIC)
            return err_set(e, ST_FAILED, "%s:%d: hugetlbfs_mount %s: is no file system of huge pages", conf->path, key->line, path);
        uint64_t kib = *path ? (uint64_t)fs.f_bsize / 1024 : 0; /* "": no page has that size, hence none is used */
        mounts[o->n_huge++] = (struct huge_mount){ path, kib, kib && kib == usual };
    }
    return true;
}
