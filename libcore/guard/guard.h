/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_GUARD_H
#define GUARD_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "domain/domain.h"
#include "domain/objects.h"
#include "guard/cgroup_tune.h"
#include "guard/enter.h"
#include "guard/helpers.h"
#include "host/conf.h"
#include "host/root.h"
#include "store/journal.h"

/* The confinement of one guest, all layers: what is done to objects of the host, as rows of the journal, and what its
 * process takes on before it becomes QEMU. vm-start carries it out, seclabel prints it; neither knows a layer. */

/* What one layer has to say of one object. */
struct guard_entry {
    const char *layer;
    const char *path, *why; /* "disk vda" */
    const char *use;        /* object_use_names */
    const char *mode;       /* "0600"; NULL where the layer has none */
    const char *now;        /* owner or label as it is; NULL: the object is not there */
    const char *wanted;     /* as it is to be while the guest runs */
    bool change;            /* wanted is brought about before QEMU starts, and now after it */
    bool made;              /* a start makes it: it is nothing that could be given to the guest before */
    const char *note;       /* why it is left as it is */
    struct identity id;     /* of what is behind the path now, where root starts the guest and the layer has looked */
};

/* What one layer makes of the guest's process. */
struct guard_process {
    const char *layer;
    const char *who;   /* name of a helper; NULL: QEMU itself */
    const char *label; /* "64055:64055", "system_u:system_r:svirt_t:s0:c1,c2" */
    const char *note;
    const char *image; /* the label that its own images get; NULL: the layer has none */
    const char *live;  /* label as libvirt shows it of a running guest; NULL: just so */
};

enum { GUARD_HELD = 16 };

struct guard {
    /* What is asked. Texts and lists below live in the arena. */
    struct arena *arena;
    const char *name;
    const struct domain *domain;           /* as it is to run: expanded, firmware chosen */
    const struct conf *conf;
    const struct root *root;
    const char *cgroup_root;               /* the one control group hierarchy that counts; NULL: all that are mounted */
    bool no_scope;                         /* groups are directories even where systemd runs the host */
    const char *emulator;                  /* NULL: not known yet */
    const char *private_dir, *channel_dir; /* below lib/qemu; NULL: the guest needs none */
    int claims;                            /* directory of claims; -1 in a dry run, where a level is to be drawn all the same: not */
    const char *level;                     /* in a dry run: the SELinux level that the guest has already; NULL: none */
    bool dry_run;                          /* look, but take no claims (but for that) and make nothing */
    uid_t uid;                             /* QEMU's, by dac_process() */
    gid_t gid;
    struct notes *notes;
    LIST(struct guard_helper) helpers;     /* begun with the guest */
    const int *inherited;                  /* descriptors made so far that QEMU will have: profiles must let them through */
    size_t n_inherited;

    /* What comes out. */
    struct objects objects;
    struct objects sysfs; /* files of PCI devices below /sys: their owner changes, and no other layer lets QEMU write them */
    LIST(struct guard_entry) entries;
    LIST(struct guard_process) processes;
    struct journal *journal; /* rows are added */
    struct enter enter;
    struct cgroup_threads threads; /* to be placed once QEMU has them */
    size_t n_held;
    int held[GUARD_HELD];    /* claims, which QEMU is to inherit; the caller closes them */
    size_t users;            /* held[users - 1] counts this guest among the users of objects; 0: none is used */
};

/* Asks every layer. False with e: nothing was changed, held[] has what was claimed until then. */
bool guard_plan(struct guard *g, struct err *e);

/* The first step of that: fills objects, with the chains of images followed. For who asks one layer. */
bool guard_objects(struct guard *g, struct err *e);

/* For layers: another claim to hold (fd is closed on failure), another entry, another process. */
bool guard_hold(struct guard *g, int fd, struct err *e);
/* The guest becomes a user of the object, from now until its end (a dry run takes nothing). *others: someone else uses it. */
bool guard_use(struct guard *g, const struct identity *id, bool *others, struct err *e);
/* Whether anyone uses it now; in a dry run that cannot be told. */
bool guard_used(struct guard *g, const struct identity *id);
/* It has no need of it after all. */
void guard_use_not(struct guard *g, const struct identity *id);
void guard_add(struct guard *g, const struct guard_entry *entry);
void guard_add_process(struct guard *g, const char *layer, const char *label, const char *note);
void guard_add_helper_process(struct guard *g, const struct guard_helper *h, const char *layer, const char *label, const char *note);

#endif
