/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_METADATA_H
#define DOMAIN_METADATA_H

#include "domain/domain.h"

/* What vmutils itself finds in <metadata>, where libvirt keeps what it does not know: directories for a guest's later use
 * (vm-confinement(7)).
 *     <confinement xmlns='urn:vmutils:confinement'><directory path='/srv/snapshots' readonly='no'/></confinement> */
struct named_directory {
    const char *path; /* absolute */
    bool readonly;
};
struct named_directories {
    LIST(struct named_directory) dirs;
};

/* Adds those of d to *out. Texts live in a. A path that is not absolute is none. */
void metadata_directories(const struct domain *d, struct arena *a, struct named_directories *out);

#endif
