/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/eventlog.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

void eventlog_line(int dir, const char *line, size_t n)
{
    int fd = openat(dir, "events", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    struct iovec io[2] = { { (void *)line, n }, { (void *)"\n", 1 } };
    struct stat st;
    ssize_t w = writev(fd, io, 2);
    if (w > 0 && fstat(fd, &st) == 0 && st.st_size > EVENTS_MAX)
        renameat(dir, "events", dir, "events.old");
    close(fd);
}

void eventlog_add(int dir, const char *event, const char *data)
{
    struct timespec now;
    char line[3072];
    clock_gettime(CLOCK_REALTIME, &now);
    int n = snprintf(line, sizeof line,
                     "{\"timestamp\": {\"seconds\": %lld, \"microseconds\": %ld}, \"event\": \"%s\", \"data\": {%s}}",
                     (long long)now.tv_sec, now.tv_nsec / 1000, event, data);
    if (n > 0 && (size_t)n < sizeof line)
        eventlog_line(dir, line, (size_t)n);
}
