/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/many.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 32 };

static bool begin(const char *bindir, const char *program, const char *const *options, const char *name, pid_t *pid,
                  struct err *e)
{
    char path[4096];
    const char *args[ARGS_MAX] = { program };
    size_t n = 1;
    for (size_t i = 0; options[i] && n < ARGS_MAX - 3; i++)
        args[n++] = options[i];
    args[n++] = "--";
    args[n++] = name;
    snprintf(path, sizeof path, "%s/%s", bindir, program);
    errno = posix_spawn(pid, path, NULL, NULL, (char **)args, environ);
    return errno == 0 || err_errno(e, "cannot run %s", path);
}

static void end_one(size_t *running, int ignore, int *status)
{
    int st;
    pid_t p = wait(&st);
    if (p < 0 && errno == EINTR)
        return;
    --*running;
    int code = p < 0 ? ST_FAILED : WIFEXITED(st) ? WEXITSTATUS(st) : ST_FAILED;
    if (code && code != ignore && !*status)
        *status = code;
}

bool run_many(const char *bindir, const char *program, const char *const *options, const char *const *names, size_t n,
              unsigned parallel, int ignore, int *status, struct err *e)
{
    size_t running = 0;
    bool ok = true;
    *status = ST_DONE;
    for (size_t i = 0; i < n && ok; i++) {
        pid_t pid;
        while (running >= parallel)
            end_one(&running, ignore, status);
        ok = begin(bindir, program, options, names[i], &pid, e);
        running += ok;
    }
    while (running)
        end_one(&running, ignore, status);
    return ok;
}
