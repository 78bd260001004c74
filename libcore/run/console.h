/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_CONSOLE_H
#define RUN_CONSOLE_H

#include "run/look.h"

enum { CONSOLE_ESCAPE = 0x1d }; /* ^] */

struct console {
    const struct look *guest;
    int lock, fd; /* console.lock; the device */
};

/* Opens a console of a running guest: the device with that alias ("serial0", "console1"), or with NULL the first
 * console or serial port, where live.xml says it is: a pty, which must be a character device on devpts that belongs to QEMU's
 * user, or a socket. One user at a time: ST_BUSY names who has it, unless force, which ends that program.
 * ST_NOENT: there is no such device; ST_STATE: not running. */
bool console_open(struct console *c, const struct look *guest, const char *alias, bool force, struct err *e);
void console_close(struct console *c);

enum console_end {
    CONSOLE_LEFT,    /* the escape character was read */
    CONSOLE_OVER,    /* the guest or its device has ended, or nobody reads out any more */
    CONSOLE_SIGNAL,  /* *stop was set */
    CONSOLE_FAILED,
};
/* Copies in to the console and the console to out. The end of in ends only that direction. wake: a descriptor
 * that becomes readable when the caller wants this to end (a signalfd), or -1. tty: what is typed is never left waiting for
 * a guest that does not read, so that the escape character works. */
enum console_end console_run(struct console *c, int in, int out, int wake, bool tty, struct err *e);

#endif
