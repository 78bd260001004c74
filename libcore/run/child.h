/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "guard/enter.h"

/* The two processes of a start: R, the parent of QEMU, and Q, which becomes QEMU. Both are forks of S, the
 * process that starts the guest, until they exec (vm-state(5), "Life of a guest"). */

/* As many descriptors as a child may keep, and what all numbers are below at which they are placed: with room for
 * them all, it stays below the 256 that some systems let a process have. */
enum { CHILD_FDS = 64, CHILD_PLACES = 160 };

/* One descriptor that a child keeps: what is fd in S is at in the child's new image. at < 0: kept only until
 * exec, at whatever number. */
struct child_fd {
    int fd, at;
};

struct child_image {
    const char *path;
    char *const *argv, *const *env;
    size_t n_fds;
    struct child_fd fds[CHILD_FDS];
    int in, out; /* descriptors of S for stdin and for stdout with stderr; < 0: /dev/null */
    bool keep_stdio; /* in the foreground: stdin, stdout and stderr stay as they are */
};

/* What Q tells S on its socket, and R to S on its own. */
struct child_report {
    char what; /* 'R' R's pid; 'p' Q's pid, both in value; 'x' exec or set-up failed: value is errno, text what; 'r' R is ready;
                  'd' QEMU died: value is its wait status */
    int value;
    char text[120];
};

struct launch {
    struct child_image qemu, reap;
    struct enter *enter; /* for Q; prepared */
    int lock;     /* NAME/lock: closed by R and Q at once */
    int dir;      /* the guest's directory: Q opens "alive" there */
    int q[2];     /* S keeps q[0] */
    int r[2];     /* S keeps r[0] */
    bool with_r;  /* false: --no-reap, Q is a child of S, which leaves it behind */
    pid_t child;  /* of S, to be waited for in the end: without R it is Q, else it only forks R; 0 in the foreground */
    bool foreground; /* the calling process becomes R, the child goes on as S */
};

/* Forks. Returns in S only. *reaper: S's parent in the foreground, else 0: R reports its pid. The children's ends of
 * the socket pairs are closed in S. */
bool launch(struct launch *l, pid_t *reaper, struct err *e);

/* A program that serves QEMU. Like R it is nobody's child: whoever undoes the start ends it, by its pid in the journal. */
struct child_helper {
    struct child_image image;
    struct enter *enter; /* prepared */
    int cwd;     /* its working directory, which its user need not be able to reach; < 0: / */
    bool pid_in_env; /* the first word of image.env is "LISTEN_PID=" and gets its pid */
    int lock;    /* NAME/lock, closed at once */
    int s;       /* out: our end of the socket to it until it is executed */
    pid_t pid;   /* out */
};

/* Forks it; it waits. False with e: nothing of it is left. */
bool child_helper_fork(struct child_helper *h, long long deadline, struct err *e);
/* Lets it go on, and returns when it is executed; closes h->s. */
bool child_helper_go(struct child_helper *h, long long deadline, struct err *e);

/* Lets Q go. */
bool launch_go(const struct launch *l, struct err *e);

#endif
