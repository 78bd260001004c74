/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_EVENTLOG_H
#define RUN_EVENTLOG_H

#include <stdbool.h>
#include <stddef.h>

/* The file "events" in a guest's directory: one JSON object a line, in the form of QMP's events, those of QEMU as
 * it sent them and ours beside them:
 *
 *   VM_STARTING  {"start": ID}
 *   VM_STARTED   {"start": ID, "state": "running"|"paused"}
 *   VM_STEERED   {"state": STATE}: by vm-suspend, vm-resume or vm-reset
 *   VM_ENDED     {"start": ID, "reason": "shutdown"|"destroyed"|"crashed"|"failed"|"unknown", "status": N}
 *   VM_DUMPED    {"file": PATH}: the memory of a guest that panicked
 *   VM_NOTICE    {"notice": TEXT} or {"error": TEXT}: what vm-reap has to say
 *   VM_RESTART_FAILED  {"error": TEXT}
 *
 * Beyond EVENTS_MAX bytes it becomes events.old and a new one begins. libc only: vm-reap writes it. */
enum { EVENTS_MAX = 256 * 1024, EVENT_LINE_MAX = 64 * 1024 };

/* Appends one line of n bytes, without its newline. Failure (the directory is gone, the disk is full) is no
 * one's concern: a guest does not end for want of its diary. */
void eventlog_line(int dir, const char *line, size_t n);

/* Appends an event of ours; data is the inside of its object, already JSON. */
void eventlog_add(int dir, const char *event, const char *data);

#endif
