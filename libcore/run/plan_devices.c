/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/plan_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "domain/chardev.h"
#include "domain/interface.h"

/* A major number that the kernel keeps for devpts. */
enum { PTS_MAJOR = 136, PTS_MAJOR_LAST = 143 };
enum { NETWORK_MAX = 1 << 20 };

struct opener {
    const struct root *root;
    struct arena *arena;
    char tap[IFNAMSIZ]; /* the device whose queues are being opened */
};

const char *plan_network_bridge(const struct root *r, struct arena *a, const char *network, struct err *e)
{
    autostr struct str text = STR_INIT;
    char file[300];
    autoclose int etc = root_open(r, ROOT_ETC, false, e);
    if (etc < 0)
        return NULL;
    if (!network || strchr(network, '/') || (size_t)snprintf(file, sizeof file, "networks/%s.xml", network) >= sizeof file ||
        file_read_at(etc, file, NETWORK_MAX, true, &text) < 0) {
        err_set(e, ST_NOENT, "<interface type='network'>: there is no network '%s' in %s (try: type='bridge' or 'user')",
                network ? network : "", r->uri);
        return NULL;
    }
    xmlDoc *doc = xmlReadMemory(text.p, (int)text.len, file, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    char *bridge = NULL;
    for (xmlNode *n = doc ? xmlDocGetRootElement(doc)->children : NULL; n && !bridge; n = n->next)
        if (n->type == XML_ELEMENT_NODE && streq((const char *)n->name, "bridge"))
            bridge = (char *)xmlGetProp(n, (const xmlChar *)"name");
    const char *found = arena_strdup(a, bridge);
    xmlFree(bridge);
    xmlFreeDoc(doc);
    if (!found)
        err_set(e, ST_NOENT, "<interface type='network'>: network '%s' has no bridge (try: type='bridge' or 'user')", network);
    return found;
}

static bool join_bridge(int sock, const char *bridge, struct ifreq *r, struct err *e)
{
    struct ifreq br = { 0 };
    snprintf(br.ifr_name, sizeof br.ifr_name, "%s", bridge);
    if (ioctl(sock, SIOCGIFINDEX, r) < 0)
        return err_errno(e, "interface %s", r->ifr_name);
    br.ifr_ifindex = r->ifr_ifindex;
    return ioctl(sock, SIOCBRADDIF, &br) == 0 || err_errno(e, "interface %s: bridge %s", r->ifr_name, bridge);
}

/* bridge: NULL for none. */
static bool bring_up(const struct interface *i, const char *bridge, const char *name, struct err *e)
{
    struct ifreq r = { 0 };
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    autoclose int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return err_errno(e, "interface %s", name);
    r.ifr_mtu = (int)i->mtu.v;
    if (i->mtu.set && ioctl(sock, SIOCSIFMTU, &r) < 0)
        return err_errno(e, "interface %s: cannot set its MTU", name);
    if (bridge && !join_bridge(sock, bridge, &r, e))
        return false;
    if (ioctl(sock, SIOCGIFFLAGS, &r) < 0)
        return err_errno(e, "interface %s", name);
    r.ifr_flags |= IFF_UP;
    return ioctl(sock, SIOCSIFFLAGS, &r) == 0 || err_errno(e, "interface %s: cannot bring it up", name);
}

static int open_tap(struct opener *o, const struct interface *i, bool first, struct err *e)
{
    char *name = o->tap;
    const char *bridge = i->type == INTERFACE_BRIDGE ? i->bridge : NULL;
    struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (i->queues.v > 1 ? IFF_MULTI_QUEUE : 0) };
    if (i->type == INTERFACE_NETWORK && !(bridge = plan_network_bridge(o->root, o->arena, i->network, e)))
        return -1;
    if (!bridge && i->type != INTERFACE_ETHERNET) {
        err_set(e, ST_FAILED, "<interface type='%s'>: its host end cannot be made yet (try: type='bridge' or 'user')",
                interface_type_names[i->type]);
        return -1;
    }
    autoclose int fd = open(i->backend_tap ? i->backend_tap : "/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        err_errno(e, "<interface type='%s'>: /dev/net/tun", interface_type_names[i->type]);
        err_add(e, " (try: type='user')");
        return -1;
    }
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", *name ? name : i->target ? i->target : "vnet%d");
    if (ioctl(fd, TUNSETIFF, &r) < 0) {
        err_errno(e, "<interface type='%s'>: cannot make a tap", interface_type_names[i->type]);
        return -1;
    }
    memcpy(name, r.ifr_name, IFNAMSIZ);
    if (first && i->target_managed != TRI_NO && !bring_up(i, bridge, name, e))
        return -1;
    return steal_fd(&fd);
}

