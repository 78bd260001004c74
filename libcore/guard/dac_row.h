/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_DAC_ROW_H
#define GUARD_DAC_ROW_H

#include <stdbool.h>

/* What planning and undoing of owners share. */

/* The owner of the object behind fd, as "UID:GID". false with errno. */
bool dac_owner(int fd, char owner[32]);

/* Why root may change no owner on an NFS server that takes it for nobody. */
#define DAC_SQUASHED "root is nobody on its server (root_squash)"

/* "UID:GID" of what a file remembers ("+UID:+GID"); false if it is of no such form. */
bool dac_from_memory(const char *first, char owner[32]);

#endif
