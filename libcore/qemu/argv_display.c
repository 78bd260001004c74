/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/graphics.h"
#include "domain/sound.h"
#include "domain/video.h"
#include "qemu/argv.h"

/* Graphics, video and sound. */

static const struct audio *audio_of(struct argv *a, const char *id)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->audios.n; i++)
        if (!id || streq(d->audios.v[i]->id, id))
            return d->audios.v[i];
    return NULL;
}

/* "audio1", NULL without any backend. */
static const char *audiodev(struct argv *a, const char *id)
{
    const struct audio *x = audio_of(a, id);
    return x ? arena_printf(a->arena, "audio%s", x->id) : NULL;
}

static const struct listen *first_listen(const struct graphics *g)
{
    static const struct listen none;
    return g->listens.n ? g->listens.v[0] : &none;
}

/* What xml-to-argv shows for a port that vm-start is to choose. */
enum { FIRST_VNC_PORT = 5900, FIRST_SPICE_PORT = 5901, FIRST_WEBSOCKET = 5700 };

static const char *listen_address(const struct graphics *g, const char *conf)
{
    const struct listen *l = first_listen(g);
    if (l->address)
        return l->address;
    if (g->listen)
        return g->listen;
    return conf ? conf : "127.0.0.1";
}

static void add_word(struct str *s, const char *key, const char *value)
{
    if (!value)
        return;
    str_addf(s, "%s%s=", s->len ? "," : "", key);
    for (; *value; value++) {
        if (*value == ',')
            str_addc(s, ',');
        str_addc(s, *value);
    }
}

static const char *socket_path(struct argv *a, const struct graphics *g, const char *name)
{
    const struct listen *l = first_listen(g);
    const char *given = l->socket ? l->socket : g->socket;
    if (!given)
        given = arena_printf(a->arena, "%s/%s", a->options->private_dir ? a->options->private_dir : "", name);
    return argv_socket(a, given);
}

static bool vnc(struct argv *a, const struct graphics *g)
{
    autostr struct str s = STR_INIT;
    if (first_listen(g)->type == LISTEN_SOCKET || g->socket) {
        str_add(&s, "vnc=unix:");
        str_add(&s, argv_escape(a, socket_path(a, g, "vnc.sock")));
    } else if (first_listen(g)->type == LISTEN_NONE) {
        str_add(&s, "none");
    } else {
        const char *address = listen_address(g, a->options->vnc_listen);
        long long port = g->port.set && g->port.v > 0 ? g->port.v : FIRST_VNC_PORT;
        if (port < 5900)
            return argv_fail(a, &g->meta, "<graphics> port '%lld': VNC ports begin at 5900", port);
        str_addf(&s, strchr(address, ':') ? "[%s]:%lld" : "%s:%lld", address, port - 5900);
        if (g->websocket.set)
            str_addf(&s, ",websocket=%lld", g->websocket.v > 0 ? (long long)g->websocket.v : FIRST_WEBSOCKET);
    }
    add_word(&s, "share", g->share_policy);
    if (g->passwd)
        add_word(&s, "password", "on");
    if (g->power_control)
        add_word(&s, "power-control", g->power_control == TRI_YES ? "on" : "off");
    add_word(&s, "audiodev", audiodev(a, g->audio_id));
    if (g->keymap)
        argv_add(a, "-k", g->keymap);
    argv_add(a, "-vnc", arena_strdup(a->arena, str_text(&s)));
    return true;
}

static bool spice_listen(struct argv *a, const struct graphics *g, struct str *s)
{
    const struct listen *l = first_listen(g);
    if (l->type == LISTEN_SOCKET) {
        str_add(s, "unix");
        add_word(s, "addr", socket_path(a, g, "spice.sock"));
        return true;
    }
    bool automatic = g->autoport == TRI_YES || (g->port.set && g->port.v == -1);
    if (l->type == LISTEN_NONE) {
        add_word(s, "port", "0");
        return true;
    }
    long long port = g->port.set && g->port.v > 0 ? g->port.v : automatic ? FIRST_SPICE_PORT : 0;
    if (port)
        str_addf(s, "port=%lld", port);
    if (g->tls_port.set && g->tls_port.v > 0)
        str_addf(s, "%stls-port=%lld", s->len ? "," : "", (long long)g->tls_port.v);
    if (!s->len)
        str_add(s, "port=0");
    else
        add_word(s, "addr", listen_address(g, a->options->spice_listen));
    return true;
}

