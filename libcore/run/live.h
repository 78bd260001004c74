/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_LIVE_H
#define RUN_LIVE_H

#include "run/life.h"

/* live.xml: <domstatus state='…' reason='…' start='…' pid='…' …>, the domain as it runs, </domstatus>. */

/* Replaces it: the domain, between what l knows of the start and l->confined. */
bool live_write(struct life *l, const char *domain, const char *state, const char *reason, struct err *e);

/* The domain inside: a copy without <domstatus>, NULL if there is none. */
const char *live_domain(const struct life *l);

#endif
