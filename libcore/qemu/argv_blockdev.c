/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/argv_blockdev.h"

#include <string.h>

#include "base/cleanup.h"

/* One image of a chain: the disk's own source, or a <backingStore>. */
struct image {
    enum storage_type type;
    enum storage_format format;
    const struct storage_source *source;
    const struct meta *at;
    bool readonly;
    bool below; /* a backing image */
    unsigned number;
    const char *backing; /* node of the next image */
    bool ends_here;      /* an empty <backingStore/>: what the image's header names is not opened */
};

unsigned argv_chain_length(const struct disk *d)
{
    if (!disk_has_medium(d) || d->type == STORAGE_VHOST_USER)
        return 0;
    unsigned n = 1;
    for (const struct backing_store *b = d->backing; b && b->type; b = b->backing)
        n++;
    return n;
}

static const char *host_name(const struct storage_host *h)
{
    return h->name ? h->name : "localhost";
}

static const char *default_port(enum storage_protocol p)
{
    static const char *const ports[14] = {
        [PROTOCOL_NBD] = "10809",    [PROTOCOL_SHEEPDOG] = "7000", [PROTOCOL_GLUSTER] = "24007", [PROTOCOL_ISCSI] = "3260",
        [PROTOCOL_HTTP] = "80",      [PROTOCOL_HTTPS] = "443",     [PROTOCOL_FTP] = "21",        [PROTOCOL_FTPS] = "990",
        [PROTOCOL_TFTP] = "69",      [PROTOCOL_SSH] = "22",        [PROTOCOL_NFS] = "2049",
    };
    return ports[p];
}

static void server(struct props *p, const struct storage_host *h, enum storage_protocol protocol)
{
    struct props *s = props_obj(p, "server");
    if (h->transport == TRANSPORT_UNIX) {
        props_str(s, "type", "unix");
        props_str(s, "path", h->socket);
        return;
    }
    props_str(s, "type", "inet");
    props_str(s, "host", host_name(h));
    props_str(s, "port", h->port ? h->port : default_port(protocol));
}

static bool need_host(struct argv *a, const struct image *i)
{
    return i->source->hosts.n || argv_fail(a, i->at, "<source protocol='%s'> needs a <host>",
                                           storage_protocol_names[i->source->protocol]);
}

static bool nbd(struct argv *a, const struct image *i, struct props *p)
{
    if (!need_host(a, i))
        return false;
    props_str(p, "driver", "nbd");
    server(p, i->source->hosts.v[0], PROTOCOL_NBD);
    props_str(p, "export", i->source->name);
    if (i->source->tls == TRI_YES) {
        struct props *o = props_new(a->arena);
        const char *id = arena_printf(a->arena, "objlibvirt-%u-storage_tls0", i->number);
        props_str(o, "qom-type", "tls-creds-x509");
        props_str(o, "id", id);
        props_str(o, "dir", "/etc/pki/qemu");
        props_str(o, "endpoint", "client");
        props_bool(o, "verify-peer", true);
        argv_object(a, o);
        props_str(p, "tls-creds", id);
        props_str(p, "tls-hostname", i->source->tls_hostname);
    }
    return true;
}

static bool rbd(struct argv *a, const struct image *i, struct props *p)
{
    const struct storage_source *s = i->source;
    const char *slash = s->name ? strchr(s->name, '/') : NULL;
    if (!slash)
        return argv_fail(a, i->at, "<source protocol='rbd'> name '%s': not of the form POOL/IMAGE", s->name ? s->name : "");
    props_str(p, "driver", "rbd");
    props_str(p, "pool", arena_strndup(a->arena, s->name, (size_t)(slash - s->name)));
    props_str(p, "image", slash + 1);
    props_str(p, "snapshot", s->snapshot);
    props_str(p, "conf", s->config);
    if (s->hosts.n) {
        struct props *list = props_array(p, "server");
        for (size_t n = 0; n < s->hosts.n; n++) {
            struct props *h = props_new(a->arena);
            props_str(h, "host", host_name(s->hosts.v[n]));
            props_str(h, "port", s->hosts.v[n]->port ? s->hosts.v[n]->port : "6789");
            props_item(list, h);
        }
    }
    return true;
}

