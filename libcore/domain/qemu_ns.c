/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/qemu_ns.h"

#include "base/str.h"

const char *const qemu_deprecation_names[] = { NULL, "none", "omit", "reject", "crash" };
const char *const qemu_property_type_names[] = { NULL, "string", "signed", "unsigned", "bool", "remove" };

static const struct field arg_fields[] = {
    { "@value", K_STR, AT(struct qemu_arg, value), .flags = F_REQUIRED | F_EMPTY_OK },
};
static const struct element arg_element = { "qemu:arg", sizeof(struct qemu_arg), FIELDS(arg_fields) };

static const struct field env_fields[] = {
    { "@name", K_STR, AT(struct qemu_env, name), .flags = F_REQUIRED },
    { "@value", K_STR, AT(struct qemu_env, value), .flags = F_EMPTY_OK },
};

/* The name becomes part of an environment word: a letter or underscore, then those and digits. */
static bool env_parsed(void *self, struct parse *p)
{
    const struct qemu_env *e = self;
    for (const char *c = e->name; *c; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';
        if (!letter && !(c > e->name && *c >= '0' && *c <= '9'))
            return parse_error(p, e->meta.line, "<qemu:env> name '%s': not the name of an environment variable", e->name);
    }
    return true;
}
static const struct element env_element = { "qemu:env", sizeof(struct qemu_env), FIELDS(env_fields), .parsed = env_parsed };

static const struct field commandline_fields[] = {
    { "qemu:arg", K_LIST, AT(struct qemu_commandline, args), .sub = &arg_element },
    { "qemu:env", K_LIST, AT(struct qemu_commandline, envs), .sub = &env_element },
};
const struct element qemu_commandline_element = { "qemu:commandline", sizeof(struct qemu_commandline), FIELDS(commandline_fields) };

static const struct field capability_fields[] = {
    { "@capability", K_STR, AT(struct qemu_capability, name), .flags = F_REQUIRED },
};
static const struct element capability_element = { "qemu:add", sizeof(struct qemu_capability), FIELDS(capability_fields) };

static const struct field capabilities_fields[] = {
    { "qemu:add", K_LIST, AT(struct qemu_capabilities, add), .sub = &capability_element },
    { "qemu:del", K_LIST, AT(struct qemu_capabilities, del), .sub = &capability_element },
};
const struct element qemu_capabilities_element = { "qemu:capabilities", sizeof(struct qemu_capabilities), FIELDS(capabilities_fields) };

static const struct field property_fields[] = {
    { "@name", K_STR, AT(struct qemu_property, name), .flags = F_REQUIRED },
    { "@type", K_ENUM, AT(struct qemu_property, type), NAMES(qemu_property_type_names), .flags = F_REQUIRED },
    { "@value", K_STR, AT(struct qemu_property, value), .flags = F_EMPTY_OK },
};

static bool property_parsed(void *self, struct parse *p)
{
    const struct qemu_property *q = self;
    int line = q->meta.line;
    int64_t i;
    uint64_t u;
    if (q->type == PROPERTY_REMOVE)
        return true;
    if (!q->value)
        return parse_error(p, line, "<qemu:property> %s: value is missing", q->name);
    bool hex = q->value[0] == '0' && q->value[1];
    if (q->type == PROPERTY_UNSIGNED && (hex || !parse_u64(q->value, &u)))
        return parse_error(p, line, "<qemu:property> %s: value '%s': not a decimal number of 0 or more", q->name, q->value);
    if (q->type == PROPERTY_SIGNED && (hex || !parse_i64(q->value, &i)))
        return parse_error(p, line, "<qemu:property> %s: value '%s': not a decimal number", q->name, q->value);
    if (q->type == PROPERTY_BOOL && !streq(q->value, "true") && !streq(q->value, "false"))
        return parse_error(p, line, "<qemu:property> %s: value '%s': not one of true, false", q->name, q->value);
    return true;
}
static const struct element property_element = { "qemu:property", sizeof(struct qemu_property), FIELDS(property_fields),
                                                 .parsed = property_parsed };

static const struct field override_fields[] = {
    { "@alias", K_STR, AT(struct qemu_override, alias), .flags = F_REQUIRED },
    { "qemu:frontend/qemu:property", K_LIST, AT(struct qemu_override, properties), .sub = &property_element },
};
static const struct element override_element = { "qemu:device", sizeof(struct qemu_override), FIELDS(override_fields) };

static const struct field overrides_fields[] = {
    { "qemu:device", K_LIST, AT(struct qemu_overrides, devices), .sub = &override_element },
};
const struct element qemu_overrides_element = { "qemu:override", sizeof(struct qemu_overrides), FIELDS(overrides_fields) };
