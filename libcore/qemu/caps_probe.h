/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_CAPS_PROBE_H
#define QEMU_CAPS_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* Runs emulators for a moment and writes down what they say (qemu/caps.h).
 *
 * Each runs once, without a machine, with a socketpair as its QMP monitor on descriptors 0 and 1, in a private
 * temporary directory and a session of its own, with an empty environment; all questions are sent at once, and it is killed
 * when the last answer is there. Nothing listens anywhere. */
struct caps_job {
    const char *emulator; /* path; also in the facts */
    bool kvm;             /* accelerator to ask with: KVM or TCG */
    bool ok;              /* out */
    struct str image;     /* out; the caller releases it */
    struct err err;       /* out, unless ok: names the emulator and the cause */
    bool own_fault;       /* out, unless ok: it would fail again; false: this host or someone else was in the way */
};

/* Runs all jobs, at most parallel (0: as many as there are CPUs) at a time; each is given up after
 * timeout_ms. A line longer than CAPS_MAX_LINE ends a job too. Returns how many went well. Signals that would end the process
 * are held meanwhile; they end the jobs, and act when the temporary directory is gone. */
enum { CAPS_MAX_LINE = 16 << 20, CAPS_TIMEOUT_MS = 10000 };
size_t caps_probe(struct caps_job *jobs, size_t n, unsigned parallel, long long timeout_ms);

/* The arguments that an emulator is run with, NULL-terminated, for those who want to do it by hand. */
const char *const *caps_probe_args(bool kvm);

/* One command answered by a fresh run of emulator, for what the facts leave out: properties of any
 * device. command is one JSON object with "id": CAPS_ASK_ID; answer gets the line of the reply. */
#define CAPS_ASK_ID "vmutils-ask"
bool caps_ask(const char *emulator, bool kvm, const char *command, long long timeout_ms, struct str *answer, struct err *e);

#endif
