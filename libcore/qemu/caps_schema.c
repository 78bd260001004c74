/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "qemu/caps.h"
#include "qemu/caps_image.h"

/* A step of a path through the schema, applied to what was reached before. Alternates and arrays may nest
 * in a hostile schema without end, hence the bound on steps taken without using up path. */
enum { MAX_HOPS = 16 };

/* What has been reached: a type, and the features of the member, value or command that led to it. */
struct place {
    struct span type;
    struct span features; /* "$A$B", or words "$A $B" */
};

static bool span_is(struct span s, const char *text, size_t n)
{
    return s.n == n && memcmp(s.p, text, n) == 0;
}

/* A word "<sigil>NAME[:TYPE][?][$FEATURE…]" taken apart. */
struct part {
    struct span name, type, features;
};

static struct part word_part(struct span w)
{
    struct part p = { .name = { w.p + 1, w.n - 1 } };
    const char *dollar = memchr(p.name.p, '$', p.name.n);
    if (dollar) {
        p.features = (struct span){ dollar, (size_t)(w.p + w.n - dollar) };
        p.name.n = (size_t)(dollar - p.name.p);
    }
    if (p.name.n && p.name.p[p.name.n - 1] == '?')
        p.name.n--;
    const char *colon = memchr(p.name.p, ':', p.name.n);
    if (colon) {
        p.type = (struct span){ colon + 1, (size_t)(p.name.p + p.name.n - colon - 1) };
        p.name.n = (size_t)(colon - p.name.p);
    }
    return p;
}

/* The word of value that has this sigil and name. */
static bool part_find(struct span value, char sigil, const char *name, size_t n, struct part *found)
{
    struct span w;
    while (span_word(&value, &w)) {
        if (w.p[0] != sigil)
            continue;
        *found = word_part(w);
        if (span_is(found->name, name, n))
            return true;
    }
    return false;
}

static bool feature_in(struct span features, const char *name, size_t n)
{
    for (const char *p = features.p, *end = p + features.n; p < end;) {
        if (*p++ != '$')
            continue;
        const char *stop = p;
        while (stop < end && *stop != '$' && *stop != ' ')
            stop++;
        if (span_is((struct span){ p, (size_t)(stop - p) }, name, n))
            return true;
        p = stop;
    }
    return false;
}

static bool walk(const struct caps *c, struct place at, const char *path, unsigned hops);

/* "[TYPE]" is an array of TYPE; its name says so, and it has no line of its own. */
static struct span element(struct span type)
{
    while (type.n >= 2 && type.p[0] == '[' && type.p[type.n - 1] == ']')
        type = (struct span){ type.p + 1, type.n - 2 };
    return type;
}

static bool any_alternative(const struct caps *c, struct span value, const char *path, unsigned hops)
{
    struct span w;
    while (span_word(&value, &w))
        if (w.p[0] == '|' && walk(c, (struct place){ .type = { w.p + 1, w.n - 1 } }, path, hops + 1))
            return true;
    return false;
}

static bool walk(const struct caps *c, struct place at, const char *path, unsigned hops)
{
    if (!*path)
        return true;
    if (hops > MAX_HOPS)
        return false;
    size_t n = strcspn(path, "/");
    const char *rest = path[n] ? path + n + 1 : path + n;
    if (*path == '$' && feature_in(at.features, path + 1, n - 1))
        return !*rest;
    struct span value;
    if (!at.type.n || !caps_find(c, "type", element(at.type), &value))
        return false;
    struct part p;
    if (*path == '$' && part_find(value, '$', "", 0, &p) && feature_in(value, path + 1, n - 1))
        return !*rest;
    if (*path == '=' && part_find(value, '=', path + 1, n - 1, &p))
        return walk(c, (struct place){ .features = p.features }, rest, hops);
    if (*path == '+' && part_find(value, '+', path + 1, n - 1, &p))
        return walk(c, (struct place){ .type = p.type }, rest, hops);
    if (part_find(value, '.', path, n, &p))
        return walk(c, (struct place){ p.type, p.features }, rest, hops);
    return any_alternative(c, value, path, hops);
}

static bool starts_with_word(const char *path, const char *word)
{
    size_t n = strlen(word);
    return strncmp(path, word, n) == 0 && (path[n] == '/' || !path[n]);
}

/* ":ARGTYPE >RETTYPE $FEATURE…" of a command or event: the place that the step after the name leads to. */
static bool enter(struct span value, bool event, const char **path, struct place *at)
{
    static const struct {
        const char *step;
        char sigil;
        bool event;
    } doors[] = { { "arg", ':', false }, { "ret", '>', false }, { "data", ':', true } };
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        if (doors[i].event != event || !starts_with_word(*path, doors[i].step))
            continue;
        struct span w, words = value;
        while (span_word(&words, &w))
            if (w.p[0] == doors[i].sigil) {
                size_t n = strlen(doors[i].step);
                *path += (*path)[n] ? n + 1 : n;
                *at = (struct place){ .type = { w.p + 1, w.n - 1 } };
                return true;
            }
        return false;
    }
    *at = (struct place){ .features = value };
    return **path == '$';
}

bool caps_schema(struct caps *c, const char *path)
{
    size_t n = strcspn(path, "/");
    struct span value, name = { path, n };
    bool event = false;
    if (!caps_find(c, "command", name, &value) && !(event = caps_find(c, "event", name, &value)))
        return false;
    if (!path[n])
        return true;
    struct place at;
    path += n + 1;
    return enter(value, event, &path, &at) && walk(c, at, path, 0);
}

/* Where the schema shows the enums that are asked for by name (it hides the names of types). */
static const struct {
    const char *name, *path;
} enums[] = {
    { "AudiodevDriver", "query-audiodevs/ret/driver" },
    { "BlockdevDriver", "blockdev-add/arg/driver" },
    { "ChardevBackendKind", "chardev-add/arg/backend/type" },
    { "DisplayType", "query-display-options/ret/type" },
    { "NetClientDriver", "netdev_add/arg/type" },
    { "ObjectType", "object-add/arg/qom-type" },
    { "TpmModel", "query-tpm-models/ret" },
    { "TpmType", "query-tpm-types/ret" },
};

static const char *enum_path(const char *name)
{
    for (size_t i = 0; i < sizeof enums / sizeof *enums; i++)
        if (strcmp(enums[i].name, name) == 0)
            return enums[i].path;
    return NULL;
}

bool caps_enum_known(struct caps *c, const char *name)
{
    const char *path = enum_path(name);
    return path && caps_schema(c, path);
}

bool caps_enum(struct caps *c, const char *name, const char *value)
{
    char path[256];
    const char *at = enum_path(name);
    size_t n = at ? strlen(at) : 0, m = strlen(value);
    if (!at || n + m + 3 > sizeof path || strchr(value, '/'))
        return false;
    memcpy(path, at, n);
    memcpy(path + n, "/=", 2);
    memcpy(path + n + 2, value, m + 1);
    return caps_schema(c, path);
}
