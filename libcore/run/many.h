/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_MANY_H
#define RUN_MANY_H

#include <stddef.h>

#include "base/err.h"

/* Runs "PROGRAM OPTION… -- NAME" from bindir once for each name, at most parallel of them at a time; what they print is
 * theirs. An exit status of ignore counts as success. The first other status, in order of ending, in *status.
 * False: a program could not be run. options ends with NULL. */
bool run_many(const char *bindir, const char *program, const char *const *options, const char *const *names, size_t n,
              unsigned parallel, int ignore, int *status, struct err *e);

#endif
