/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CGROUP_SYSTEMD_H
#define GUARD_CGROUP_SYSTEMD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What is asked of systemd's manager, by libsystemd (org.freedesktop.systemd1(5)). */

/* Why it cannot be asked by this build: NULL, it can. */
const char *systemd_missing(void);

/* A transient scope with n processes in it, delegated, made when this returns true: by the system's manager, or by the caller's own.
 * why: what went wrong. */
struct systemd_scope {
    const char *unit, *slice;
    pid_t pid[2];
    size_t n;
    bool user;
};
bool systemd_start_scope(const struct systemd_scope *s, int timeout_ms, char *why, size_t size);

/* Stops a unit; one that is not there is none. */
bool systemd_stop_unit(const char *unit, int timeout_ms, char *why, size_t size);

#endif
