/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/standing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/claim.h"
#include "store/lock.h"

#define DIRECTORY "applied"

static void name_link(char out[CLAIM_NAME + sizeof DIRECTORY], const char *state_dir, const char *guest)
{
    char name[CLAIM_NAME];
    claim_guest_name(name, state_dir, guest);
    snprintf(out, CLAIM_NAME + sizeof DIRECTORY, DIRECTORY "/%s", name);
}

bool standing_add(int claims, const char *state_dir, const char *guest, struct err *e)
{
    char name[CLAIM_NAME + sizeof DIRECTORY];
    autostr struct str to = STR_INIT;
    name_link(name, state_dir, guest);
    str_addf(&to, "%s/%s", state_dir, guest);
    if ((mkdirat(claims, DIRECTORY, 0700) < 0 && errno != EEXIST) || (symlinkat(str_text(&to), claims, name) < 0 && errno != EEXIST))
        return err_errno(e, "claim on what is applied");
    return true;
}

void standing_remove(int claims, const char *state_dir, const char *guest)
{
    char name[CLAIM_NAME + sizeof DIRECTORY];
    name_link(name, state_dir, guest);
    unlinkat(claims, name, 0);
}

/* The journal behind a link, if it counts. */
static int open_standing(int links, const char *name)
{
    char to[PATH_MAX];
    ssize_t n = readlinkat(links, name, to, sizeof to - 1);
    if (n <= 0 || *to != '/')
        return -1;
    to[n] = '\0';
    autoclose int dir = open(to, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return dir >= 0 && journal_is_applied(dir) ? journal_open(dir) : -1;
}

static DIR *open_links(int claims)
{
    int fd = claims < 0 ? -1 : openat(claims, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? NULL : fdopendir(fd);
}

bool standing_uses(int claims, const struct identity *id)
{
    char boot[37];
    bool used = false;
    autodir DIR *d = open_links(claims);
    for (struct dirent *f; d && id->known && !used && (f = readdir(d));) {
        autoclose int fd = *f->d_name == '.' ? -1 : open_standing(dirfd(d), f->d_name);
        used = fd >= 0 && boot_id(boot) && journal_names(fd, boot, id);
    }
    return used;
}

void standing_rows(int claims, struct journal *into)
{
    char boot[37];
    struct err e;
    autodir DIR *d = open_links(claims);
    for (struct dirent *f; d && (f = readdir(d));) {
        autoclose int fd = *f->d_name == '.' ? -1 : open_standing(dirfd(d), f->d_name);
        struct journal j = { .arena = into->arena };
        if (fd < 0 || !boot_id(boot) || !journal_read(fd, &j, &e) || strcmp(j.boot, boot))
            continue;
        for (size_t i = 0; i < j.rows.n; i++)
            list_add(into->arena, &into->rows, j.rows.v[i]);
    }
}

void standing_sweep(int claims)
{
    autodir DIR *d = open_links(claims);
    for (struct dirent *f; d && (f = readdir(d));) {
        char to[PATH_MAX + 16];
        struct stat st;
        ssize_t n = *f->d_name == '.' ? -1 : readlinkat(dirfd(d), f->d_name, to, PATH_MAX);
        if (n <= 0)
            continue;
        snprintf(to + n, sizeof to - (size_t)n, "/journal");
        if (lstat(to, &st) < 0 && errno == ENOENT)
            unlinkat(dirfd(d), f->d_name, 0);
    }
}
