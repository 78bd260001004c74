/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_GUEST_H
#define STORE_GUEST_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/name.h"
#include "host/root.h"

/* A guest's place in the store: its name, its directory lib/vmutils/NAME, its lock. */

enum { GUEST_NAME_MAX = NAME_LENGTH_MAX };

/* 1 to 240 bytes, no '/', no control characters, no leading '.'. ST_FAILED with the rule that is broken. */
bool guest_name_ok(const char *name, struct err *e);

/* Opens lib/vmutils/NAME below the open ROOT_STATE directory; make: it is made (0700) where it is missing.
 * It must belong to the caller and be closed to others, else ST_PERM. -1 with ST_NOENT: there is none. */
int guest_dir(int state, const char *name, bool make, struct err *e);

/* The guest's directory and, in it, its lock "lock", made as needed and waited for until deadline (now_ms()
 * clock). The directory may be removed and made again by others at any moment while nobody holds the lock; what is
 * returned are the ones that the path means. what is who asks ("vm-start web"). ST_BUSY names the holder.
 * *dir and the result are to be closed; -1 on failure. */
int guest_lock(int state, const char *name, long long deadline, const char *what, int *dir, struct err *e);

/* Removes the directory if there is nothing in it but locks that nobody needs. The caller holds the
 * lock of it, and closes it next. */
void guest_dir_tidy(int state, const char *name, int dir);

/* What can be told of a guest without its lock and without reading its definition. */
enum guest_state {
    GUEST_OFF,
    GUEST_RUNNING,
    GUEST_PAUSED,
    GUEST_STARTING,
    GUEST_OTHER,   /* another state of live.xml ("in shutdown", "crashed"…): see text */
    GUEST_CLEANUP, /* ended, or never fully started, and what its start changed is not undone yet */
};

struct guest_status {
    enum guest_state state;
    bool active;      /* a process runs it */
    bool libvirt;     /* ...under libvirt, not us */
    char text[24];    /* the state's name, one of guest_state_names */
    char reason[64];  /* "booted"; empty: not known */
    char start[40];   /* start-id, empty if there is none */
    char uuid[37];    /* of the domain as it runs */
    pid_t pid;        /* of QEMU, 0 if not known */
    unsigned id;      /* 0: none */
    unsigned landlock; /* version of Landlock that confines QEMU; 0: none */
    char sockets[12];  /* those of its user's other programs: "denied", "hidden", "open"; empty: not known */
    char taint[24];    /* "high-privileges"; empty: none */
};

/* How states are called. A user may write them otherwise: "shutoff", "shut-off", "Shut off". */
enum { GUEST_STATE_NAMES = 8 };
extern const char *const guest_state_names[GUEST_STATE_NAMES];
bool guest_state_is(const char *word, const char *state);
bool guest_state_known(const char *word); /* whether it is one of them */

/* state: the open ROOT_STATE directory (< 0: there is none); run: ROOT_RUN (< 0: none). */
void guest_status(int state, int run, const char *name, struct guest_status *s);
/* Why an inactive guest ended last, from its events ("shutdown", "destroyed"…), into s->reason. */
void guest_last_reason(int state, const char *name, struct guest_status *s);

/* The next id: a counter per root and boot, beginning with 1. */
bool guest_new_id(int state, unsigned *id, struct err *e);

/* How a guest is named: exact name, then UUID, then id; or just one of these. */
enum guest_by { GUEST_BY_ANY, GUEST_BY_NAME, GUEST_BY_UUID, GUEST_BY_ID };

/* As --name, --uuid or --id (cli.h) say. */
static inline enum guest_by guest_by(bool name, bool uuid, bool id)
{
    return name ? GUEST_BY_NAME : uuid ? GUEST_BY_UUID : id ? GUEST_BY_ID : GUEST_BY_ANY;
}

/* The name of the guest that word means, in a. NULL: ST_NOENT (no such guest), or what went wrong.
 * It exists if it is defined, or has a directory with a journal or a live.xml. */
const char *guest_find(const struct root *r, struct arena *a, const char *word, enum guest_by by, struct err *e);

#endif
