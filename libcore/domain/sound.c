/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/sound.h"

const char *const sound_model_names[9] = { NULL, "sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "ich7" };
const char *const audio_type_names[11] = {
    NULL, "none", "alsa", "coreaudio", "jack", "oss", "pulseaudio", "sdl", "spice", "file", "dbus",
};

static const struct field codec_fields[] = {
    { "@type", K_STR, AT(struct sound_codec, type), .flags = F_REQUIRED },
};
static const struct element codec_element = { "codec", sizeof(struct sound_codec), FIELDS(codec_fields) };

static const struct field sound_fields[] = {
    { "@model", K_ENUM, AT(struct sound, model), NAMES(sound_model_names), .flags = F_REQUIRED },
    { "@multichannel", K_YESNO, AT(struct sound, multichannel) },
    { "codec", K_LIST, AT(struct sound, codecs), .sub = &codec_element },
    { "audio@id", K_STR, AT(struct sound, audio_id) },
    DEVICE_FIELDS(struct sound),
};
const struct element sound_element = { "sound", sizeof(struct sound), FIELDS(sound_fields) };

static const struct field direction_fields[] = {
    { "@mixingEngine", K_YESNO, AT(struct audio_direction, mixing_engine) },
    { "@fixedSettings", K_YESNO, AT(struct audio_direction, fixed_settings) },
    { "@voices", K_U32, AT(struct audio_direction, voices) },
    { "@bufferLength", K_U32, AT(struct audio_direction, buffer_length) },
    { "@dev", K_STR, AT(struct audio_direction, dev) },
    { "@name", K_STR, AT(struct audio_direction, name) },
    { "@streamName", K_STR, AT(struct audio_direction, stream_name) },
    { "@period", K_U32, AT(struct audio_direction, period) },
    { "@latency", K_U32, AT(struct audio_direction, latency) },
    { "@tryPoll", K_YESNO, AT(struct audio_direction, try_poll) },
    { "@bufferCount", K_U32, AT(struct audio_direction, buffer_count) },
    { "@serverName", K_STR, AT(struct audio_direction, server_name) },
    { "@clientName", K_STR, AT(struct audio_direction, client_name) },
    { "@connectPorts", K_STR, AT(struct audio_direction, connect_ports) },
    { "@exactName", K_YESNO, AT(struct audio_direction, exact_name) },
    { "settings@frequency", K_U32, AT(struct audio_direction, frequency) },
    { "settings@channels", K_U32, AT(struct audio_direction, channels) },
    { "settings@format", K_STR, AT(struct audio_direction, format) },
};
static const struct element direction_element = { "output", sizeof(struct audio_direction), FIELDS(direction_fields) };

static const struct field audio_fields[] = {
    { "@id", K_STR, AT(struct audio, id), .flags = F_REQUIRED },
    { "@type", K_ENUM, AT(struct audio, type), NAMES(audio_type_names), .flags = F_REQUIRED },
    { "@timerPeriod", K_U32, AT(struct audio, timer_period) },
    { "@serverName", K_STR, AT(struct audio, server_name) },
    { "@driver", K_STR, AT(struct audio, driver) },
    { "@path", K_STR, AT(struct audio, path) },
    { "@tryMMap", K_YESNO, AT(struct audio, try_mmap) },
    { "@exclusive", K_YESNO, AT(struct audio, exclusive) },
    { "@dspPolicy", K_U32, AT(struct audio, dsp_policy) },
    { "input", K_STRUCT, AT(struct audio, input), .sub = &direction_element },
    { "output", K_STRUCT, AT(struct audio, output), .sub = &direction_element },
};
const struct element audio_element = { "audio", sizeof(struct audio), FIELDS(audio_fields) };
