/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_QMP_WORDS_H
#define QEMU_QMP_WORDS_H

#include <jansson.h>

#include "base/err.h"

/* Makes a command object of the words of a command line: COMMAND [key=value…], COMMAND {json}, or {json} alone,
 * which is the whole command. A value is true, false, null, a number as JSON writes it, else text; key.sub=value
 * nests; key:=json takes the value as JSON, so that key:='"5"' is text. n >= 1.
 * A new reference; NULL with ST_USAGE. */
json_t *qmp_words(char *const *words, int n, struct err *e);

/* One line of input, which must be a command object. NULL with ST_USAGE. */
json_t *qmp_line_command(const char *line, size_t n, struct err *e);

#endif
