/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_QEMU_NS_H
#define DOMAIN_QEMU_NS_H

#include "xml/vocab.h"

/* Elements of the namespace http://libvirt.org/schemas/domain/qemu/1.0, whatever its prefix. */
#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

struct qemu_arg {
    struct meta meta;
    const char *value;
};
struct qemu_env {
    struct meta meta;
    const char *name, *value;
};
struct qemu_commandline {
    struct meta meta;
    LIST(struct qemu_arg) args;
    LIST(struct qemu_env) envs;
};
extern const struct element qemu_commandline_element;

struct qemu_capability {
    struct meta meta;
    const char *name;
};
struct qemu_capabilities {
    struct meta meta;
    LIST(struct qemu_capability) add;
    LIST(struct qemu_capability) del;
};
extern const struct element qemu_capabilities_element;

enum qemu_deprecation { DEPRECATION_UNSET, DEPRECATION_NONE, DEPRECATION_OMIT, DEPRECATION_REJECT, DEPRECATION_CRASH,
                        QEMU_DEPRECATIONS };
extern const char *const qemu_deprecation_names[QEMU_DEPRECATIONS];

enum qemu_property_type { PROPERTY_UNSET, PROPERTY_STRING, PROPERTY_SIGNED, PROPERTY_UNSIGNED, PROPERTY_BOOL, PROPERTY_REMOVE,
                          QEMU_PROPERTY_TYPES };
extern const char *const qemu_property_type_names[QEMU_PROPERTY_TYPES];
struct qemu_property {
    struct meta meta;
    const char *name;
    enum qemu_property_type type;
    const char *value;
};
struct qemu_override {
    struct meta meta;
    const char *alias;
    LIST(struct qemu_property) properties;
};
struct qemu_overrides {
    struct meta meta;
    LIST(struct qemu_override) devices;
};
extern const struct element qemu_overrides_element;

#endif
