/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_SOUND_H
#define DOMAIN_SOUND_H

#include "domain/domain.h"

enum sound_model {
    SOUND_UNSET,
    SOUND_SB16,
    SOUND_ES1370,
    SOUND_PCSPK,
    SOUND_AC97,
    SOUND_ICH6,
    SOUND_ICH9,
    SOUND_USB,
    SOUND_ICH7,
};
extern const char *const sound_model_names[9];

struct sound_codec {
    struct meta meta;
    const char *type; /* duplex, micro, output */
};

struct sound {
    struct meta meta;
    enum sound_model model;
    enum tri multichannel;
    const char *audio_id;
    LIST(struct sound_codec) codecs;
    struct device_info info;
};
extern const struct element sound_element;

enum audio_type {
    AUDIO_UNSET,
    AUDIO_NONE,
    AUDIO_ALSA,
    AUDIO_COREAUDIO,
    AUDIO_JACK,
    AUDIO_OSS,
    AUDIO_PULSEAUDIO,
    AUDIO_SDL,
    AUDIO_SPICE,
    AUDIO_FILE,
    AUDIO_DBUS,
};
extern const char *const audio_type_names[11];

/* <input> or <output> of <audio>. */
struct audio_direction {
    struct meta meta;
    enum tri mixing_engine, fixed_settings;
    struct num voices, buffer_length; /* microseconds */
    struct num frequency, channels;
    const char *format;
    const char *dev, *name;                    /* alsa, oss, pulseaudio */
    struct num period, latency, buffer_count;  /* alsa, pulseaudio, coreaudio, oss, sdl */
    enum tri try_poll, exact_name;
    const char *server_name, *client_name, *connect_ports, *stream_name;
};

struct audio {
    struct meta meta;
    enum audio_type type;
    const char *id;
    struct num timer_period;
    const char *server_name, *driver; /* pulseaudio server, sdl driver */
    const char *path;                 /* file */
    enum tri try_mmap, exclusive;
    struct num dsp_policy;
    struct audio_direction *input, *output;
};
extern const struct element audio_element;

#endif
