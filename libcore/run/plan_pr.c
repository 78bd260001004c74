/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_pr.h"

#include <unistd.h>

#include "run/helper.h"

bool plan_pr(struct plan *p, const struct plan_options *o, const char *private_dir, struct err *e)
{
    struct plan_helper *h = arena_alloc(p->arena, sizeof *h);
    if (geteuid() != 0)
        return err_set(e, ST_PERM, "<reservations managed='yes'>: only root can start what makes them (try: managed='no' and the "
                       "socket of one that runs)");
    const char *name = conf_text(o->conf, "pr_helper");
    *h = (struct plan_helper){ .name = "qemu-pr-helper", .log = ROOT_LOG, .systemd = true,
                               .user = { .change = true, .uid = 0, .gid = 0, .keep = true } };
    h->path = *name == '/' ? name : helper_find(p->arena, name, o->caps->bindirs, o->caps->n_bindirs, "qemu-system-common", e);
    if (!h->path)
        return err_wrap(e, "<reservations managed='yes'>");
    h->socket = arena_printf(p->arena, "%s/pr-helper0.sock", private_dir);
    list_add(p->arena, &p->helpers, h);
    return true;
}
