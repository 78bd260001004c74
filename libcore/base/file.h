/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* Writes everything, past EINTR and short writes. 0, or -1 with errno. */
int write_all(int fd, const void *bytes, size_t n);

/* Appends what is left in fd to out, at most max bytes; more is EFBIG. 0, or -1 with errno. */
int read_all(int fd, size_t max, struct str *out);

/* The next line of fd, without its newline, into line; what was read beyond it stays in buffer, which begins empty.
 * 1; 0 at the end; -1 with errno (a line longer than max: EFBIG). A last line without newline is one. */
int read_line(int fd, size_t max, struct str *buffer, struct str *line);

/* Reads the regular file name (relative to dir, AT_FDCWD for cwd) whole; follows symlinks unless nofollow. */
int file_read_at(int dir, const char *name, size_t max, bool nofollow, struct str *out);

/* Whatever the umask made of it. A program that has narrowed itself may not change modes, and need not (guard/narrow.h). */
bool file_set_mode(int fd, mode_t mode);

/* Replaces name in dir: writes a temporary file (".NAME.new", never ending in the name's own suffix),
 * fsync, rename, fsync of dir. The caller holds a lock that keeps other writers of that name away, so
 * remains of a dead writer are removed. durable=false (files below /run) leaves out both fsyncs.
 * 0, or -1 with errno; on failure the old file is as it was and no temporary is left. */
int file_replace_at(int dir, const char *name, const void *bytes, size_t n, mode_t mode, bool durable);
/* The same for a path. */
int file_replace(const char *path, const void *bytes, size_t n, mode_t mode, bool durable);

/* Makes path and its missing parents (mode for those it makes). 0, or -1 with errno. */
int mkdir_parents(const char *path, mode_t mode);

/* Opens a directory (O_PATH not used: fit for fsync and *at calls), O_CLOEXEC. fd or -1. */
int dir_open_at(int dir, const char *name);

/* Monotonic milliseconds, for deadlines. */
long long now_ms(void);
/* Milliseconds left until deadline for poll(): at least 0; deadline < 0 means none and gives -1. */
int ms_left(long long deadline);

/* Removes name in the open directory parent, and what is below it, at most depth directories deep: no link is followed, and what
 * someone else may change meanwhile leads nowhere else. True also when it is not there; else errno. */
bool file_remove_tree(int parent, const char *name, int depth);

#endif
