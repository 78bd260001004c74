/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"
#include "domain/chardev.h"
#include "domain/disk.h"
#include "domain/filesystem.h"
#include "domain/general.h"
#include "domain/graphics.h"
#include "domain/hostdev.h"
#include "domain/interface.h"
#include "domain/memory_device.h"
#include "domain/misc.h"
#include "domain/qemu_ns.h"
#include "domain/redirdev.h"
#include "domain/sound.h"
#include "domain/tpm.h"
#include "guard/needs.h"

const struct chardev_host *const *needs_chardevs(const struct domain *d, struct arena *a)
{
    const struct devices *v = d->devices;
    const struct chardev_host **out =
        arena_array(a, v->serials.n + v->parallels.n + v->consoles.n + v->channels.n + v->redirdevs.n + v->smartcards.n +
                           v->rngs.n + 1, sizeof *out);
    size_t n = 0;
    for (size_t i = 0; i < v->serials.n; i++)
        out[n++] = &v->serials.v[i]->host;
    for (size_t i = 0; i < v->parallels.n; i++)
        out[n++] = &v->parallels.v[i]->host;
    for (size_t i = 0; i < v->consoles.n; i++)
        out[n++] = &v->consoles.v[i]->host;
    for (size_t i = 0; i < v->channels.n; i++)
        out[n++] = &v->channels.v[i]->host;
    for (size_t i = 0; i < v->redirdevs.n; i++)
        out[n++] = &v->redirdevs.v[i]->host;
    for (size_t i = 0; i < v->smartcards.n; i++)
        out[n++] = &v->smartcards.v[i]->host;
    for (size_t i = 0; i < v->rngs.n; i++)
        if (v->rngs.v[i]->backend && v->rngs.v[i]->backend->model == RNG_EGD)
            out[n++] = &v->rngs.v[i]->backend->host;
    out[n] = NULL;
    return out;
}

static unsigned graphics_needs(const struct graphics *g)
{
    static const unsigned by_type[] = {
        [GRAPHICS_SDL] = NEED_DESKTOP | NEED_PULSE | NEED_ALSA, [GRAPHICS_DESKTOP] = NEED_DESKTOP | NEED_PULSE | NEED_ALSA,
        [GRAPHICS_VNC] = NEED_TLS | NEED_SASL, [GRAPHICS_SPICE] = NEED_TLS | NEED_SASL,
        [GRAPHICS_EGL_HEADLESS] = NEED_OPENGL, [GRAPHICS_DBUS] = NEED_OPENGL, [GRAPHICS_RDP] = 0,
    };
    return by_type[g->type] | (g->gl == TRI_YES ? NEED_OPENGL : 0);
}

static unsigned audio_needs(const struct audio *x)
{
    static const unsigned by_type[] = {
        [AUDIO_ALSA] = NEED_ALSA, [AUDIO_JACK] = NEED_JACK, [AUDIO_OSS] = NEED_OSS, [AUDIO_PULSEAUDIO] = NEED_PULSE,
        [AUDIO_SDL] = NEED_PULSE | NEED_ALSA, [AUDIO_DBUS] = 0,
    };
    return by_type[x->type];
}

static unsigned source_needs(enum storage_type type, const struct storage_source *s)
{
    static const unsigned by_protocol[PROTOCOL_NFS + 1] = {
        [PROTOCOL_RBD] = NEED_RBD, [PROTOCOL_SSH] = NEED_SSH, [PROTOCOL_HTTPS] = NEED_TLS, [PROTOCOL_FTPS] = NEED_TLS,
    };
    if (type == STORAGE_BLOCK)
        return NEED_SYSFS;
    if (type == STORAGE_NVME)
        return NEED_VFIO;
    if (type != STORAGE_NETWORK || !s)
        return 0;
    return NEED_NAMES | by_protocol[s->protocol] | (s->tls == TRI_YES ? NEED_TLS : 0);
}

static unsigned disk_needs(const struct disk *d)
{
    unsigned needs = source_needs(d->type, d->source) | (d->transient == TRI_YES ? NEED_TRANSIENT : 0);
    for (const struct backing_store *b = d->backing; b && b->type; b = b->backing)
        needs |= source_needs(b->type, b->source);
    return needs;
}

static unsigned hostdev_needs(const struct hostdev *h)
{
    static const unsigned by_type[] = {
        [HOSTDEV_USB] = NEED_USB_HOST, [HOSTDEV_PCI] = NEED_VFIO, [HOSTDEV_MDEV] = NEED_VFIO | NEED_SYSFS,
        [HOSTDEV_SCSI] = NEED_SYSFS, [HOSTDEV_SCSI_HOST] = NEED_SYSFS, [HOSTDEV_NET] = 0,
    };
    return by_type[h->type] | (h->hosts.n ? NEED_NAMES : 0);
}

static unsigned interface_needs(const struct interface *x)
{
    static const unsigned by_type[INTERFACE_VDS + 1] = {
        [INTERFACE_USER] = NEED_USER_NET, [INTERFACE_CLIENT] = NEED_NAMES, [INTERFACE_SERVER] = NEED_NAMES,
        [INTERFACE_UDP] = NEED_NAMES, [INTERFACE_MCAST] = NEED_NAMES, [INTERFACE_HOSTDEV] = NEED_VFIO,
        [INTERFACE_VDPA] = NEED_VHOST_VDPA,
    };
    return by_type[x->type];
}

static unsigned chardev_needs(const struct chardev_host *h)
{
    static const unsigned by_type[CHARDEV_DBUS + 1] = {
        [CHARDEV_PTY] = NEED_PTY, [CHARDEV_UDP] = NEED_NAMES, [CHARDEV_TCP] = NEED_NAMES,
    };
    bool tls = h->protocol == TCP_TLS || h->protocol == TCP_TELNETS || chardev_first(h)->tls == TRI_YES;
    return by_type[h->type] | (tls ? NEED_TLS : 0);
}