static bool iscsi(struct argv *a, const struct image *i, struct props *p)
{
    const struct storage_source *s = i->source;
    if (!need_host(a, i) || !s->name)
        return s->name ? false : argv_fail(a, i->at, "<source protocol='iscsi'> needs a name");
    const struct storage_host *h = s->hosts.v[0];
    const char *slash = strchr(s->name, '/');
    uint64_t lun = 0;
    if (slash && !parse_u64(slash + 1, &lun))
        return argv_fail(a, i->at, "<source protocol='iscsi'> name '%s': '%s' is not a LUN", s->name, slash + 1);
    props_str(p, "driver", "iscsi");
    props_fmt(p, "portal", strchr(host_name(h), ':') ? "[%s]:%s" : "%s:%s", host_name(h), h->port ? h->port : "3260");
    props_str(p, "target", slash ? arena_strndup(a->arena, s->name, (size_t)(slash - s->name)) : s->name);
    props_uint(p, "lun", lun);
    props_str(p, "transport", "tcp");
    props_str(p, "initiator-name", s->initiator_iqn);
    return true;
}

static bool url(struct argv *a, const struct image *i, struct props *p)
{
    const struct storage_source *s = i->source;
    const char *protocol = storage_protocol_names[s->protocol];
    if (!need_host(a, i))
        return false;
    const struct storage_host *h = s->hosts.v[0];
    props_str(p, "driver", protocol);
    props_fmt(p, "url", strchr(host_name(h), ':') ? "%s://[%s]:%s/%s%s%s" : "%s://%s:%s/%s%s%s", protocol, host_name(h),
              h->port ? h->port : default_port(s->protocol), s->name ? s->name + (s->name[0] == '/') : "", s->query ? "?" : "",
              s->query ? s->query : "");
    props_tri(p, "sslverify", s->ssl_verify);
    if (s->readahead.set)
        props_uint(p, "readahead", s->readahead.v);
    props_num(p, "timeout", s->timeout);
    if (s->cookies.n)
        return argv_fail(a, i->at, "<source> <cookies>: secrets are not supported yet");
    return true;
}

static bool gluster(struct argv *a, const struct image *i, struct props *p)
{
    const struct storage_source *s = i->source;
    const char *slash = s->name ? strchr(s->name, '/') : NULL;
    if (!slash || !need_host(a, i))
        return slash ? false : argv_fail(a, i->at, "<source protocol='gluster'> name '%s': not of the form VOLUME/PATH", s->name ? s->name : "");
    props_str(p, "driver", "gluster");
    props_str(p, "volume", arena_strndup(a->arena, s->name, (size_t)(slash - s->name)));
    props_str(p, "path", slash + 1);
    struct props *list = props_array(p, "server");
    for (size_t n = 0; n < s->hosts.n; n++) {
        const struct storage_host *h = s->hosts.v[n];
        struct props *o = props_new(a->arena);
        bool is_unix = h->transport == TRANSPORT_UNIX;
        props_str(o, "type", is_unix ? "unix" : "inet");
        props_str(o, is_unix ? "path" : "host", is_unix ? h->socket : host_name(h));
        if (!is_unix)
            props_str(o, "port", h->port ? h->port : "24007");
        props_item(list, o);
    }
    props_uint(p, "debug", 4); /* how much libgfapi tells: libvirt's default */
    return true;
}

/* "+5" is the number 5, a name is looked up by libnfs, which knows numbers only. */
static bool nfs_id(struct argv *a, const struct image *i, struct props *p, const char *key, const char *text)
{
    uint64_t id;
    if (!text)
        return true;
    if (!parse_u64(text + (text[0] == '+'), &id))
        return argv_fail(a, i->at, "<identity> %s '%s': only numbers are supported (try: +1000)", key, text);
    props_uint(p, key, id);
    return true;
}

