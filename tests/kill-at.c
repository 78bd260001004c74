/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kill-at -o FILE COMMAND…: writes each system call of the command and of all that it starts, as it is entered, to FILE:
 *
 *     PROCESS CALL NAME [PATH [create]]
 *
 * and "end" when all of them have ended. PROCESS is 0 for the command, 0.1 for the first process that it forks, 0.1.2
 * for the second of that one; CALL counts the calls of each process from 1 on; PATH is what openat opens.
 *
 * kill-at -p PROCESS -n CALL [-a] [-o FILE] COMMAND…: that process is killed as it enters that call; with -a all that
 * run at that moment are, as if the machine had stopped. FILE then gets "killed" and how many ran at that moment, or
 * "end" where nothing came of it.
 *
 * It ends when the command has ended, with its status (128 and the signal); what the command leaves running is followed
 * until it is killed or ends by itself. (strace's injection counts the calls of each process, and kills any of them: a
 * child's tenth call could not be tried, since its parent would have died at its own tenth.) */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { PROCESSES_MAX = 512, OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                      PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC };

struct process {
    pid_t pid;
    char id[64]; /* "": its parent has not told of it yet */
    unsigned children;
    unsigned long calls;
};

static struct process processes[PROCESSES_MAX];
static size_t n_processes;
static const char *target;
static unsigned long target_call;
static bool all, begun, done;
static FILE *out;

static struct process *find(pid_t pid)
{
    for (size_t i = 0; i < n_processes; i++)
        if (processes[i].pid == pid)
            return &processes[i];
    if (n_processes == PROCESSES_MAX)
        exit(125);
    processes[n_processes] = (struct process){ .pid = pid };
    return &processes[n_processes++];
}

/* Its calls matter. */
static bool is_target(const struct process *p)
{
    return !target || strcmp(p->id, target) == 0;
}

static void go_on(const struct process *p, int sig)
{
    ptrace(done ? PTRACE_DETACH : is_target(p) ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, 0, sig);
}

static void forked(struct process *p)
{
    unsigned long pid;
    if (ptrace(PTRACE_GETEVENTMSG, p->pid, 0, &pid) < 0)
        return;
    struct process *child = NULL;
    for (size_t i = 0; i < n_processes; i++)
        if (processes[i].pid == (pid_t)pid)
            child = &processes[i];
    bool waits = child != NULL;
    if (!waits)
        child = find((pid_t)pid);
    snprintf(child->id, sizeof child->id, "%.50s.%u", p->id, ++p->children);
    if (waits)
        go_on(child, 0);
}

static void print_path(pid_t pid, unsigned long long at)
{
    char path[4096];
    struct iovec local = { path, 4096 - at % 4096 }, remote = { (void *)(uintptr_t)at, local.iov_len };
    ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    for (ssize_t i = 0; i < n && path[i]; i++)
        putc(path[i] > ' ' && path[i] < 127 ? path[i] : '?', out);
}

static void print_call(const struct process *p, const struct ptrace_syscall_info *s)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)s->entry.nr);
    fprintf(out, "%s %lu %s ", p->id, p->calls, name ? name : "?");
    free(name);
    if (s->entry.nr == SYS_openat) {
        print_path(p->pid, s->entry.args[1]);
        fputs(s->entry.args[2] & O_CREAT ? " create" : "", out);
    }
    putc('\n', out);
}

static void kill_it(const struct process *p)
{
    for (size_t i = 0; i < n_processes; i++)
        if (all || &processes[i] == p)
            kill(processes[i].pid, SIGKILL);
    if (out) {
        fprintf(out, "killed %zu\n", n_processes);
        fflush(out);
    }
    done = true;
    for (size_t i = 0; i < n_processes; i++)
        ptrace(PTRACE_INTERRUPT, processes[i].pid, 0, 0); /* to be let go of */
}

/* As it enters a call or leaves one. */
static void called(struct process *p)
{
    struct ptrace_syscall_info s;
    if (done || !begun || ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof s, &s) <= 0 ||
        s.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    p->calls++;
    if (!target)
        print_call(p, &s);
    else if (is_target(p) && p->calls == target_call)
        kill_it(p);
}

static void stopped(struct process *p, int status)
{
    int sig = WSTOPSIG(status), event = status >> 16;
    bool stop = sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
    if (!*p->id && !done)
        return;
    if (done && all)
        kill(p->pid, SIGKILL); /* forked by one that has not lived to tell */
    if (sig == (SIGTRAP | 0x80))
        called(p);
    else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
        forked(p);
    else if (event == PTRACE_EVENT_EXEC)
        begun = true;
    if (event == PTRACE_EVENT_STOP && stop && !done)
        ptrace(PTRACE_LISTEN, p->pid, 0, 0);
    else
        go_on(p, event || sig == (SIGTRAP | 0x80) ? 0 : sig);
}

/* Tells the status of the first process as soon as there is one. */
static void follow(pid_t first, int tell)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (pid <= 0)
            continue;
        struct process *p = find(pid);
        if (WIFSTOPPED(status)) {
            stopped(p, status);
            continue;
        }
        if (pid == first) {
            if (out)
                fflush(out);
            ssize_t n = write(tell, &status, sizeof status);
            (void)n;
            close(tell);
        }
        *p = processes[--n_processes];
    }
}

static _Noreturn void run(char **argv, int wait)
{
    char c;
    if (read(wait, &c, 1) == 1)
        execvp(*argv, argv);
    _exit(127);
}

static _Noreturn void trace(char **argv, int tell)
{
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) < 0)
        _exit(125);
    pid_t first = fork();
    if (first == 0)
        run(argv, gate[0]);
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++)
        dup2(null, i); /* the caller's output ends with the command */
    strcpy(find(first)->id, "0");
    if (ptrace(PTRACE_SEIZE, first, 0, OPTIONS) < 0)
        _exit(125);
    /* Where it is held up, and before its exec nothing is counted. */
    if (is_target(find(first)))
        ptrace(PTRACE_INTERRUPT, first, 0, 0);
    if (write(gate[1], "g", 1) != 1)
        _exit(125);
    follow(first, tell);
    if (out && !done)
        fputs("end\n", out);
    if (out)
        fclose(out);
    _exit(0);
}

int main(int argc, char **argv)
{
    int pair[2], status, c;
    const char *file = NULL;
    while ((c = getopt(argc, argv, "+o:p:n:a")) != -1)
        switch (c) {
        case 'o': file = optarg; break;
        case 'p': target = optarg; break;
        case 'n': target_call = strtoul(optarg, NULL, 10); break;
        case 'a': all = true; break;
        default: return 125;
        }
    if (optind == argc || !target != !target_call || (file && !(out = fopen(file, "we"))) || pipe2(pair, O_CLOEXEC) < 0)
        return 125;
    pid_t tracer = fork();
    if (tracer == 0)
        trace(argv + optind, pair[1]);
    close(pair[1]);
    if (tracer < 0 || read(pair[0], &status, sizeof status) != sizeof status)
        return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