static void spice_channels(const struct graphics *g, struct str *s)
{
    if (g->default_mode && !streq(g->default_mode, "any"))
        add_word(s, streq(g->default_mode, "secure") ? "tls-channel" : "plaintext-channel", "default");
    for (size_t i = 0; i < g->channels.n; i++) {
        const struct spice_channel *c = g->channels.v[i];
        if (c->mode && !streq(c->mode, "any"))
            add_word(s, streq(c->mode, "secure") ? "tls-channel" : "plaintext-channel", c->name);
    }
}

static bool spice(struct argv *a, const struct graphics *g)
{
    autostr struct str s = STR_INIT;
    if (!caps_command(a->caps, "query-spice"))
        return argv_fail(a, &g->meta, "<graphics type='spice'>: %s is built without SPICE", a->command->emulator);
    if (!spice_listen(a, g, &s))
        return false;
    if (!g->passwd)
        add_word(&s, "disable-ticketing", "on");
    if (g->tls_port.set && g->tls_port.v > 0)
        add_word(&s, "x509-dir", a->options->tls_dir_spice ? a->options->tls_dir_spice : "/etc/pki/libvirt-spice");
    spice_channels(g, &s);
    add_word(&s, "image-compression", g->image_compression);
    add_word(&s, "jpeg-wan-compression", g->jpeg_compression);
    add_word(&s, "zlib-glz-wan-compression", g->zlib_compression);
    if (g->playback_compression)
        add_word(&s, "playback-compression", g->playback_compression == TRI_YES ? "on" : "off");
    add_word(&s, "streaming-video", g->streaming_mode);
    if (g->mouse_mode)
        add_word(&s, "agent-mouse", streq(g->mouse_mode, "client") ? "on" : "off");
    if (g->clipboard_copypaste == TRI_NO)
        add_word(&s, "disable-copy-paste", "on");
    if (g->filetransfer == TRI_NO)
        add_word(&s, "disable-agent-file-xfer", "on");
    if (g->gl == TRI_YES) {
        add_word(&s, "gl", "on");
        add_word(&s, "rendernode", g->rendernode);
    }
    add_word(&s, "seamless-migration", "on");
    if (g->keymap)
        argv_add(a, "-k", g->keymap);
    argv_add(a, "-spice", arena_strdup(a->arena, str_text(&s)));
    return true;
}

static bool sdl(struct argv *a, const struct graphics *g)
{
    autostr struct str s = STR_INIT;
    str_add(&s, "sdl");
    if (g->gl)
        add_word(&s, "gl", g->gl == TRI_YES ? "on" : "off");
    if (g->full_screen == TRI_YES)
        argv_add(a, "-full-screen", NULL);
    list_add(a->arena, &a->command->env, g->display ? arena_printf(a->arena, "DISPLAY=%s", g->display) : "DISPLAY=:0");
    if (g->xauth)
        list_add(a->arena, &a->command->env, arena_printf(a->arena, "XAUTHORITY=%s", g->xauth));
    argv_add(a, "-display", arena_strdup(a->arena, str_text(&s)));
    return true;
}

static bool egl_headless(struct argv *a, const struct graphics *g)
{
    autostr struct str s = STR_INIT;
    str_add(&s, "egl-headless");
    add_word(&s, "rendernode", g->rendernode);
    argv_add(a, "-display", arena_strdup(a->arena, str_text(&s)));
    return true;
}

static bool dbus(struct argv *a, const struct graphics *g)
{
    autostr struct str s = STR_INIT;
    str_add(&s, "dbus");
    if (g->p2p == TRI_YES)
        add_word(&s, "p2p", "on");
    else
        add_word(&s, "addr", g->address);
    if (g->gl)
        add_word(&s, "gl", g->gl == TRI_YES ? "on" : "off");
    add_word(&s, "rendernode", g->rendernode);
    add_word(&s, "audiodev", audiodev(a, g->audio_id));
    argv_add(a, "-display", arena_strdup(a->arena, str_text(&s)));
    return true;
}

bool argv_graphics(struct argv *a)
{
    static bool (*const build[])(struct argv *, const struct graphics *) = {
        [GRAPHICS_SDL] = sdl,     [GRAPHICS_VNC] = vnc,   [GRAPHICS_SPICE] = spice,
        [GRAPHICS_EGL_HEADLESS] = egl_headless, [GRAPHICS_DBUS] = dbus,
    };
    const struct devices *d = a->domain->devices;
    if (!d->graphics.n)
        argv_add(a, "-display", "none");
    for (size_t i = 0; i < d->graphics.n; i++) {
        const struct graphics *g = d->graphics.v[i];
        if (g->listens.n > 1)
            return argv_fail(a, &g->meta, "<graphics>: QEMU listens at one address, %zu are given", g->listens.n);
        if ((size_t)g->type >= sizeof build / sizeof *build || !build[g->type])
            return argv_fail(a, &g->meta, "<graphics type='%s'> is not supported by QEMU",
                             enum_name(graphics_type_names, g->type));
        if (!build[g->type](a, g))
            return false;
    }
    return true;
}