static bool nfs(struct argv *a, const struct image *i, struct props *p)
{
    const struct storage_source *s = i->source;
    if (!need_host(a, i))
        return false;
    props_str(p, "driver", "nfs");
    struct props *o = props_obj(p, "server");
    props_str(o, "host", host_name(s->hosts.v[0]));
    props_str(o, "type", "inet");
    props_str(p, "path", s->name);
    return nfs_id(a, i, p, "user", s->nfs_user) && nfs_id(a, i, p, "group", s->nfs_group);
}

static bool ssh(struct argv *a, const struct image *i, struct props *p)
{
    if (!need_host(a, i))
        return false;
    const struct storage_host *h = i->source->hosts.v[0];
    props_str(p, "driver", "ssh");
    props_str(p, "path", i->source->name);
    struct props *s = props_obj(p, "server");
    props_str(s, "host", host_name(h));
    props_str(s, "port", h->port ? h->port : "22");
    return true;
}

static bool sheepdog(struct argv *a, const struct image *i, struct props *p)
{
    if (!need_host(a, i))
        return false;
    props_str(p, "driver", "sheepdog");
    server(p, i->source->hosts.v[0], PROTOCOL_SHEEPDOG);
    props_str(p, "vdi", i->source->name);
    return true;
}

static bool network(struct argv *a, const struct image *i, struct props *p)
{
    static bool (*const build[14])(struct argv *, const struct image *, struct props *) = {
        [PROTOCOL_NBD] = nbd,   [PROTOCOL_RBD] = rbd,   [PROTOCOL_SHEEPDOG] = sheepdog, [PROTOCOL_GLUSTER] = gluster,
        [PROTOCOL_ISCSI] = iscsi, [PROTOCOL_HTTP] = url, [PROTOCOL_HTTPS] = url, [PROTOCOL_FTP] = url,
        [PROTOCOL_FTPS] = url,  [PROTOCOL_SSH] = ssh,  [PROTOCOL_NFS] = nfs,
    };
    const struct storage_source *s = i->source;
    if (s->auth)
        return argv_fail(a, i->at, "<source> <auth>: secrets are not supported yet");
    if (!build[s->protocol])
        return argv_fail(a, i->at, "<source protocol='%s'> is not supported by QEMU",
                         enum_name(storage_protocol_names, s->protocol));
    return build[s->protocol](a, i, p);
}

/* Persistent reservations go through a helper: the guest's own, or one that runs already. */
static void reservations(struct argv *a, const struct image *i, struct props *p)
{
    const struct reservations *r = i->source->reservations;
    const char *id = "pr-helper0", *path = r ? r->path : NULL;
    if (!r)
        return;
    if (r->managed == TRI_NO)
        id = arena_printf(a->arena, "pr-helper-libvirt-%u-storage", i->number);
    else
        path = arena_printf(a->arena, "%s/pr-helper0.sock", a->options->private_dir);
    props_str(p, "pr-manager", id);
    if (r->managed != TRI_NO && a->pr_helper)
        return;
    a->pr_helper = a->pr_helper || r->managed != TRI_NO;
    struct props *o = props_new(a->arena);
    props_str(o, "qom-type", "pr-manager-helper");
    props_str(o, "id", id);
    props_str(o, "path", argv_socket(a, path));
    argv_object(a, o);
}

static bool nvme(struct argv *a, const struct image *i, struct props *p)
{
    const struct address *at = i->source->address;
    if (!at)
        return argv_fail(a, i->at, "<source type='pci'> of an NVMe disk needs an <address>");
    props_str(p, "driver", "nvme");
    props_fmt(p, "device", "%04x:%02x:%02x.%x", (unsigned)at->domain.v, (unsigned)at->bus.v, (unsigned)at->slot.v,
              (unsigned)at->function.v);
    props_uint(p, "namespace", i->source->nvme_namespace.set ? i->source->nvme_namespace.v : 1);
    return true;
}

