/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/argv_chardev.h"

#include <string.h>

#include "base/cleanup.h"

static const struct chardev_source *source_of(const struct chardev_host *h, enum socket_mode mode)
{
    static const struct chardev_source none;
    for (size_t i = 0; i < h->sources.n; i++)
        if (h->sources.v[i]->mode == mode)
            return h->sources.v[i];
    return &none;
}

static bool listens(const struct chardev_source *s, bool unix_default)
{
    return s->mode == SOCKET_BIND || s->mode == SOCKET_SERVER || (!s->mode && unix_default);
}

static void reconnect(struct props *p, const struct chardev_source *s)
{
    if (s->reconnect == TRI_YES)
        props_num(p, "reconnect", s->reconnect_timeout);
    else if (s->reconnect == TRI_NO)
        props_uint(p, "reconnect", 0);
}

static void server(struct props *p)
{
    props_bool(p, "server", true);
    /* Without this QEMU does not start before somebody has connected. */
    props_bool(p, "wait", false);
}

static bool tls_credentials(struct argv *a, struct props *p, const struct chardev_source *s, const char *alias)
{
    if (s->tls != TRI_YES)
        return true;
    const char *id = arena_printf(a->arena, "objchar%s_tls0", alias);
    struct props *o = props_new(a->arena);
    props_str(o, "qom-type", "tls-creds-x509");
    props_str(o, "id", id);
    props_str(o, "dir", a->options->tls_dir_chardev ? a->options->tls_dir_chardev : "/etc/pki/qemu");
    props_str(o, "endpoint", listens(s, false) ? "server" : "client");
    props_bool(o, "verify-peer", true);
    argv_object(a, o);
    props_str(p, "tls-creds", id);
    return true;
}

static bool udp(struct argv *a, const struct meta *at, const struct chardev_host *h, struct props *p)
{
    const struct chardev_source *to = source_of(h, SOCKET_CONNECT), *from = source_of(h, SOCKET_BIND);
    if (!to->service)
        return argv_fail(a, at, "<source mode='connect'> of type udp needs service (a port)");
    props_str(p, "backend", "udp");
    props_str(p, "host", to->host ? to->host : "");
    props_str(p, "port", to->service);
    props_str(p, "localaddr", from->host ? from->host : "");
    props_str(p, "localport", from->service ? from->service : "0");
    return true;
}

static bool tcp(struct argv *a, const struct meta *at, const struct chardev_host *h, struct props *p, const char *alias)
{
    const struct chardev_source *s = chardev_first(h);
    if (!s->host || !s->service)
        return argv_fail(a, at, "<source> of type tcp needs host and service");
    props_str(p, "backend", "socket");
    props_str(p, "host", s->host);
    props_str(p, "port", s->service);
    if (h->protocol == TCP_TELNET)
        props_bool(p, "telnet", true);
    if (listens(s, false))
        server(p);
    else
        reconnect(p, s);
    return tls_credentials(a, p, s, alias);
}

static bool unix_socket(struct argv *a, const struct meta *at, const struct chardev_host *h, struct props *p,
                        const char *path)
{
    const struct chardev_source *s = chardev_first(h);
    if (!s->path && !path)
        return argv_fail(a, at, "<source> of type unix needs a path");
    props_str(p, "backend", "socket");
    props_str(p, "path", argv_socket(a, s->path ? s->path : path));
    if (listens(s, !s->path))
        server(p);
    else
        reconnect(p, s);
    return true;
}

static bool with_path(struct argv *a, const struct meta *at, const struct chardev_host *h, struct props *p,
                      const char *backend)
{
    const struct chardev_source *s = chardev_first(h);
    if (!s->path)
        return argv_fail(a, at, "<source> of type %s needs a path", enum_name(chardev_type_names, h->type));
    props_str(p, "backend", backend);
    props_str(p, "path", s->path);
    if (h->type == CHARDEV_FILE)
        props_tri(p, "append", s->append);
    return true;
}

static bool spiceport(struct argv *a, const struct meta *at, const struct chardev_host *h, struct props *p)
{
    const struct chardev_source *s = chardev_first(h);
    if (!s->channel)
        return argv_fail(a, at, "<source> of type %s needs a channel", enum_name(chardev_type_names, h->type));
    props_str(p, "backend", h->type == CHARDEV_DBUS ? "dbus" : "spiceport");
    props_str(p, "name", s->channel);
    return true;
}

static void vdagent(const struct chardev_host *h, struct props *p)
{
    props_str(p, "backend", "qemu-vdagent");
    props_str(p, "name", "vdagent");
    props_bool(p, "clipboard", h->clipboard_copypaste == TRI_YES);
    props_bool(p, "mouse", streq(h->mouse_mode, "client"));
}

static bool backend(struct argv *a, const struct meta *at, const struct chardev_host *h, struct props *p,
                    const char *alias, const char *what, const char *path)
{
    switch (h->type) {
    case CHARDEV_NULL:
    case CHARDEV_VC:
    case CHARDEV_PTY:
    case CHARDEV_STDIO:
        props_str(p, "backend", chardev_type_names[h->type]);
        return true;
    case CHARDEV_DEV:
        return with_path(a, at, h, p, strncmp(alias, "parallel", 8) == 0 ? "parallel" : "serial");
    case CHARDEV_FILE:
    case CHARDEV_PIPE:
        return with_path(a, at, h, p, chardev_type_names[h->type]);
    case CHARDEV_UDP:
        return udp(a, at, h, p);
    case CHARDEV_TCP:
        return tcp(a, at, h, p, alias);
    case CHARDEV_UNIX:
        return unix_socket(a, at, h, p, path);
    case CHARDEV_SPICEVMC:
        props_str(p, "backend", "spicevmc");
        props_str(p, "name", what);
        return true;
    case CHARDEV_SPICEPORT:
    case CHARDEV_DBUS:
        return spiceport(a, at, h, p);
    case CHARDEV_QEMU_VDAGENT:
        vdagent(h, p);
        return true;
    default:
        return argv_fail(a, at, "character device type '%s' is not supported by QEMU",
                         enum_name(chardev_type_names, h->type));
    }
}

const char *argv_chardev(struct argv *a, const struct meta *at, const struct chardev_host *h, const char *alias,
                         const char *what, const char *path)
{
    struct props *p = props_new(a->arena);
    const char *id = arena_printf(a->arena, "char%s", alias);
    if (!backend(a, at, h, p, alias, what, path))
        return NULL;
    props_str(p, "id", id);
    if (h->log_file) {
        props_str(p, "logfile", h->log_file);
        props_bool(p, "logappend", h->log_append == TRI_YES);
    }
    autostr struct str s = STR_INIT;
    props_words(p, "backend", &s);
    argv_add(a, "-chardev", arena_strdup(a->arena, str_text(&s)));
    return id;
}
