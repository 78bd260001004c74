/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_CAPS_DIGEST_H
#define QEMU_CAPS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "qemu/caps.h"

/* From what an emulator answers to the image of qemu/caps.h. */
struct caps_digest;

/* emulator and accel ("kvm", "tcg") become facts. Strings are copied. Free with caps_digest_free. */
struct caps_digest *caps_digest_new(const char *emulator, const char *accel);
void caps_digest_free(struct caps_digest *d);

/* What to send, all at once: one command a line. kvm: the accelerator is KVM. No "quit" is among them: QEMU
 * would leave before its last answers are through if their reader is slow, and drop them. */
void caps_queries(struct str *out, bool kvm);

/* Everything that the emulator was sent whose facts these are. */
void caps_queries_of(struct str *out, struct caps *c);

/* One line that came back, without its newline. Answers of other commands, and events, are passed over.
 * False with err: not QEMU, not JSON, too old, or an answer that was not asked for. */
bool caps_digest_line(struct caps_digest *d, const char *line, size_t n, struct err *e);
/* What the answers so far give rise to ask as well; appends nothing if nothing. */
void caps_digest_more(struct caps_digest *d, struct str *out);
/* Every question has its answer. */
bool caps_digest_complete(const struct caps_digest *d);
/* QEMU has said hello. */
bool caps_digest_greeted(const struct caps_digest *d);
void caps_digest_image(struct caps_digest *d, struct str *image);

/* The oldest QEMU that is accepted. */
enum { CAPS_MIN_VERSION = 4002000 };

#endif