/* One row for each property of -audiodev's in. and out.: where it stands, and for which backends. */
static void direction(struct props *p, const char *key, const struct audio_direction *x, const struct audio *audio)
{
    if (!x)
        return;
    struct props *o = props_obj(p, key);
    props_tri(o, "mixing-engine", x->mixing_engine);
    props_tri(o, "fixed-settings", x->fixed_settings);
    props_num(o, "voices", x->voices);
    props_num(o, "frequency", x->frequency);
    props_num(o, "channels", x->channels);
    props_str(o, "format", x->format);
    props_num(o, "buffer-length", x->buffer_length);
    props_str(o, audio->type == AUDIO_PULSEAUDIO ? "name" : "dev", x->dev ? x->dev : x->name);
    props_str(o, "stream-name", x->stream_name);
    props_num(o, "latency", x->latency);
    props_num(o, "period-length", x->period);
    props_num(o, "buffer-count", x->buffer_count);
    props_tri(o, "try-poll", x->try_poll);
    props_str(o, "server-name", x->server_name);
    props_str(o, "client-name", x->client_name);
    props_str(o, "connect-ports", x->connect_ports);
    props_tri(o, "exact-name", x->exact_name);
    if (!o->first)
        props_remove(p, key);
}

bool argv_audios(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->audios.n; i++) {
        const struct audio *x = d->audios.v[i];
        static const char *const drivers[11] = {
            [AUDIO_NONE] = "none", [AUDIO_ALSA] = "alsa", [AUDIO_COREAUDIO] = "coreaudio", [AUDIO_JACK] = "jack",
            [AUDIO_OSS] = "oss",   [AUDIO_PULSEAUDIO] = "pa", [AUDIO_SDL] = "sdl", [AUDIO_SPICE] = "spice",
            [AUDIO_FILE] = "wav",  [AUDIO_DBUS] = "dbus",
        };
        struct props *p = props_new(a->arena);
        props_fmt(p, "id", "audio%s", x->id);
        props_str(p, "driver", drivers[x->type]);
        props_num(p, "timer-period", x->timer_period);
        props_str(p, "server", x->server_name);
        props_str(p, "path", x->path);
        props_tri(p, "try-mmap", x->try_mmap);
        props_tri(p, "exclusive", x->exclusive);
        props_num(p, "dsp-policy", x->dsp_policy);
        direction(p, "in", x->input, x);
        direction(p, "out", x->output, x);
        if (x->type == AUDIO_SDL && x->driver)
            list_add(a->arena, &a->command->env, arena_printf(a->arena, "SDL_AUDIODRIVER=%s", x->driver));
        autostr struct str s = STR_INIT;
        /* -audiodev takes JSON since the release whose -device does. */
        if (caps_json_device(a->caps))
            props_json(p, &s);
        else
            props_words(p, "driver", &s);
        argv_add(a, "-audiodev", arena_strdup(a->arena, str_text(&s)));
    }
    return true;
}

static const char *video_driver(struct argv *a, const struct video *v, bool first)
{
    bool gl = v->accel3d == TRI_YES;
    bool pci = !v->info.address || v->info.address->type == ADDRESS_PCI || v->info.address->type == ADDRESS_UNSET;
    bool user = streq(v->driver, "vhostuser");
    switch (v->model) {
    case VIDEO_VGA:
        return user ? "vhost-user-vga" : "VGA";
    case VIDEO_CIRRUS:
        return "cirrus-vga";
    case VIDEO_VMVGA:
        return "vmware-svga";
    case VIDEO_QXL:
        return first ? "qxl-vga" : "qxl";
    case VIDEO_BOCHS:
        return "bochs-display";
    case VIDEO_RAMFB:
        return "ramfb";
    case VIDEO_VIRTIO:
        if (user)
            return first ? "vhost-user-vga" : argv_virtio(a, "vhost-user-gpu", v->info.address);
        if (first && pci && caps_device(a->caps, "virtio-vga"))
            return gl && caps_device(a->caps, "virtio-vga-gl") ? "virtio-vga-gl" : "virtio-vga";
        if (gl && caps_device(a->caps, "virtio-gpu-gl-pci"))
            return argv_virtio(a, "virtio-gpu-gl", v->info.address);
        return argv_virtio(a, "virtio-gpu", v->info.address);
    default:
        return NULL;
    }
}

