/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <sys/types.h>

/* A process as it can be remembered: pids are reused, a pid with its start time is not (until the next boot).
 * pid 0: none is known. */
struct proc_id {
    pid_t pid;
    unsigned long long start; /* clock ticks since boot, field 22 of /proc/PID/stat */
};

/* What /proc/PID/stat says of a process. */
struct proc_stat {
    char state; /* 'R', 'S', 'Z'… */
    pid_t parent;
    unsigned long long start;
    bool exiting; /* PF_EXITING: it has begun to die and may have dropped its locks already */
};

/* Reads /proc/PID/stat; false if there is no such process. */
bool proc_stat(pid_t pid, struct proc_stat *out);

/* The caller's own or another live process with its start time; pid 0 in the result if it is gone. */
struct proc_id proc_id_of(pid_t pid);

/* A pidfd of exactly that process; -1 if it is gone, a zombie, or its pid means another process now. */
int proc_open(struct proc_id id);

/* Waits until the process is gone (a zombie counts as gone) or the deadline (see now_ms()) passes: false then. */
bool proc_wait(int pidfd, long long deadline);

/* SIGKILL through the pidfd, then proc_wait. */
bool proc_kill(int pidfd, long long deadline);

/* Sends a signal through a pidfd. 0, or -1 with errno. */
int proc_signal(int pidfd, int sig);

/* Whether one of the words of /proc/PID/cmdline is word. */
bool proc_has_argument(pid_t pid, const char *word);

#endif
