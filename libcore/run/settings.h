/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_SETTINGS_H
#define RUN_SETTINGS_H

#include "base/str.h"
#include "host/conf.h"
#include "host/root.h"

/* What qemu.conf comes to: each key, its value, where that is from, and what it means here. */

enum setting_status {
    SETTING_HONOURED,
    SETTING_REFUSED, /* known, but cannot be set in a root of this kind */
    SETTING_IGNORED, /* one of libvirt's that vmutils does not act by */
    SETTING_UNKNOWN, /* none of libvirt 9.0's */
};
extern const char *const setting_status_names[4]; /* "honoured", "refused", "not honoured", "unknown" */

struct setting {
    const char *name;
    const struct conf_value *value; /* never NULL; its text may be (see conf.h) */
    const char *from;               /* "built-in", "build", "FILE:LINE" */
    enum setting_status status;
    const char *note; /* NULL: nothing to add */
};

struct settings {
    LIST(struct setting) all;
};

/* Honoured keys, then what else the file sets; everything: also the known keys that it does not set. Texts live in a. */
void settings_list(struct settings *s, struct arena *a, const struct conf *conf, const struct root *r, bool everything);

/* One key. ST_NOENT with e: neither libvirt nor the file has it. */
bool settings_one(struct setting *s, struct arena *a, const struct conf *conf, const struct root *r, const char *key, struct err *e);

/* The value as the file would have it, NULL where it is left to QEMU or to who calls; passwords are not shown. */
const char *setting_shown(const struct setting *s, struct arena *a);

/* What is wrong with a file beyond its grammar: users that are not there, a security driver that this host does not
 * have, keys that cannot be set in r, ports upside down. Each becomes a line of faults; strict: unknown keys too. */
void settings_check(struct arena *a, const struct conf *conf, const struct root *r, bool strict, struct notes *faults);

#endif
