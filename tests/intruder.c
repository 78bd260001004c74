/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <dlfcn.h>
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

/* Preloaded into a program: when that ends by itself or, by $INTRUDER_AT=parse, as it parses its first document, tries what one
 * that a stranger has taken over would try ($INTRUDER_TRY: one of the names in the table below), and says on the descriptor
 * $INTRUDER_FD which of it went through, at once: it may be killed for the next. */

static int out;

static void went(const char *what)
{
    dprintf(out, "%s ", what);
}

static void try_files(const char *dir)
{
    const char *store = getenv("INTRUDER_STORE");
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
    if (rename(path, path) == 0)
        went("rename");
    if (unlink(path) == 0)
        went("remove");
    snprintf(path, sizeof path, "%s/planted", store);
    if ((fd = open(path, O_WRONLY | O_CREAT, 0600)) >= 0)
        went("store");
    close(fd);
}

static void try_processes(const char *dir)
{
    (void)dir;
    pid_t child = fork();
    if (child > 0)
        went("fork");
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

/* In place of the program itself. */
static void try_exec(const char *dir)
{
    char command[64];
    (void)dir;
    snprintf(command, sizeof command, "printf 'become ' >&%d", out);
    unsetenv("LD_PRELOAD");
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
}

static const struct {
    const char *name;
    void (*try)(const char *dir);
} tries[] = { { "files", try_files }, { "processes", try_processes }, { "sockets", try_sockets }, { "exec", try_exec } };

static void intrude(void)
{
    const char *dir = getenv("INTRUDER_DIR"), *fd = getenv("INTRUDER_FD"), *only = getenv("INTRUDER_TRY");
    if (!dir || !fd || !getenv("INTRUDER_STORE"))
        return;
    unsetenv("INTRUDER_DIR");
    out = atoi(fd);
    /* Without a choice, all but the last, which would be the end. */
    for (size_t i = 0; i < sizeof tries / sizeof *tries - !only; i++)
        if (!only || strcmp(only, tries[i].name) == 0)
            tries[i].try(dir);
}

__attribute__((destructor)) static void at_end(void)
{
    if (!getenv("INTRUDER_AT"))
        intrude();
}

void *xmlCtxtReadMemory(void *context, const char *text, int n, const char *url, const char *encoding, int options)
{
    typedef void *read_memory(void *, const char *, int, const char *, const char *, int);
    read_memory *real = (read_memory *)dlsym(RTLD_NEXT, "xmlCtxtReadMemory");
    if (getenv("INTRUDER_AT"))
        intrude();
    return real ? real(context, text, n, url, encoding, options) : NULL;
}
