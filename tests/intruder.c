/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Preloaded into a program: when that ends by itself, tries what one that a stranger has taken over would try, and says on
 * the descriptor $INTRUDER_FD which of it went through, at once: it may be killed for the next. */

static int out;

static void went(const char *what)
{
    dprintf(out, "%s ", what);
}

static void try_files(const char *dir, const char *store)
{
    char path[4200];
    int fd;
    snprintf(path, sizeof path, "%s/planted", dir);
    if ((fd = open(path, O_WRONLY | O_CREAT, 0600)) >= 0)
        went("create");
    close(fd);
    snprintf(path, sizeof path, "%s/victim", dir);
    if ((fd = open(path, O_WRONLY | O_APPEND)) >= 0)
        went("write");
    close(fd);
    if ((fd = open(path, O_RDONLY)) >= 0)
        went("read");
    close(fd);
    if (chmod(path, 0666) == 0)
        went("chmod");
    if (truncate(path, 1) == 0)
        went("truncate");
    if (rename(path, path) == 0 && unlink(path) == 0)
        went("remove");
    snprintf(path, sizeof path, "%s/planted", store);
    if ((fd = open(path, O_WRONLY | O_CREAT, 0600)) >= 0)
        went("store");
    close(fd);
}

static void try_processes(void)
{
    pid_t child = fork();
    if (child == 0) {
        unsetenv("LD_PRELOAD"); /* or it would go on for ever */
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    int status = 1;
    if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
        went("exec");
    if (kill(getppid(), 0) == 0)
        went("signal");
    if (ptrace(PTRACE_SEIZE, getppid(), 0, 0) == 0)
        went("ptrace");
}

static void try_sockets(const char *dir)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    snprintf(to.sun_path, sizeof to.sun_path, "%s/socket", dir);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        went("connect");
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof in) == 0)
        went("tcp");
    close(fd);
}

__attribute__((destructor)) static void intrude(void)
{
    const char *dir = getenv("INTRUDER_DIR"), *store = getenv("INTRUDER_STORE"), *fd = getenv("INTRUDER_FD");
    if (!dir || !store || !fd)
        return;
    unsetenv("INTRUDER_DIR");
    out = atoi(fd);
    try_files(dir, store);
    try_processes();
    try_sockets(dir);
}
