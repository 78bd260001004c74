/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { OUTPUT_MAX = 64 << 10 };

static _Noreturn void child(char *const argv[], char *const env[], int output, int keep, pid_t parent)
{
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int in = open("/dev/null", O_RDONLY), high = fcntl(output, F_DUPFD, 4);
    if (in < 0 || high < 0 || (keep >= 0 && (keep = fcntl(keep, F_DUPFD, 4)) < 0))
        _exit(127);
    if (dup2(in, 0) < 0 || dup2(high, 1) < 0 || dup2(high, 2) < 0 || (keep >= 0 && dup2(keep, 3) < 0) ||
        close_range(keep >= 0 ? 4 : 3, ~0U, 0) < 0)
        _exit(127);
    execve(argv[0], argv, env);
    dprintf(2, "%s: %m\n", argv[0]);
    _exit(127);
}

/* Until it has closed its output. False: the deadline passed. */
static bool listen_to(int fd, long long deadline, struct str *out)
{
    char bytes[4096];
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int ready = poll(&p, 1, ms_left(deadline));
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t n = ready > 0 ? read(fd, bytes, sizeof bytes) : -1;
        if (n <= 0)
            return ready != 0;
        if (out->len < OUTPUT_MAX)
            str_addn(out, bytes, (size_t)n);
    }
}

int spawn_wait(char *const argv[], char *const env[], int keep, long long deadline, struct str *out)
{
    int pipes[2], status;
    pid_t parent = getpid(), done;
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        child(argv, env, pipes[1], keep, parent);
    int error = errno;
    close(pipes[1]);
    bool in_time = pid > 0 && listen_to(pipes[0], deadline, out);
    close(pipes[0]);
    if (pid < 0) {
        errno = error;
        return -1;
    }
    if (!in_time)
        kill(pid, SIGKILL);
    while ((done = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (!in_time)
        errno = ETIMEDOUT;
    return in_time && done == pid ? status : -1;
}