static void qxl_memory(struct props *p, const struct video *v)
{
    if (v->ram.set)
        props_uint(p, "ram_size", v->ram.v * 1024);
    if (v->vram.set)
        props_uint(p, "vram_size", v->vram.v * 1024);
    props_uint(p, "vram64_size_mb", v->vram64.v / 1024);
    if (v->vgamem.set)
        props_uint(p, "vgamem_mb", v->vgamem.v / 1024);
}

static bool video(struct argv *a, const struct video *v, bool first)
{
    const char *driver = video_driver(a, v, first);
    if (!driver)
        return argv_fail(a, &v->meta, "<video> model '%s' is not supported by QEMU", enum_name(video_model_names, v->model));
    if (!caps_device(a->caps, driver))
        return argv_fail(a, &v->meta, "<video> model '%s': %s has no device %s", enum_name(video_model_names, v->model),
                         a->command->emulator, driver);
    struct props *p = props_new(a->arena);
    props_str(p, "driver", driver);
    props_str(p, "id", v->info.alias);
    bool virtio = v->model == VIDEO_VIRTIO;
    if (virtio && v->accel3d == TRI_YES && !strstr(driver, "-gl"))
        props_bool(p, "virgl", true);
    if (virtio)
        argv_virtio_options(p, v->virtio.iommu, v->virtio.ats, v->virtio.packed, v->virtio.page_per_vq);
    if (v->model == VIDEO_QXL || virtio)
        if (v->heads.set)
            props_uint(p, "max_outputs", v->heads.v);
    if (v->model == VIDEO_QXL)
        qxl_memory(p, v);
    if ((v->model == VIDEO_VGA || v->model == VIDEO_VMVGA) && v->vram.set)
        props_uint(p, "vgamem_mb", v->vram.v / 1024);
    if (v->model == VIDEO_BOCHS && v->vram.set)
        props_uint(p, "vgamem", v->vram.v * 1024);
    if (virtio)
        props_tri(p, "blob", v->blob);
    if (v->res_x.set && v->res_y.set) {
        props_uint(p, "xres", v->res_x.v);
        props_uint(p, "yres", v->res_y.v);
    }
    if (!argv_address(a, p, &v->meta, v->info.address))
        return false;
    argv_device(a, p);
    return true;
}

bool argv_videos(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->videos.n; i++) {
        const struct video *v = d->videos.v[i];
        if (v->model == VIDEO_NONE)
            continue;
        if (!video(a, v, i == 0 || v->primary == TRI_YES))
            return false;
    }
    return true;
}

static const char *const sound_drivers[9] = {
    [SOUND_SB16] = "sb16",      [SOUND_ES1370] = "ES1370",         [SOUND_AC97] = "AC97",
    [SOUND_ICH6] = "intel-hda", [SOUND_ICH9] = "ich9-intel-hda",   [SOUND_USB] = "usb-audio",
};

static void codec(struct argv *a, const struct sound *s, const char *type, unsigned cad)
{
    struct props *p = props_new(a->arena);
    props_fmt(p, "driver", "hda-%s", type);
    props_fmt(p, "id", "%s-codec%u", s->info.alias, cad);
    props_fmt(p, "bus", "%s.0", s->info.alias);
    props_uint(p, "cad", cad);
    props_str(p, "audiodev", audiodev(a, s->audio_id));
    argv_device(a, p);
}

static bool sound(struct argv *a, const struct sound *s)
{
    const char *driver = sound_drivers[s->model];
    bool hda = s->model == SOUND_ICH6 || s->model == SOUND_ICH9;
    if (!driver)
        return argv_fail(a, &s->meta, "<sound model='%s'> is not supported by QEMU", enum_name(sound_model_names, s->model));
    struct props *p = props_new(a->arena);
    props_str(p, "driver", driver);
    props_str(p, "id", s->info.alias);
    if (!hda)
        props_str(p, "audiodev", audiodev(a, s->audio_id));
    if (s->model == SOUND_USB)
        props_tri(p, "multi", s->multichannel);
    if (!argv_address(a, p, &s->meta, s->info.address))
        return false;
    argv_device(a, p);
    for (size_t i = 0; hda && i < s->codecs.n; i++)
        codec(a, s, s->codecs.v[i]->type, (unsigned)i);
    if (hda && !s->codecs.n)
        codec(a, s, "duplex", 0);
    return true;
}

bool argv_sounds(struct argv *a)
{
    const struct devices *d = a->domain->devices;
    for (size_t i = 0; i < d->sounds.n; i++) {
        const struct sound *s = d->sounds.v[i];
        if (s->model == SOUND_PCSPK) {
            argv_addf(a, "-machine", "pcspk-audiodev=%s", audiodev(a, s->audio_id));
            continue;
        }
        if (!sound(a, s))
            return false;
    }
    return true;
}
