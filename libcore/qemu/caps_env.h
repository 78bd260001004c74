/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_CAPS_ENV_H
#define QEMU_CAPS_ENV_H

#include "qemu/caps_get.h"
#include "qemu/caps_probe.h"

/* Shared by caps_cache.c and caps_find.c. */

/* What makes kept facts of emulator with that accelerator still true, as one line of text. real gets the
 * path without symbolic links. False with err if it cannot be looked at. */
bool caps_key(const struct caps_env *env, const char *emulator, bool kvm, struct str *real, struct str *key, struct err *e);

/* The facts kept for that file, accelerator and key; NULL if there are none. */
struct caps *caps_cache_open(const struct caps_env *env, const char *real, bool kvm, const char *key);
/* Keeps an image; what goes wrong is not worth an error. */
void caps_cache_keep(const struct caps_env *env, const char *real, bool kvm, const char *key, const struct str *image);

/* Whether that file failed with that accelerator and key not long ago: then e says how. */
bool caps_cache_failed(const struct caps_env *env, const char *real, bool kvm, const char *key, struct err *e);
/* Keeps that it did, if it would do so again. */
void caps_cache_keep_failure(const struct caps_env *env, const char *real, bool kvm, const char *key, const struct caps_job *job);

/* The architecture that an emulator's file name tells; NULL if none or unknown. */
const struct arch *caps_arch_by_file(const char *path);

long long caps_timeout(const struct caps_env *env);

#endif