static bool storage_driver(struct argv *a, const struct image *i, const struct disk *d, struct props *p)
{
    const struct storage_source *s = i->source;
    switch (i->type) {
    case STORAGE_FILE:
        props_str(p, "driver", "file");
        props_str(p, "filename", s->file);
        return true;
    case STORAGE_BLOCK:
        props_str(p, "driver", "host_device");
        props_str(p, "filename", s->dev);
        reservations(a, i, p);
        return true;
    case STORAGE_DIR:
        props_str(p, "driver", "vvfat");
        props_str(p, "dir", s->dir);
        props_bool(p, "floppy", d->device == DISK_FLOPPY);
        props_bool(p, "rw", false);
        return true;
    case STORAGE_NETWORK:
        return network(a, i, p);
    case STORAGE_NVME:
        return nvme(a, i, p);
    default:
        return argv_fail(a, i->at, "<disk type='%s'> is not supported yet", enum_name(storage_type_names, i->type));
    }
}

/* cache= as QEMU's two switches; the third, the guest's write cache, belongs to the device. */
static void cache(struct props *p, enum disk_cache mode)
{
    if (mode <= CACHE_DEFAULT)
        return;
    struct props *c = props_obj(p, "cache");
    props_bool(c, "direct", mode == CACHE_NONE || mode == CACHE_DIRECTSYNC);
    props_bool(c, "no-flush", mode == CACHE_UNSAFE);
}

static bool storage(struct argv *a, const struct image *i, const struct disk *d, const char *node)
{
    static const char *const aio[4] = { NULL, "native", "threads", "io_uring" };
    struct props *p = props_new(a->arena);
    if (!storage_driver(a, i, d, p))
        return false;
    if (i->type == STORAGE_FILE || i->type == STORAGE_BLOCK)
        props_str(p, "aio", aio[d->io]);
    props_str(p, "node-name", node);
    cache(p, disk_cache_mode(d));
    props_bool(p, "auto-read-only", true);
    props_str(p, "discard", "unmap");
    argv_blockdev(a, p);
    return true;
}

static const char *const format_drivers[19] = {
    [FORMAT_UNSET] = "raw", [FORMAT_RAW] = "raw",     [FORMAT_DIR] = "raw",   [FORMAT_ISO] = "raw",
    [FORMAT_FAT] = "raw",   [FORMAT_AIO] = "raw",     [FORMAT_BOCHS] = "bochs", [FORMAT_CLOOP] = "cloop",
    [FORMAT_DMG] = "dmg",   [FORMAT_VPC] = "vpc",     [FORMAT_VDI] = "vdi",   [FORMAT_VHD] = "vhdx",
    [FORMAT_PLOOP] = "parallels", [FORMAT_LUKS] = "luks", [FORMAT_QCOW] = "qcow", [FORMAT_QCOW2] = "qcow2",
    [FORMAT_QED] = "qed",   [FORMAT_VMDK] = "vmdk",
};

static bool is_raw(enum storage_format f)
{
    return streq(format_drivers[f], "raw");
}

static const struct storage_slice *slice_of(const struct image *i)
{
    return i->source->slices.n ? i->source->slices.v[0] : NULL;
}

static bool format(struct argv *a, const struct image *i, const struct disk *d, const char *node, const char *file)
{
    static const char *const discard[3] = { NULL, "unmap", "ignore" };
    static const char *const detect[4] = { NULL, "off", "on", "unmap" };
    const char *driver = format_drivers[i->format];
    if (!driver)
        return argv_fail(a, i->at, "<driver type='%s'> is not supported by QEMU", enum_name(storage_format_names, i->format));
    if (i->source->encryption)
        return argv_fail(a, i->at, "<encryption>: secrets are not supported yet");
    struct props *p = props_new(a->arena);
    props_str(p, "node-name", node);
    props_bool(p, "read-only", i->readonly);
    props_str(p, "discard", discard[d->discard]);
    /* QEMU refuses to turn zeroes into holes where discard is off; nothing is written to what lies below. */
    if (!i->below)
        props_str(p, "detect-zeroes", d->detect_zeroes == DETECT_UNMAP && d->discard != DISCARD_UNMAP ? "on" : detect[d->detect_zeroes]);
    cache(p, disk_cache_mode(d));
    props_str(p, "driver", driver);
    const struct storage_slice *part = slice_of(i);
    if (part && is_raw(i->format)) {
        props_uint(p, "offset", part->offset.v);
        props_uint(p, "size", part->size.v);
    }
    if (d->metadata_cache.set && i->format == FORMAT_QCOW2)
        props_uint(p, "cache-size", d->metadata_cache.v);
    props_str(p, "file", file);
    if (i->backing)
        props_str(p, "backing", i->backing);
    else if (i->ends_here && (i->format == FORMAT_QCOW2 || i->format == FORMAT_QED || i->format == FORMAT_VMDK || i->format == FORMAT_QCOW))
        props_null(p, "backing");
    argv_blockdev(a, p);
    return true;
}

