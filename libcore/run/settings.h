/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_SETTINGS_H
#define RUN_SETTINGS_H

#include "base/str.h"
#include "host/conf.h"
#include "host/root.h"

/* What qemu.conf and vmutils.conf come to: each key, its value, where that is from, and what it means here. */

enum setting_status {
    SETTING_HONOURED,
    SETTING_REFUSED, /* known, but cannot be set in a root of this kind */
    SETTING_IGNORED, /* one of libvirt's that vmutils does not act by */
    SETTING_UNKNOWN, /* none of its file's */
};
extern const char *const setting_status_names[4]; /* "honoured", "refused", "not honoured", "unknown" */

struct setting {
    const char *name;
    const struct conf_value *value; /* never NULL; its text may be (see conf.h) */
    const struct conf *conf;        /* the file whose key it is */
    const char *from;               /* "built-in", "build", "environment", "FILE:LINE" */
    enum setting_status status;
    const char *note; /* NULL: nothing to add */
};

struct settings {
    LIST(struct setting) all;
};

/* Both files of a root. */
struct settings_files {
    struct conf libvirt, own;
};
bool settings_read(struct settings_files *f, struct arena *a, const struct root *r, struct err *e);

/* Honoured keys, then what else the files set; everything: also the known keys that they do not set. Texts live in a. */
void settings_list(struct settings *s, struct arena *a, const struct settings_files *f, const struct root *r, bool everything);

/* One key. ST_NOENT with e: neither file can have it, nor has it. */
bool settings_one(struct setting *s, struct arena *a, const struct settings_files *f, const struct root *r, const char *key, struct err *e);

/* The value as the file would have it, NULL where it is left to QEMU or to who calls; passwords are not shown. */
const char *setting_shown(const struct setting *s, struct arena *a);

/* What is wrong with a file beyond its grammar: users that are not there, a security driver that this host does not
 * have, keys that cannot be set in r, ports upside down. Each becomes a line of faults; strict: unknown keys too. Keys that are not
 * honoured become notes. */
void settings_check(struct arena *a, const struct conf *conf, const struct root *r, bool strict, struct notes *notes, struct notes *faults);

#endif
