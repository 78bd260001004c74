/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_EDITOR_H
#define RUN_EDITOR_H

#include "base/err.h"

/* The user's editor may do whatever he may, so that a process that is not narrowed runs it: on files of the directory for
 * temporary files, and nothing else. */
struct editor {
    int fd;
};

/* Before the program is narrowed. */
bool editor_open(struct editor *d, struct err *e);
void editor_close(struct editor *d);

/* $TMPDIR, if it is absolute, or /tmp. */
const char *editor_dir(void);

/* Runs $VISUAL, $EDITOR or vi on a file of the caller's in editor_dir(), base being what it is called there, and waits. */
bool editor_run(const struct editor *d, const char *base, struct err *e);

#endif