/* Only a part of the storage: raw images have offset and size themselves, others a layer for it. */
static const char *slice(struct argv *a, const struct image *i, const char *file)
{
    const struct storage_slice *s = slice_of(i);
    if (!s || is_raw(i->format))
        return file;
    struct props *p = props_new(a->arena);
    const char *node = arena_printf(a->arena, "libvirt-%u-slice-sto", i->number);
    props_str(p, "driver", "raw");
    props_str(p, "node-name", node);
    props_uint(p, "offset", s->offset.v);
    props_uint(p, "size", s->size.v);
    props_str(p, "file", file);
    props_bool(p, "auto-read-only", true);
    props_str(p, "discard", "unmap");
    argv_blockdev(a, p);
    return node;
}

static const char *image(struct argv *a, const struct image *i, const struct disk *d)
{
    const char *file = arena_printf(a->arena, "libvirt-%u-storage", i->number);
    const char *node = arena_printf(a->arena, "libvirt-%u-format", i->number);
    if (!storage(a, i, d, file))
        return NULL;
    return format(a, i, d, node, slice(a, i, file)) ? node : NULL;
}

/* From the deepest image up: each needs the node of the one below it. */
static const char *backing(struct argv *a, const struct disk *d, const struct backing_store *b, unsigned number)
{
    if (!b || !b->type)
        return NULL;
    if (number > 200)
        return argv_fail(a, &b->meta, "<backingStore>: more than 200 images deep"), NULL;
    struct image i = { .type = b->type, .format = b->format, .source = b->source, .at = &b->meta, .readonly = true, .below = true, .number = number };
    if (!i.source)
        return argv_fail(a, &b->meta, "<backingStore> needs a <source>"), NULL;
    i.ends_here = b->backing && !b->backing->type;
    i.backing = backing(a, d, b->backing, number + 1);
    if (!i.backing && b->backing && b->backing->type)
        return NULL;
    return image(a, &i, d);
}

const char *argv_chain(struct argv *a, const struct disk *d, unsigned first)
{
    struct image i = { .type = d->type, .format = d->format, .source = d->source, .at = &d->meta, .number = first };
    i.readonly = d->readonly == TRI_YES || d->device == DISK_CDROM || d->type == STORAGE_DIR;
    i.ends_here = d->backing && !d->backing->type;
    if (d->auth || d->encryption) /* both stood here before <source> had them */
        return argv_fail(a, i.at, "<disk> %s: <%s>: secrets are not supported yet", d->target, d->auth ? "auth" : "encryption"), NULL;
    i.backing = backing(a, d, d->backing, first + 1);
    if (!i.backing && d->backing && d->backing->type)
        return NULL;
    const char *node = image(a, &i, d);
    if (!node || d->copy_on_read != TRI_YES)
        return node ? argv_throttle(a, d, node) : NULL;
    struct props *p = props_new(a->arena);
    const char *filter = arena_printf(a->arena, "libvirt-CoR-%s", d->target);
    props_str(p, "driver", "copy-on-read");
    props_str(p, "node-name", filter);
    props_str(p, "file", node);
    props_str(p, "discard", "unmap");
    argv_blockdev(a, p);
    return argv_throttle(a, d, filter);
}
