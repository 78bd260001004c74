/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HOST_ROOT_H
#define HOST_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct arena;

/* Where things live. A connection URI only chooses directories (vm-state(5)). */
enum root_kind { ROOT_SYSTEM, ROOT_SESSION, ROOT_EMBED };

enum root_dir {
    /* What libvirt knows too; QEMU's user may own some, so nothing found there is believed, except... */
    ROOT_ETC,       /* ...definitions, etc/qemu */
    ROOT_AUTOSTART, /* etc/qemu/autostart */
    ROOT_LIB,       /* lib/qemu: saves, domain-NAME/ */
    ROOT_NVRAM,     /* lib/qemu/nvram */
    ROOT_RUN,       /* run/qemu: libvirt's pid files */
    ROOT_CACHE,     /* cache/qemu */
    ROOT_LOG,       /* log/qemu */
    /* Ours alone, mode 0700. */
    ROOT_STATE,     /* lib/vmutils: a directory per guest */
    ROOT_CLAIMS,    /* run/vmutils/claims */
    ROOT_PROBES,    /* cache/vmutils */
    /* The reference pages' tree of an embed root (elsewhere the same below the dirs of libvirt). */
    ROOT_LOG_SWTPM,
    ROOT_RUN_SWTPM,
    ROOT_LIB_SWTPM,
    ROOT_PKI, /* etc/pki/qemu */
    ROOT_DIRS
};

struct root {
    enum root_kind kind;
    bool privileged;    /* who calls is root: QEMU runs as qemu.conf's user */
    const char *uri;    /* in plain form, as one would give it to -c */
    const char *base;   /* directory of an embed root, else NULL */
    const char *conf;   /* qemu.conf */
    const char *dir[ROOT_DIRS];
};

/* Fills r from uri (NULL or "": $LIBVIRT_DEFAULT_URI, else system for root and session for others) and
 * the environment (HOME and XDG_*, which count only when absolute). Touches no file, save that
 * /run/user/UID is looked at when XDG_RUNTIME_DIR is unset. Texts live in a.
 * Errors: a URI of another form, a relative embed root: ST_USAGE, the message names a form that works. */
bool root_init(struct root *r, struct arena *a, const char *uri, struct err *e);

/* Opens a directory of the root. make: it and its missing parents are made first, in roots of users with mode 0700,
 * else so that QEMU's user can pass (only ours are 0700).
 * ROOT_STATE, ROOT_CLAIMS, ROOT_PROBES, ROOT_ETC, ROOT_AUTOSTART: each component on the way is opened
 * and looked at (fstat on the descriptor): owner root or the caller, not writable by others unless
 * sticky, else ST_PERM with path and reason; ours must also be closed to others. Descriptor, or -1;
 * ST_NOENT means that it is not there (and make was not asked). */
int root_open(const struct root *r, enum root_dir which, bool make, struct err *e);

/* Makes a directory that QEMU's user is to own, unless it is there: then whose it is is the administrator's affair. Only in a
 * root that is root's; in others nothing is done. */
bool root_make_for(const struct root *r, enum root_dir which, uid_t uid, gid_t gid, struct err *e);

/* The same check for any absolute path. mode: it is made so if it is missing, and missing parents with mode
 * parents (mode 0: nothing is made). closed: the last one must also belong to the caller alone (no permission for group and others). */
int dir_open_trusted(const char *path, mode_t mode, mode_t parents, bool closed, struct err *e);

/* A directory that may lie below one of QEMU's user, who could put links there to lead root astray: only links
 * of root and of the caller are followed. mode: for missing ones, which are made (0: none). An O_PATH descriptor, or -1
 * with errno. */
int dir_walk(const char *path, mode_t mode, struct err *e);

/* A "%XX"-decoded copy, NULL if a sequence is broken or stands for NUL. */
char *uri_decode(struct arena *a, const char *text, size_t n);

#endif
