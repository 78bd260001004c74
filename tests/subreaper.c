/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* subreaper COMMAND…: runs it, and ends what it has left running when it is over or SIGTERM comes: for those who
 * may not make a process table of their own. Its status is the command's. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t told;

static void on_term(int sig)
{
    told = sig;
}

static pid_t parent_of(const char *pid)
{
    char path[64], line[4096];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    line[fread(line, 1, sizeof line - 1, f)] = '\0';
    fclose(f);
    /* The name is in brackets, and may have blanks and brackets in it. */
    const char *end = strrchr(line, ')');
    return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* What has lost its own parent comes to this process, and is killed in the next round. */
static void kill_children(void)
{
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));)
        if (parent_of(e->d_name) == getpid())
            kill(atoi(e->d_name), SIGKILL);
    if (d)
        closedir(d);
}

int main(int argc, char **argv)
{
    int status, result = 125;
    struct sigaction act = { .sa_handler = on_term };
    if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return 125;
    sigaction(SIGTERM, &act, NULL);
    pid_t pid = fork(), ended;
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    while (!told && (ended = waitpid(-1, &status, 0)) != pid)
        ;
    if (!told)
        result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    else
        result = 128 + told;
    do
        kill_children();
    while (waitpid(-1, NULL, 0) > 0);
    return result;
}