static unsigned general_needs(const struct domain *d)
{
    unsigned needs = NEED_ALWAYS | (d->type == DOMAIN_KVM ? NEED_KVM : 0);
    if (d->memory_backing && d->memory_backing->hugepages)
        needs |= NEED_HUGEPAGES;
    if (d->launch_security && d->launch_security->type == LAUNCH_SEV)
        needs |= NEED_SEV;
    for (size_t i = 0; i < d->devices->memories.n; i++)
        needs |= d->devices->memories.v[i]->model == MEMORY_SGX_EPC ? NEED_SGX : 0;
    for (size_t i = 0; i < d->devices->tpms.n; i++)
        needs |= d->devices->tpms.v[i]->backend == TPM_PASSTHROUGH ? NEED_SYSFS : 0;
    return needs | (d->devices->smartcards.n ? NEED_SMARTCARD : 0);
}

unsigned needs_of(const struct domain *d, struct arena *a)
{
    const struct devices *v = d->devices;
    const struct chardev_host *const *chardevs = needs_chardevs(d, a);
    unsigned found = general_needs(d);
    for (; *chardevs; chardevs++)
        found |= chardev_needs(*chardevs);
    for (size_t i = 0; i < v->graphics.n; i++)
        found |= graphics_needs(v->graphics.v[i]);
    for (size_t i = 0; i < v->audios.n; i++)
        found |= audio_needs(v->audios.v[i]);
    for (size_t i = 0; i < v->disks.n; i++)
        found |= disk_needs(v->disks.v[i]);
    for (size_t i = 0; i < v->hostdevs.n; i++)
        found |= hostdev_needs(v->hostdevs.v[i]);
    for (size_t i = 0; i < v->interfaces.n; i++)
        found |= interface_needs(v->interfaces.v[i]);
    return found;
}

bool needs_io_uring(const struct domain *d)
{
    for (size_t i = 0; i < d->devices->disks.n; i++)
        if (d->devices->disks.v[i]->io == IO_URING)
            return true;
    return false;
}

static const char *unix_graphics(const struct graphics *g)
{
    if (g->type == GRAPHICS_SDL || g->type == GRAPHICS_DESKTOP)
        return "a window of the desktop";
    if (g->type == GRAPHICS_DBUS)
        return "graphics on D-Bus";
    for (size_t i = 0; i < g->listens.n; i++)
        if (g->listens.v[i]->type == LISTEN_SOCKET)
            return "graphics on a socket";
    return g->socket ? "graphics on a socket" : NULL;
}

static const char *unix_audio(const struct audio *x)
{
    static const char *const by_type[] = {
        [AUDIO_JACK] = "JACK", [AUDIO_PULSEAUDIO] = "PulseAudio", [AUDIO_SDL] = "sound of the desktop",
        [AUDIO_ALSA] = "ALSA", [AUDIO_DBUS] = "sound on D-Bus",
    };
    return by_type[x->type];
}

static const char *unix_storage(enum storage_type type, const struct storage_source *s)
{
    if (type == STORAGE_VHOST_USER)
        return "a disk of type vhostuser";
    if (!s)
        return NULL;
    for (size_t i = 0; i < s->hosts.n; i++)
        if (s->hosts.v[i]->transport == TRANSPORT_UNIX)
            return "a disk behind a socket";
    return s->reservations ? "persistent reservations" : NULL;
}

static const char *unix_disk(const struct disk *d)
{
    const char *why = unix_storage(d->type, d->source);
    for (const struct backing_store *b = d->backing; b && b->type && !why; b = b->backing)
        why = unix_storage(b->type, b->source);
    return why;
}

static const char *unix_small(const struct devices *v)
{
    const char *why = NULL;
    for (size_t i = 0; i < v->interfaces.n && !why; i++) {
        const struct interface *x = v->interfaces.v[i];
        if (x->type == INTERFACE_VHOSTUSER || streq(x->backend_type, "passt"))
            why = "an interface behind a socket";
    }
    for (size_t i = 0; i < v->tpms.n && !why; i++)
        why = v->tpms.v[i]->backend != TPM_PASSTHROUGH ? "the emulated TPM" : NULL;
    for (size_t i = 0; i < v->filesystems.n && !why; i++)
        why = v->filesystems.v[i]->driver == FS_DRIVER_VIRTIOFS ? "virtiofsd" : NULL;
    for (size_t i = 0; i < v->shmems.n && !why; i++)
        why = v->shmems.v[i]->server ? "the server of shared memory" : NULL;
    for (size_t i = 0; i < v->smartcards.n && !why; i++)
        why = v->smartcards.v[i]->mode == SMARTCARD_HOST ? "smart cards of the host" : NULL;
    return why;
}

const char *needs_unix_sockets(const struct domain *d, struct arena *a)
{
    const struct devices *v = d->devices;
    const char *why = unix_small(v);
    const struct chardev_host *const *chardevs = needs_chardevs(d, a);
    if (d->qemu_commandline && d->qemu_commandline->args.n)
        return "words of <qemu:commandline>";
    for (; *chardevs && !why; chardevs++)
        why = (*chardevs)->type == CHARDEV_UNIX ? "a character device on a socket" : NULL;
    for (size_t i = 0; i < v->graphics.n && !why; i++)
        why = unix_graphics(v->graphics.v[i]);
    for (size_t i = 0; i < v->audios.n && !why; i++)
        why = unix_audio(v->audios.v[i]);
    for (size_t i = 0; i < v->disks.n && !why; i++)
        why = unix_disk(v->disks.v[i]);
    return why;
}
