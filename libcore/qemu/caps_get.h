/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_CAPS_GET_H
#define QEMU_CAPS_GET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "qemu/arch.h"
#include "qemu/caps.h"

/* Where emulators are, which of them may be run, and where their facts are kept. */
struct caps_env {
    const char *cache_dir;      /* made with its parents if need be (0700); NULL: nothing is kept */
    const char *const *bindirs; /* searched before /usr/bin */
    size_t n_bindirs;
    const char *emulator;       /* --emulator: may be run wherever it is */
    const char *sysroot;        /* in place of / for /usr/bin and /dev/kvm; NULL or "": the real one */
    bool refresh;               /* ask again, and keep the answer */
    long long timeout_ms;       /* for one probe; 0: CAPS_TIMEOUT_MS */
    unsigned parallel;          /* 0: as many as there are CPUs */
};

/* /dev/kvm is there and this user may use it. */
bool caps_kvm_usable(const struct caps_env *env);

/* An emulator may be run if it lies in /usr/bin, in one of the bindirs, is env->emulator, or is a file of root
 * that, like all directories above it, others cannot write to: a document must not name just any program. */
bool caps_may_run(const struct caps_env *env, const char *emulator, struct err *e);

/* Facts of one emulator with KVM or TCG, from the cache or by running it. The cache is keyed by the real path, size,
 * mtime and ctime of the binary, accelerator, mtimes of QEMU's module directories, /dev/kvm, kernel and microcode.
 * A cache that cannot be read or written is no error: the emulator is asked again. NULL with err. That it failed is kept,
 * too, for ten minutes; that it was given up, for a minute and for who would not wait longer. */
struct caps *caps_get(const struct caps_env *env, const char *emulator, bool kvm, struct err *e);

/* The image as a file to keep or to hand on: without the line that says what a cache file is valid for. */
void caps_export(const char *image, size_t n, struct str *out);

/* One emulator of the host and what it said; of several names of one file only the first is listed. */
struct caps_emulator {
    const char *path;
    const struct arch *arch; /* NULL: none that libvirt has a name for; caps_fact(…, "arch") then */
    struct caps *tcg, *kvm;  /* NULL: does not have it, or this user cannot use it */
};
struct caps_emulators {
    LIST(struct caps_emulator) list;
};

/* Every qemu-system-*, qemu-kvm, qemu and kvm in bindirs and /usr/bin (a name in two of them counts in the
 * first), asked with every accelerator that can be used: natives with KVM too. Those that fail are left out
 * and noted. Memory from the arena; release with caps_emulators_release. */
void caps_find_all(const struct caps_env *env, struct arena *a, struct caps_emulators *found, struct notes *notes);
/* The same for the one at path. */
bool caps_find_one(const struct caps_env *env, struct arena *a, const char *path, struct caps_emulators *found, struct err *e);
void caps_emulators_release(struct caps_emulators *found);

/* The emulator for guests of that architecture where the domain names none: qemu-system-TARGET; for the
 * host's own architecture also qemu-kvm, kvm and qemu, and for i686 qemu-system-x86_64. By name only, nothing is run. The
 * path is taken from the arena; NULL with err if there is none. */
const char *caps_find_emulator(const struct caps_env *env, struct arena *a, const char *arch, struct err *e);

#endif
