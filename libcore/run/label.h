/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_LABEL_H
#define RUN_LABEL_H

#include "base/table.h"
#include "guard/guard.h"
#include "run/plan.h"
#include "store/guest.h"

/* Owners and labels without a start: what seclabel does besides printing the plan. A label layer is one that changes files
 * or names the process: dac, selinux, apparmor. driver: only that one; NULL: all of them. */

/* Whether driver names a label layer. */
bool label_driver(const char *driver);

/* A document whose plan is wanted, and the plan. */
struct label {
    struct arena *arena;
    const struct root *root;
    struct notes *notes;
    bool strict;
    struct caps_env env;   /* which emulators may be asked */
    bool command;          /* the plan is for a command in QEMU's place: with the SELinux level that label_apply or a start gave to the
                              guest's files, or one that is claimed for it */
    /* What comes out. */
    const char *file, *text;
    size_t n;
    const char *uuid; /* that the document has; NULL: the plan made one up */
    struct plan_known known;
    struct conf conf;
    struct plan plan;
};

/* Reads what operand names, a file, - or a guest, and asks the emulator that it seems to want: from then on
 * label_plan() runs no program, and the caller can narrow itself. */
bool label_read(struct label *x, const char *operand, enum guest_by by, struct err *e);

/* Makes the plan that vm-start would make of it (plan_domain, in a dry run). False with e; x->plan.guard has what the layers
 * said until then, NULL: nothing. */
bool label_plan(struct label *x, struct err *e);
void label_release(struct label *x);

/* Layers that there can be rows of: a NULL ends them. */
extern const char *const label_layers[];

/* A row for each process label and each entry, of the layer driver alone (NULL: of all), in the arena of g. */
enum label_rows {
    LABEL_PLANNED,
    LABEL_APPLIED, /* what a start makes is left out */
    LABEL_NOW,     /* nothing is wanted */
};
void label_table(const struct guard *g, const char *driver, enum label_rows which, struct table *t);

/* Does what a start would do to the files that are there, with a journal like its own: who comes after a death takes all back.
 * Done, the journal says so and stays, and counts as a use of each file, for as long as this boot lasts (store/standing.h).
 * What an earlier one did is undone first. x as for label_plan, which it calls. ST_STATE: the guest runs. */
bool label_apply(struct label *x, const char *driver, long long wait_ms, struct err *e);

/* Takes it back. Nothing to take back is success. */
bool label_restore(const struct root *r, const char *name, long long wait_ms, struct notes *notes, struct err *e);

/* A running guest as it is: objects and entries of what it was started with, processes from /proc. g: arena, root, conf, notes,
 * journal and name are set. */
bool label_show(struct guard *g, struct err *e);

/* After label_plan: the calling process takes on what a start would let QEMU take on, of labels alone: user, groups and
 * capabilities, SELinux context, AppArmor profile; or what driver names, which may be "landlock": then the rules of the guest
 * bind it, with command (searched in $PATH) as the one program that it may execute. False: it is fit for nothing but to exit. */
bool label_become(struct label *x, const char *driver, const char *command, struct err *e);

#endif
