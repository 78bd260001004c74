/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_CONVERTER_H
#define RUN_CONVERTER_H

#include "base/err.h"
#include "domain/domain.h"
#include "qemu/caps_get.h"

/* What programs that only convert documents do before they look at one: read them all, fork, and confine the
 * child (guard/compute_only.h). The child parses and prints; it can open and run nothing. What it needs to
 * know of this host it asks its parent, which answers a few kinds of question and no others: the facts of
 * an emulator, which emulator an architecture has, the host's firmware descriptors. Where all that will be
 * asked is plain beforehand (run/foresee.h), there is no parent: the process itself is confined.
 *
 *     struct converter c = { .arena = a, .env = { … } };
 *     if (!converter_enter(&c, argv + first, argc - first, &status, &e))
 *         return status;                      // the parent: the child is done
 *     for (size_t i = 0; i < c.inputs.n; i++) // the child
 *         …
 *     return cli_done(worst);
 */
struct input {
    const char *name; /* as given; "-" for standard input */
    const char *text; /* NULL: could not be read, see err */
    size_t n;
    struct err err;
};

struct known_caps {
    const char *emulator;
    bool kvm;         /* what was asked for */
    bool without_kvm; /* what was had instead */
    struct caps *caps; /* NULL: it cannot be used, err says why */
    struct err err;
};

/* Which emulator an architecture has on this host. */
struct known_arch {
    const char *arch;
    const char *emulator; /* NULL: none, err says so */
    struct err err;
};

struct firmwares;

struct converter {
    struct arena *arena;
    const char *program;
    const struct root *root;
    struct caps_env env;        /* which emulators the parent may ask */
    LIST(struct known_caps) known; /* facts by emulator; filled from --caps by converter_caps_file */
    LIST(struct known_arch) archs;
    bool closed;                /* only what is known counts: no emulator is run */
    LIST(struct input) inputs;
    struct firmwares *firmwares; /* known beforehand, NULL */
    int link;                   /* the child's end; -1: nobody can be asked */
};

/* Gives back the facts that were got; what lives in the arena stays. autoconverter does it at the end of a scope. */
void converter_release(struct converter *c);
#define autoconverter __attribute__((cleanup(converter_release)))

/* Takes the facts in that file as those of their emulator and accelerator, and of any other emulator for the
 * same architecture; from then on no emulator is run. */
bool converter_caps_file(struct converter *c, const char *path, struct err *e);

/* No operands: standard input. True in the confined process. False in the parent, once the child has ended, with its exit
 * status in *status; if it was killed or could not be made, *status is ST_FAILED and e says why. */
bool converter_enter(struct converter *c, char **operands, int n, int *status, struct err *e);

/* In the child. emulator NULL: that of the architecture. Facts that were asked for with KVM where it cannot
 * be used are those without, with a note. NULL with err. */
struct caps *converter_caps(struct converter *c, const char *emulator, const char *arch, bool kvm, struct notes *notes,
                            struct err *e);

/* In the child: chooses the firmware that <os firmware=> asks for and says where its variables are
 * (run/firmware.h), as a start does. */
bool converter_firmware(struct converter *c, struct domain *d, const char *nvram_dir, struct arena *a, struct err *e);

/* In the child: parses one input and completes it (domain_expand, domain_assign_aliases) with what its
 * emulator can do. emulator: in place of the document's, or NULL. NULL with p->err; *caps is the converter's. */
struct domain *converter_domain(struct converter *c, const struct input *in, const char *emulator, struct parse *p,
                                struct caps **caps);

#endif
