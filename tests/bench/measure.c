/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* measure ROUNDS -- COMMAND... [-- COMMAND...]...: runs the commands in turn, ROUNDS times, and prints a line
 * for each: the median of its wall times in microseconds, and the worst of its exit statuses. Output of the
 * commands is thrown away. In turn, so that what else the machine does meets all of them alike. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 8, ROUNDS_MAX = 10000 };
extern char **environ;
static long samples[COMMANDS_MAX][ROUNDS_MAX];

static long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* Runs argv; its status, and how long it took in *us. */
static int run(char **argv, const posix_spawn_file_actions_t *quiet, long *us)
{
    pid_t pid;
    int status = -1;
    long start = now_us();
    if (posix_spawnp(&pid, argv[0], quiet, NULL, argv, environ) != 0) {
        fprintf(stderr, "measure: cannot run %s\n", argv[0]);
        exit(127);
    }
    waitpid(pid, &status, 0);
    *us = now_us() - start;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    char **commands[COMMANDS_MAX];
    int worst[COMMANDS_MAX] = { 0 }, n = 0;
    long rounds = argc > 1 ? atol(argv[1]) : 0;
    for (int i = 2; i + 1 < argc && n < COMMANDS_MAX; i++)
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            commands[n++] = argv + i + 1;
        }
    if (rounds < 1 || rounds > ROUNDS_MAX || n == 0) {
        fputs("usage: measure ROUNDS -- COMMAND... [-- COMMAND...]...\n", stderr);
        return 2;
    }
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    for (long r = 0; r < rounds; r++)
        for (int c = 0; c < n; c++) {
            int status = run(commands[c], &quiet, &samples[c][r]);
            if (status > worst[c])
                worst[c] = status;
        }
    for (int c = 0; c < n; c++) {
        qsort(samples[c], (size_t)rounds, sizeof samples[c][0], compare);
        printf("%ld %d\n", samples[c][rounds / 2], worst[c]);
    }
    return 0;
}
