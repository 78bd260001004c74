/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_GRAPHICS_H
#define DOMAIN_GRAPHICS_H

#include "domain/domain.h"

enum graphics_type {
    GRAPHICS_UNSET,
    GRAPHICS_SDL,
    GRAPHICS_VNC,
    GRAPHICS_RDP,
    GRAPHICS_DESKTOP,
    GRAPHICS_SPICE,
    GRAPHICS_EGL_HEADLESS,
    GRAPHICS_DBUS,
};
extern const char *const graphics_type_names[8];

enum listen_type { LISTEN_UNSET, LISTEN_NONE, LISTEN_ADDRESS, LISTEN_NETWORK, LISTEN_SOCKET };
extern const char *const listen_type_names[5];

struct listen {
    struct meta meta;
    enum listen_type type;
    const char *address, *network, *socket;
    const char *from_config, *auto_generated;
};

struct spice_channel {
    struct meta meta;
    const char *name; /* main, display, inputs, cursor, playback, record, smartcard, usbredir */
    const char *mode; /* secure, insecure, any */
};

struct graphics {
    struct meta meta;
    enum graphics_type type;
    struct inum port, tls_port, websocket; /* -1: chosen at start */
    enum tri websocket_generated;
    enum tri autoport;
    const char *listen; /* old spelling, kept equal to the first address listen */
    const char *socket;
    const char *keymap;
    const char *passwd, *passwd_valid_to, *connected, *share_policy;
    enum tri power_control;
    const char *default_mode; /* spice: secure, insecure, any */
    enum tri multi_user, replace_user;
    const char *display, *xauth;
    enum tri full_screen;
    const char *address; /* dbus */
    enum tri p2p;
    LIST(struct listen) listens;
    LIST(struct spice_channel) channels;
    const char *image_compression, *jpeg_compression, *zlib_compression;
    enum tri playback_compression;
    const char *streaming_mode;
    enum tri clipboard_copypaste, filetransfer;
    const char *mouse_mode;
    enum tri gl;
    const char *rendernode;
    const char *audio_id;
};
extern const struct element graphics_element;

#endif
