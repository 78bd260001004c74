/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_TALK_H
#define RUN_TALK_H

#include "run/monitor.h"

/* A conversation with a guest's monitor, or with a bare QMP socket. A guest's monitor is given up between
 * exchanges (talk_pause), so that other commands get their turn; a bare socket stays connected. */
struct talk {
    const struct look *guest; /* NULL: socket */
    const char *socket;
    long long timeout_ms;     /* for each exchange, connecting included */
    size_t n_fds, fds_used;   /* descriptors for the commands getfd and add-fd, in that order */
    const int *fds;
    struct monitor m;
};

/* QEMU's whole answer to a whole command, as qmp_exchange. */
bool talk_exchange(struct talk *t, const json_t *command, json_t **answer, struct err *e);
bool talk_hmp(struct talk *t, const char *line, struct str *out, struct err *e);
void talk_pause(struct talk *t);
void talk_close(struct talk *t);

/* Events as they come: of a guest from its events file, of a bare socket from there, until fn says enough or the guest
 * ends (true), or deadline passes (ST_TIMEOUT). */
bool talk_events(struct talk *t, long long deadline, bool (*fn)(void *arg, const json_t *event), void *arg,
                 struct err *e);

#endif
