/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "run/helper.h"

/* A file of its own: what only stops guests does not link what starts them. */
enum { TERM_MS = 2000, KILL_MS = 10000 };

bool helpers_end(const struct journal *j, struct err *e)
{
    for (size_t i = 0; i < j->n_helpers; i++) {
        autoclose int fd = proc_open(j->helpers[i]);
        if (fd < 0)
            continue;
        proc_signal(fd, SIGTERM);
        if (!proc_wait(fd, now_ms() + TERM_MS) && !proc_kill(fd, now_ms() + KILL_MS))
            return err_set(e, ST_FAILED, "process %d, which served its QEMU, does not die", (int)j->helpers[i].pid);
    }
    return true;
}
