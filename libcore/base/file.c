/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

int write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

int read_all(int fd, size_t max, struct str *out)
{
    char buf[64 * 1024];
    size_t total = 0;
    for (;;) {
        ssize_t r = read(fd, buf, sizeof buf);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        if (r == 0)
            return 0;
        total += (size_t)r;
        if (total > max) {
            errno = EFBIG;
            return -1;
        }
        str_addn(out, buf, (size_t)r);
    }
}

int read_line(int fd, size_t max, struct str *buffer, struct str *line)
{
    for (;;) {
        char bytes[16384], *end = buffer->len ? memchr(buffer->p, '\n', buffer->len) : NULL;
        size_t n = end ? (size_t)(end - buffer->p) : buffer->len;
        ssize_t got = end ? 0 : read(fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (buffer->len > max) {
            errno = EFBIG;
            return -1;
        }
        str_addn(buffer, bytes, (size_t)got);
        if (got)
            continue;
        str_clear(line);
        str_addn(line, buffer->p, n);
        size_t used = n + (end != NULL);
        memmove(buffer->p, buffer->p + used, buffer->len - used);
        buffer->len -= used;
        return end || n;
    }
}

int file_read_at(int dir, const char *name, size_t max, bool nofollow, struct str *out)
{
    autoclose int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (nofollow ? O_NOFOLLOW : 0));
    if (fd < 0)
        return -1;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    return read_all(fd, max, out);
}

bool file_set_mode(int fd, mode_t mode)
{
    struct stat st;
    return (fstat(fd, &st) == 0 && (st.st_mode & 07777) == mode) || fchmod(fd, mode) == 0;
}

int file_replace_at(int dir, const char *name, const void *bytes, size_t n, mode_t mode, bool durable)
{
    char tmp[NAME_MAX + 1];
    /* A name may be as long as the file system allows: the temporary one is cut, not the rule. */
    snprintf(tmp, sizeof tmp, ".%.240s.new", name);
    if (unlinkat(dir, tmp, 0) < 0 && errno != ENOENT)
        return -1;
    autoclose int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    if (!file_set_mode(fd, mode) || write_all(fd, bytes, n) < 0 || (durable && fsync(fd) < 0) ||
        renameat(dir, tmp, dir, name) < 0) {
        int error = errno;
        unlinkat(dir, tmp, 0);
        errno = error;
        return -1;
    }
    return durable ? fsync(dir) : 0;
}

int file_replace(const char *path, const void *bytes, size_t n, mode_t mode, bool durable)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (snprintf(dir, sizeof dir, "%.*s", (int)(name - path), path) >= (int)sizeof dir) {
        errno = ENAMETOOLONG;
        return -1;
    }
    autoclose int fd = open(*dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : file_replace_at(fd, name, bytes, n, mode, durable);
}

int mkdir_parents(const char *path, mode_t mode)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof part) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(part, path, n + 1);
    for (char *p = part + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char c = *p;
        *p = '\0';
        if (mkdir(part, mode) < 0 && errno != EEXIST) {
            /* A parent that exists may refuse mkdir with EACCES or EROFS before it says EEXIST. */
            int error = errno;
            struct stat st;
            if (stat(part, &st) < 0 || !S_ISDIR(st.st_mode)) {
                errno = error;
                return -1;
            }
        }
        if (!c)
            return 0;
        *p = c;
    }
}

int dir_open_at(int dir, const char *name)
{
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY);
}

long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int ms_left(long long deadline)
{
    if (deadline < 0)
        return -1;
    long long left = deadline - now_ms();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

bool file_remove_tree(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return true;
    if ((errno != EISDIR && errno != EPERM) || depth == 0)
        return false;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d)
        return false;
    bool ok = true;
    for (struct dirent *f; (f = readdir(d));)
        if (strcmp(f->d_name, ".") && strcmp(f->d_name, ".."))
            ok = file_remove_tree(dirfd(d), f->d_name, depth - 1) && ok;
    closedir(d);
    return ok && unlinkat(parent, name, AT_REMOVEDIR) == 0;
}
