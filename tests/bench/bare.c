/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bare emulator, for comparison.
 *
 *   bare probe QUERIES EMULATOR kvm|tcg   runs it as caps-probe does, sends the commands of the file QUERIES
 *                                         and throws the answers away
 *   bare start ARGV ROUNDS                runs the argument vector in the file ARGV (separated by NUL, as
 *                                         /proc/PID/cmdline has it), its monitor's descriptor a listening
 *                                         socket; from exec to the reply of qmp_capabilities; then kills it.
 *                                         Prints the median in microseconds */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "qemu/caps_probe.h"

enum { FILE_MAX = 4 << 20, ARGS_MAX = 4096, ROUNDS_MAX = 1000 };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "r");
    char *text = malloc(FILE_MAX);
    if (!f || !text)
        die(path);
    *n = fread(text, 1, FILE_MAX - 1, f);
    text[*n] = '\0';
    fclose(f);
    return text;
}

/* Reads until n lines have come; false at end of file or after 20 s. */
static bool read_lines(int fd, size_t n)
{
    static char buffer[1 << 16];
    struct pollfd p = { .fd = fd, .events = POLLIN };
    while (n > 0) {
        ssize_t got = poll(&p, 1, 20000) == 1 ? read(fd, buffer, sizeof buffer) : 0;
        if (got <= 0)
            return false;
        for (ssize_t i = 0; i < got; i++)
            if (buffer[i] == '\n' && n > 0)
                n--;
    }
    return true;
}

static void write_whole(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t did = write(fd, text, n);
        if (did <= 0)
            return;
        text += did;
        n -= (size_t)did;
    }
}

static int probe(const char *queries, const char *emulator, bool kvm)
{
    size_t n, lines = 1; /* the greeting */
    char *text = read_file(queries, &n);
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    const char *argv[32] = { emulator };
    for (size_t i = 0; caps_probe_args(kvm)[i]; i++)
        argv[i + 1] = caps_probe_args(kvm)[i];
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        die("socketpair");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pair[1], 0);
        dup2(pair[1], 1);
        dup2(open("/dev/null", O_WRONLY), 2);
        close(pair[0]);
        close(pair[1]);
        execv(emulator, (char **)argv);
        _exit(127);
    }
    close(pair[1]);
    if (fork() == 0) { /* it may answer before it has read all */
        write_whole(pair[0], text, n);
        _exit(0);
    }
    bool ok = read_lines(pair[0], lines);
    kill(pid, SIGKILL);
    while (wait(NULL) > 0)
        ;
    return ok ? 0 : 1;
}

/* The descriptor of that socket in this command line: "monitor" listens, "charevents" is connected; -1 for none. */
static int socket_fd(char **argv, const char *which)
{
    for (int i = 0; argv[i]; i++) {
        if (!strstr(argv[i], which) || !strstr(argv[i], "socket"))
            continue;
        char *fd = strstr(argv[i], "fd=");
        if (fd)
            return atoi(fd + 3);
        fd = strstr(argv[i], "\"str\":\"");
        if (fd)
            return atoi(fd + 7);
    }
    return -1;
}

static long start_once(char **argv, int fd, int events_fd)
{
    int events[2];
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "vmutils-bench-%d", (int)getpid());
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a.sun_path + 1));
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || client < 0 || bind(listener, (struct sockaddr *)&a, size) < 0 || listen(listener, 1) < 0 ||
        connect(client, (struct sockaddr *)&a, size) < 0)
        die("socket");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, events) < 0)
        die("socketpair");
    fcntl(events[1], F_SETFD, FD_CLOEXEC);
    long start = now_us();
    pid_t pid = fork();
    if (pid == 0) {
        int its_end = fcntl(events[0], F_DUPFD, 64), monitor = fcntl(listener, F_DUPFD, 64);
        for (int i = 3; i < 64; i++) /* whatever else the command line inherits */
            if (i != fd)
                dup2(open("/dev/null", O_RDWR), i);
        dup2(monitor, fd);
        if (events_fd >= 0)
            dup2(its_end, events_fd);
        dup2(open("/dev/null", O_RDWR), 0);
        dup2(open("/dev/null", O_RDWR), 1);
        dup2(open("/dev/null", O_RDWR), 2);
        execv(argv[0], argv);
        _exit(127);
    }
    bool ok = read_lines(client, 1);
    if (ok) {
        write_whole(client, "{\"execute\":\"qmp_capabilities\"}\n", 31);
        ok = read_lines(client, 1);
    }
    long took = now_us() - start;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(listener);
    close(client);
    close(events[0]);
    close(events[1]);
    if (!ok) {
        fprintf(stderr, "bare: %s did not answer\n", argv[0]);
        exit(1);
    }
    return took;
}

static int compare(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static int start(const char *path, int rounds)
{
    static char *argv[ARGS_MAX + 1];
    static long samples[ROUNDS_MAX];
    size_t n, args = 0;
    char *text = read_file(path, &n);
    for (size_t i = 0; i < n && args < ARGS_MAX; i += strlen(text + i) + 1)
        argv[args++] = text + i;
    int fd = socket_fd(argv, "monitor");
    if (fd < 0 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "bare: no monitor on a descriptor in %s\n", path);
        return 1;
    }
    for (int i = 0; i < rounds; i++)
        samples[i] = start_once(argv, fd, socket_fd(argv, "charevents"));
    qsort(samples, (size_t)rounds, sizeof samples[0], compare);
    printf("%ld\n", samples[rounds / 2]);
    return 0;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 5 && strcmp(argv[1], "probe") == 0)
        return probe(argv[2], argv[3], strcmp(argv[4], "kvm") == 0);
    if (argc == 4 && strcmp(argv[1], "start") == 0)
        return start(argv[2], atoi(argv[3]));
    fputs("usage: bare probe QUERIES EMULATOR kvm|tcg | bare start ARGV ROUNDS\n", stderr);
    return 2;
}