static int open_passed(struct opener *o, const struct passed *w, const struct passed *before, struct err *e)
{
    static const char *const paths[] = { [PASSED_VHOST_NET] = "/dev/vhost-net", [PASSED_VHOST_VSOCK] = "/dev/vhost-vsock" };
    if (w->kind == PASSED_TAP) {
        bool first = !before || before->kind != PASSED_TAP || before->object != w->object;
        if (first)
            *o->tap = '\0';
        int fd = open_tap(o, w->object, first, e);
        struct interface *i = (struct interface *)w->object;
        if (fd >= 0 && !i->target)
            i->target = arena_strdup(o->arena, o->tap); /* live.xml tells which it is */
        return fd;
    }
    const char *path = w->kind == PASSED_VHOST_NET || w->kind == PASSED_VHOST_VSOCK ? paths[w->kind] : w->path;
    int fd = path ? open(path, O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
    if (fd < 0)
        err_errno(e, "%s: %s", w->alias ? w->alias : "device", path ? path : "no path");
    return fd;
}

bool plan_devices(struct plan *p, const struct root *r, const struct command *c, bool dry_run, struct err *e)
{
    struct opener o = { .root = r, .arena = p->arena };
    for (size_t i = 0; i < c->passed.n && !dry_run; i++) {
        const struct passed *w = c->passed.v[i];
        if (w->kind == PASSED_MONITOR)
            continue;
        if (p->n_fds == sizeof p->fds / sizeof *p->fds)
            return err_set(e, ST_FAILED, "too many descriptors for one guest");
        int fd = open_passed(&o, w, i ? c->passed.v[i - 1] : NULL, e);
        if (fd < 0)
            return false;
        p->fds[p->n_fds++] = (struct child_fd){ fd, w->number };
    }
    return true;
}

static const char *believed_pty(const char *filename, uid_t owner)
{
    const char *path = filename && str_starts(filename, "pty:") ? filename + 4 : NULL;
    if (!path || !str_starts(path, "/dev/pts/"))
        return NULL;
    autoclose int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_uid != owner)
        return NULL;
    unsigned major = (unsigned)(st.st_rdev >> 8) & 0xfff;
    return major >= PTS_MAJOR && major <= PTS_MAJOR_LAST ? path : NULL;
}

static const char *pty_of(const json_t *chardevs, const char *alias, uid_t owner)
{
    char label[80];
    size_t i;
    json_t *one;
    snprintf(label, sizeof label, "char%s", alias ? alias : "");
    json_array_foreach(chardevs, i, one)
        if (streq(json_string_value(json_object_get(one, "label")), label))
            return believed_pty(json_string_value(json_object_get(one, "filename")), owner);
    return NULL;
}

static void fill_ptys(struct chardev *const *v, size_t n, const json_t *chardevs, struct arena *a, uid_t owner)
{
    for (size_t i = 0; i < n; i++) {
        const char *path = v[i]->host.type == CHARDEV_PTY ? pty_of(chardevs, v[i]->info.alias, owner) : NULL;
        if (!path)
            continue;
        if (!v[i]->host.sources.n) {
            struct chardev_source *source = arena_alloc(a, sizeof *source);
            list_add(a, &v[i]->host.sources, source);
        }
        v[i]->host.sources.v[0]->path = arena_strdup(a, path);
        v[i]->tty = v[i]->host.sources.v[0]->path;
    }
}

/* The first console is the first serial under another name. */
static void copy_console(struct devices *d)
{
    struct chardev *c = d->consoles.n ? d->consoles.v[0] : NULL, *s = d->serials.n ? d->serials.v[0] : NULL;
    if (c && s && (c->target == TARGET_SERIAL || c->target == TARGET_UNSET) && s->host.type == CHARDEV_PTY &&
        c->host.type == CHARDEV_PTY) {
        c->host.sources.n = s->host.sources.n;
        c->host.sources.v = s->host.sources.v;
        c->tty = s->tty;
    }
}

void plan_ptys(struct domain *d, const json_t *chardevs, struct arena *a, uid_t owner)
{
    struct devices *dev = d->devices;
    fill_ptys(dev->serials.v, dev->serials.n, chardevs, a, owner);
    fill_ptys(dev->parallels.v, dev->parallels.n, chardevs, a, owner);
    fill_ptys(dev->consoles.v, dev->consoles.n, chardevs, a, owner);
    fill_ptys(dev->channels.v, dev->channels.n, chardevs, a, owner);
    copy_console(dev);
}
