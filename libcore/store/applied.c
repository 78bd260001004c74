/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In a file of its own: who lists guests loads no library for JSON. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/journal.h"

static const char applied[] = "{\"applied\":true}\n";

bool journal_append_applied(int fd, struct err *e)
{
    return write_all(fd, applied, sizeof applied - 1) == 0 || err_errno(e, "cannot write the journal");
}

bool journal_append_restoring(int fd, struct err *e)
{
    static const char restoring[] = "{\"applied\":false}\n";
    return write_all(fd, restoring, sizeof restoring - 1) == 0 || err_errno(e, "cannot write the journal");
}

bool journal_is_applied(int dir)
{
    char end[sizeof applied];
    autoclose int fd = openat(dir, "journal", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    off_t n = (off_t)sizeof applied - 1;
    return size >= n && pread(fd, end, (size_t)n, size - n) == n && memcmp(end, applied, (size_t)n) == 0;
}
