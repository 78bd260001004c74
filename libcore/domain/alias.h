/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_ALIAS_H
#define DOMAIN_ALIAS_H

#include "domain/domain.h"

/* Names every device as libvirt does (virtio-disk0, ide0-0-0, pci.1, net0 …): QEMU's ids are made of these,
 * and live documents show them. Names that the user gave ("ua-…") stay; all others are made anew. Texts
 * live in a. Call after domain_expand: disks and controllers are named by their addresses. */
void domain_assign_aliases(struct domain *d, struct arena *a);

/* Index of a disk from its target: vda 0, sdb 1, hdc 2, sdaa 26; -1 for names of another form. */
int disk_target_index(const char *target);

#endif
