/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_ACCESS_H
#define GUARD_ACCESS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/table.h"
#include "domain/objects.h"
#include "guard/guard.h"

/* Whether QEMU will be able to open what its domain names, found out before anything is changed: each path is
 * walked component by component, links too, as the user that QEMU will be and after the owner changes that are
 * planned, and every layer is asked about every component. Nothing is opened for reading or writing, nothing
 * is changed. A child process does it, so that a dead file server holds up nobody. */

enum { ACCESS_SEARCH = 1, ACCESS_EXECUTE = 1, ACCESS_WRITE = 2, ACCESS_READ = 4 }; /* as in mode bits */

/* Whom the files are to let in. */
struct access_subject {
    uid_t uid;
    gid_t gid;
    size_t n_groups; /* the supplementary ones */
    const gid_t *groups;
    bool overrides;   /* root with its capabilities: mode bits do not bind it */
    const char *name; /* for messages and for setfacl: the user's name, or its number if it has none */
};

enum access_missing {
    ACCESS_MUST_EXIST,
    ACCESS_QEMU_MAKES, /* if it is not there, its directory must let QEMU make it */
    ACCESS_MAY_MISS,   /* a row of the journal makes it, or the guest starts without it: only the way to it counts */
};

/* One path that QEMU is to reach. */
struct access_wish {
    const char *path, *why; /* "disk vda" */
    unsigned need;          /* of the object itself */
    enum object_kind kind;
    enum access_missing missing;
    bool changes;           /* will belong to uid:gid by then */
    uid_t uid;
    gid_t gid;
    const char *kept;       /* why its owner stays as it is; NULL: it changes, or nobody was asked */
    /* What comes out: numbers of refusals, and whether it was looked at before time ran out. */
    size_t n_refused;
    unsigned *refused;
    bool looked;
};

/* Why it would fail: one component of a path, one layer. */
struct access_refusal {
    enum status status;    /* ST_PERM, ST_NOENT, ST_TIMEOUT, ST_FAILED */
    unsigned wish;         /* the first that it stops */
    unsigned more;         /* how many others it stops */
    const char *layer;     /* "dac", "acl", "mount", "file system", "selinux"… */
    const char *component; /* the directory or file that refuses; its own path, without links */
    const char *text;      /* "directory /home/u lacks search permission for user 'qemu'" */
    const char *has;       /* mode, entry or label there is: "rwx------ u:u"; NULL: none */
    const char *needs;     /* "x for user 'qemu'" */
    const char *remedy;    /* a command for a shell, as exact as can be; NULL: none is known */
    const char *hint;      /* what else would help, for people; NULL: nothing */
};

struct access_check {
    struct arena *arena;
    struct access_subject subject;
    const struct guard *guard; /* labels planned by other layers; NULL: only owners and modes are looked at */
    const struct conf *conf;   /* for hints; may be NULL */
    bool only_reach;           /* nobody is asked; see access_answers() */
    LIST(struct access_wish) wishes;
    LIST(struct access_refusal) refusals; /* comes out, in the order in which they were met */
};

/* How long one step may take before a path counts as dead, and all of them together. */
enum { ACCESS_STEP_MS = 5000, ACCESS_ALL_MS = 30000 };

/* Fills s: groups are those that the user database gives to uid. overrides: see above. */
void access_subject(struct access_subject *s, struct arena *a, uid_t uid, gid_t gid, bool overrides);

/* The wishes of a whole plan, and its subject. guard_plan() was called; if it failed, what it had not come to counts as
 * given to QEMU's user. */
void access_of_plan(struct access_check *c, const struct guard *g);
/* Afterwards: as if QEMU were to run as text, "USER[:GROUP]", names or +numbers; it would be given the files then. False:
 * ST_NOENT names the one that does not exist. */
bool access_run_as(struct access_check *c, const char *text, struct err *e);
void access_add(struct access_check *c, const struct access_wish *w);

/* Does it. False with e if the check itself could not be made; what it found is in refusals and wishes. */
bool access_check(struct access_check *c, struct err *e);

/* Before guard_plan(g), which looks at files itself: where file systems are mounted that may never answer (of servers, FUSE),
 * everything that it will look at is looked at by a child first. False: ST_TIMEOUT, what does not answer. */
bool access_answers(const struct guard *g, struct err *e);

/* One line for refusal i: "disk vda: /home/u/w.qcow2: Permission denied: … (try: …)". In the arena. */
const char *access_line(const struct access_check *c, size_t i);
/* All of them: the first becomes e (false), the others notes. True if there is none. guest: begins each line. plan: what
 * guard_plan() failed with, NULL if it did not; it comes first, unless it is one of them. */
bool access_say(const struct access_check *c, const char *guest, const struct err *plan, struct notes *notes, struct err *e);

/* A row for each wish and refusal, for people and for --json. Texts live in c's arena. */
void access_table(const struct access_check *c, struct table *t);
/* The whole: true, or e with ST_PERM if anything is refused, ST_TIMEOUT, ST_NOENT if things are only missing; it says how many of
 * how many. plan: as above. */
bool access_result(const struct access_check *c, const char *guest, const struct err *plan, struct err *e);

/* The directories of a privileged root that QEMU's user is to own (lib, cache and run of libvirt) and does not,
 * as refusals with the chown that mends each. Those that are not there are left out. */
bool access_root_dirs(struct access_check *c, const struct root *r, uid_t uid, gid_t gid);

/* For layers. A layer is asked about each directory on the way once, and about each object; it runs in the
 * child, where the checker's memory is a copy, and answers by access_refuse(). */
struct access_place {
    int fd;            /* O_PATH */
    const char *path;  /* absolute, without links */
    const struct stat *st;
    unsigned need;     /* ACCESS_SEARCH for a directory on the way */
    const struct access_wish *wish; /* the first that comes here */
    bool object;       /* what the wish is about, not a directory on the way to it */
};

struct access_walk;

struct access_layer {
    const char *name;
    void (*look)(struct access_walk *w, const struct access_check *c, const struct access_place *p);
};

/* In the order in which they are asked; NULL-terminated. A layer that is off returns at once. */
extern const struct access_layer *const access_layers[];

/* Says no. layer, component and wish are filled in from p where they are NULL. Texts are copied. */
void access_refuse(struct access_walk *w, const struct access_place *p, const struct access_refusal *r);

/* Memory of the child, for texts. */
struct arena *access_arena(struct access_walk *w);

/* path as a word of a shell that survives being shown on a terminal: control characters and bytes that are no UTF-8
 * become $'\ooo', which bash, zsh, ksh and busybox read. */
void access_add_word(struct str *s, const char *path);

#endif
