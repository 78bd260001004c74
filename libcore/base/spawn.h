/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include "base/str.h"

/* Runs a program to its end: argv[0] is its absolute path, env all of its environment; its standard input is
 * /dev/null, its signals are as by default, and it dies with the caller. What it prints, on either output, is added
 * to out (64 KiB at most, the rest is thrown away). keep: a descriptor that it inherits as number 3; -1: none.
 * The status as of waitpid(); -1 with errno, ETIMEDOUT if it was still there at the deadline (see now_ms()) and was
 * killed. */
int spawn_wait(char *const argv[], char *const env[], int keep, long long deadline, struct str *out);

#endif
