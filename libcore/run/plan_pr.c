/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_pr.h"

#include <linux/capability.h>
#include <unistd.h>

#include "run/helper.h"

/* The first two are for its work, on disks and by multipath; with the others it drops what it does not need. */
#define CAPS (1ULL << CAP_SYS_RAWIO | 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SETPCAP | 1ULL << CAP_SETUID | 1ULL << CAP_SETGID)

bool plan_pr(struct plan *p, const struct plan_options *o, const char *private_dir, struct err *e)
{
    struct plan_helper *h = arena_alloc(p->arena, sizeof *h);
    if (geteuid() != 0)
        return err_set(e, ST_PERM, "<reservations managed='yes'>: only root can start what makes them (try: managed='no' and the "
                       "socket of one that runs)");
    const char *name = conf_text(o->conf, "pr_helper");
    *h = (struct plan_helper){ .log = ROOT_LOG, .systemd = true };
    h->as = (struct guard_helper){ .name = "qemu-pr-helper", .needs = NEED_HELPER | NEED_RESERVATIONS, .unix_sockets = true,
                                   .user = { .change = true, .uid = 0, .gid = 0, .caps = CAPS },
                                   .outside = "what it does to disks no guest may do" };
    h->as.path = *name == '/' ? name : helper_find(p->arena, name, o->caps->bindirs, o->caps->n_bindirs, "qemu-system-common", e);
    if (!h->as.path)
        return err_wrap(e, "<reservations managed='yes'>");
    h->socket = arena_printf(p->arena, "%s/pr-helper0.sock", private_dir);
    list_add(p->arena, &p->helpers, h);
    return true;
}
