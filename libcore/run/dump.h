/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_DUMP_H
#define RUN_DUMP_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "host/root.h"

struct domain;
struct parse;

struct dump_options {
    bool inactive; /* the definition, even of a guest that runs */
    bool secrets;  /* passwords too */
};

/* Appends the domain XML of a guest: as it runs, else as it is defined. ST_NOENT: neither. */
bool dump_domain(const struct root *r, const char *name, const struct dump_options *o, struct str *out, struct err *e);

/* The domain within live.xml of a guest that runs, as text in place of what is in text; ST_NOENT. */
bool load_live_text(const struct root *r, const char *name, struct str *text, struct err *e);

/* The same, read with p; NULL with p->err (ST_STATE: it does not run). */
struct domain *load_live(const struct root *r, const char *name, struct parse *p);

#endif
