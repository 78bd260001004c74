/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "domain/chardev.h"
#include "domain/domain.h"
#include "domain/features.h"
#include "domain/os_family.h"
#include "run/live.h"
#include "run/stop.h"

static const struct domain *parse_live(const struct life *l)
{
    struct err e;
    const char *live = live_domain(l);
    struct parse p = { .arena = l->arena, .file = "live.xml", .err = &e };
    return live ? domain_parse(live, strlen(live), &p) : NULL;
}

/* The channel that the guest's agent listens on has a name by which everyone knows it. */
const char *stop_agent_socket(struct life *l)
{
    const struct domain *d = parse_live(l);
    for (size_t i = 0; d && i < d->devices->channels.n; i++) {
        const struct chardev *c = d->devices->channels.v[i];
        if (streq(c->target_name, "org.qemu.guest_agent.0") && c->host.type == CHARDEV_UNIX)
            return chardev_first(&c->host)->path;
    }
    return NULL;
}

void stop_foresee(const struct root *r, const char *name, const struct stop_options *o, struct notes *notes)
{
    struct err e;
    struct life l;
    if (o->mode != STOP_ACPI || o->timeout_ms == 0 || !life_open(&l, r, notes->arena, name, false, &e))
        return;
    const struct domain *d = parse_live(&l);
    /* Other architectures have power buttons of their own. */
    if (d && os_is_x86(d->os) && !d->features->acpi)
        note_add(notes, "%s: has no <acpi/>: there is no power button that it could hear (try: --mode agent, or --force)", name);
    life_close(&l);
}
