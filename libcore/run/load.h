/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_LOAD_H
#define RUN_LOAD_H

#include "base/err.h"
#include "domain/domain.h"
#include "host/root.h"
#include "store/guest.h"

/* Reads a document whole: "-" is standard input, anything else a path. ST_NOENT and the like name it. */
bool load_text(const char *operand, struct str *text, struct err *e);

/* The DOMAIN operand of programs that take a file or a guest: "-", a path (it has a '/' or ends in .xml), else the name,
 * UUID or id of a guest of the root; with any other by than GUEST_BY_ANY it is a guest, however it looks. */
bool load_is_file(const char *operand, enum guest_by by);

/* Reads it: the file, or the guest's definition, or if it runs without one the domain as it runs. *file: what messages
 * call it, from a. ST_NOENT. */
bool load_operand(const char *operand, enum guest_by by, const struct root *r, struct arena *a, const char **file, struct str *text, struct err *e);

/* The same, parsed. p: arena, notes, strict and err set. */
struct domain *load_domain(const char *operand, enum guest_by by, const struct root *r, struct parse *p);

#endif
