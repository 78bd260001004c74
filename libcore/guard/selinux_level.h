/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_SELINUX_LEVEL_H
#define GUARD_SELINUX_LEVEL_H

#include "guard/guard.h"

/* How a level ends that a dry run has not drawn: it stands for any. */
#define SELINUX_NOT_DRAWN ":cX,cY"

/* Draws a level for one run of a guest: that of base with two categories of range (the caller's: "s0-s0:c0.c1023") which no
 * other guest of this host has. The pair is claimed, and the claim held by g; besides, levels of whoever runs in this root without such a
 * claim (libvirt's guests, static labels) are left alone. A dry run claims nothing and gets one of SELINUX_NOT_DRAWN.
 * *level NULL: the range has no two categories to draw from. False with e, ST_BUSY: every pair is taken. */
bool selinux_draw_level(struct guard *g, const char *base, const char *range, const char **level, struct err *e);

#endif
