/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_sockets.h"

#include <fcntl.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "domain/chardev.h"
#include "domain/graphics.h"
#include "qemu/argv_chardev.h"

const char *plan_socket_path(void *plan, const char *path)
{
    struct plan *p = plan;
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (!slash || slash == path || strlen(path) < sizeof ((struct sockaddr_un *)0)->sun_path)
        return path;
    const char *dir = arena_strndup(p->arena, path, (size_t)(slash - path));
    size_t i = 0;
    while (i < p->dirs.n && strcmp(p->dirs.v[i]->path, dir))
        i++;
    if (i == PLAN_DIRS_MAX)
        return path; /* QEMU says what is wrong with it */
    if (i == p->dirs.n) {
        struct plan_dir *new = arena_alloc(p->arena, sizeof *new);
        *new = (struct plan_dir){ dir, PLAN_DIRS + (int)i };
        list_add(p->arena, &p->dirs, new);
    }
    return arena_printf(p->arena, "/proc/self/fd/%d%s", p->dirs.v[i]->at, slash);
}

bool plan_open_dirs(struct plan *p, struct err *e)
{
    for (size_t i = 0; i < p->dirs.n; i++) {
        const struct plan_dir *d = p->dirs.v[i];
        int fd = open(d->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return err_errno(e, "directory of a socket: %s", d->path);
        if (p->n_fds == sizeof p->fds / sizeof *p->fds) {
            close(fd);
            return err_set(e, ST_FAILED, "too many descriptors for one guest");
        }
        p->fds[p->n_fds++] = (struct child_fd){ fd, d->at };
    }
    return true;
}

static void name_channel(struct arena *a, struct chardev *c, const char *dir)
{
    if (c->host.type != CHARDEV_UNIX || chardev_first(&c->host)->path)
        return;
    if (!c->host.sources.n) {
        struct chardev_source *source = arena_alloc(a, sizeof *source);
        list_add(a, &c->host.sources, source);
    }
    c->host.sources.v[0]->mode = SOCKET_BIND;
    c->host.sources.v[0]->path = argv_channel_path(a, dir, c);
}

void plan_name_sockets(struct plan *p, struct domain *domain, const char *private_dir, const char *channel_dir)
{
    struct devices *d = domain->devices;
    for (size_t i = 0; i < d->channels.n; i++)
        name_channel(p->arena, d->channels.v[i], channel_dir);
    for (size_t i = 0; i < d->graphics.n; i++) {
        struct graphics *gr = d->graphics.v[i];
        struct listen *l = gr->listens.n ? gr->listens.v[0] : NULL;
        if (l && l->type == LISTEN_SOCKET && !l->socket && !gr->socket)
            l->socket = arena_printf(p->arena, "%s/%s.sock", private_dir, graphics_type_names[gr->type]);
    }
}

struct sockets {
    struct plan *p;
    const char *private_dir, *channel_dir;
};

/* A QEMU that is killed leaves what it has bound. What lies in a directory of the guest goes with that. */
static void add_socket(const struct sockets *s, const char *path, const char *why)
{
    if (path && *path == '/' && !str_starts(path, s->private_dir) && !str_starts(path, s->channel_dir))
        journal_add(&s->p->journal, &(struct row){ .kind = "socket", .object = path, .before = "absent",
                                                   .wanted = "present", .why = why });
}

static void add_chardevs(const struct sockets *s, struct chardev *const *v, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        const struct chardev_source *source = chardev_first(&v[i]->host);
        if (v[i]->host.type == CHARDEV_UNIX && source->mode == SOCKET_BIND)
            add_socket(s, source->path, arena_printf(s->p->arena, "%s %zu", what, i));
    }
}

void plan_sockets(struct plan *p, const struct domain *domain, const char *private_dir, const char *channel_dir)
{
    const struct sockets s = { p, private_dir, channel_dir };
    const struct devices *d = domain->devices;
    add_chardevs(&s, d->serials.v, d->serials.n, "serial");
    add_chardevs(&s, d->parallels.v, d->parallels.n, "parallel");
    add_chardevs(&s, d->channels.v, d->channels.n, "channel");
    for (size_t i = 0; i < d->graphics.n; i++) {
        const struct graphics *gr = d->graphics.v[i];
        add_socket(&s, gr->socket, "graphics");
        for (size_t k = 0; k < gr->listens.n; k++)
            if (!streq(gr->listens.v[k]->socket, gr->socket))
                add_socket(&s, gr->listens.v[k]->socket, "graphics");
    }
}
