/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>

/* A new random UUID (RFC 4122, version 4) as 36 lower-case characters. False if the kernel gives no random bytes.
 * Not by libuuid: it would cost the converters a twentieth of their time, and asks for its own pid, which their filter
 * forbids. */
bool uuid_new(char text[37]);

#endif
