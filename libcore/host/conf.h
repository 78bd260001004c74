/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_CONF_H
#define HOST_CONF_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "host/root.h"

/* qemu.conf: `key = "text"`, `key = number`, `key = [ "text", … ]`, comments with #. The file is read anew by
 * every command, so a change counts from the next one on; a file that is not there is an empty one. */
enum conf_type { CONF_TEXT, CONF_NUMBER, CONF_LIST };

struct conf_value {
    const char *name;
    enum conf_type type;
    long long number;
    const char *text; /* of numbers too; NULL in a built-in value: it is left to QEMU or to who calls */
    LIST(const char) list;
    int line; /* 0: built in */
};

/* What the code falls back to where the file is silent is here and nowhere else, so that vm-conf tells what counts. */
struct conf_key {
    const char *name;
    enum conf_type type;
    bool honoured; /* vmutils acts by it; the others of libvirt's are known and passed over */
    struct conf_value fallback;
    long long min, max;       /* of honoured numbers */
    const char *word;         /* of numbers: a text that may stand in the number's place, read as -1 */
    const char *const *words; /* the only texts allowed, NULL at the end; NULL: any */
    bool absolute;            /* texts are paths from / on, or empty */
    bool of_build;            /* the built-in value was chosen when vmutils was built */
};

/* A file's vocabulary. */
struct conf_table {
    const char *file;  /* its name, for messages */
    const char *owner; /* who has such keys */
    const struct conf_key *keys;
    size_t n;
};
extern const struct conf_table conf_libvirt; /* qemu.conf of libvirt 9.0 */

/* That of the file beside it: vmutils.conf, qemu.conf. */
const struct conf_table *conf_other(const struct conf_table *t);

/* The key of that name, NULL if there is none. */
const struct conf_key *conf_key(const struct conf_table *t, const char *name);

struct conf {
    const char *path;
    const struct conf_table *table; /* NULL: conf_libvirt */
    LIST(struct conf_value) values;
};

/* Reads path, by the vocabulary t. Unknown keys become notes with file:line and stay among the values. False with "file:line: what is
 * wrong" for a syntax error, a value of the wrong type, or a file that cannot be read. Everything lives in a. */
bool conf_read(struct conf *c, const struct conf_table *t, struct arena *a, const char *path, struct notes *notes, struct err *e);
/* The same from text. */
bool conf_parse(struct conf *c, const struct conf_table *t, struct arena *a, const char *path, const char *text, struct notes *notes,
                struct err *e);
/* The same, but goes on behind a mistake: each becomes a line of faults. False if there is one. */
bool conf_check(struct conf *c, const struct conf_table *t, struct arena *a, const char *path, const char *text, struct notes *notes,
                struct notes *faults);

/* conf_read() of the root's qemu.conf. What it sets although a root of that kind cannot have it is an error, too. */
bool conf_read_root(struct conf *c, struct arena *a, const struct root *r, struct notes *notes, struct err *e);

/* Whether v is a key that cannot be set in r: QEMU's user and group in session mode, where guests run as who starts them. */
bool conf_refused(const struct conf_value *v, const struct root *r);

/* The value of an honoured key: the file's (the last one counts), else the built-in one. Never NULL; text, number or
 * list by the key's type. */
const struct conf_value *conf_value(const struct conf *c, const char *key);
const char *conf_text(const struct conf *c, const char *key);
long long conf_number(const struct conf *c, const char *key);
/* What the file says, NULL where it is silent. */
const struct conf_value *conf_get(const struct conf *c, const char *key);

/* Whom QEMU runs as: user and group of the file, else of the build (QEMU_USER, QEMU_GROUP); names or
 * "+NUMBER". Errors name the key and where it stands. */
bool conf_qemu_ids(const struct conf *c, uid_t *uid, gid_t *gid, struct err *e);
/* "NAME", "+NUMBER" or a number as a user or group id; false if there is none. */
bool user_id(const char *text, uid_t *uid);
bool group_id(const char *text, gid_t *gid);

#endif
