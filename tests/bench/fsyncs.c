/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fsyncs DIRECTORY WRITERS FILES BYTES: what a define costs at the least. WRITERS processes at once make FILES
 * files in all, each by write, fsync, rename and fsync of the directory; prints files per second. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    _exit(1);
}

static void writer(int dir, int who, int files, const char *text, size_t n)
{
    for (int i = 0; i < files; i++) {
        char name[64], tmp[72];
        snprintf(name, sizeof name, "bare-%d-%d.xml", who, i);
        snprintf(tmp, sizeof tmp, "%s.new", name);
        int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, text, n) != (ssize_t)n || fsync(fd) < 0 || close(fd) < 0)
            fail(tmp);
        if (renameat(dir, tmp, dir, name) < 0 || fsync(dir) < 0)
            fail(name);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    int dir = open(argv[1], O_RDONLY | O_DIRECTORY), writers = atoi(argv[2]), files = atoi(argv[3]) / writers;
    size_t bytes = (size_t)atol(argv[4]);
    char *text = malloc(bytes);
    if (dir < 0 || !text)
        fail(argv[1]);
    memset(text, 'x', bytes);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < writers; i++)
        if (fork() == 0)
            writer(dir, i, files, text, bytes);
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%.0f\n", writers * files / ((double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9));
    return bad != 0;
}
