/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "qemu/caps_xml.h"

/* Text from an emulator need not be UTF-8, JSON must. */
static json_t *text(const char *s, size_t n)
{
    json_t *j = json_stringn(s, n);
    return j ? j : json_string("?");
}

static void set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) < 0)
        json_object_set_new(object, "?", json_null());
}

/* "max=255 hotplug" as {"max": "255", "hotplug": true}. */
static json_t *words(const char *value)
{
    json_t *o = json_object();
    char key[256];
    while (*value) {
        value += strspn(value, " ");
        size_t n = strcspn(value, " "), k = strcspn(value, " =");
        if (n && k < sizeof key) {
            memcpy(key, value, k);
            key[k] = 0;
            set(o, key, k < n ? text(value + k + 1, n - k - 1) : json_true());
        }
        value += n;
    }
    return o;
}

json_t *caps_json(struct caps *c)
{
    /* The schema's lines stay as they are: qmp-send NAME query-qmp-schema gives them in QEMU's own form. */
    static const struct {
        const char *kind;
        bool words;
    } kinds[] = {
        { "fact", false }, { "alias", false }, { "command", false }, { "event", false }, { "qom", false }, { "type", false },
        { "cpu", true },   { "device", true }, { "expansion", true }, { "machine", true }, { "model", true }, { "option", true },
    };
    json_t *all = json_object();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        json_t *of = json_object();
        const char *name, *value;
        for (size_t at = 0; caps_each(c, kinds[i].kind, &at, &name, &value);)
            set(of, name, streq(value, "?") ? json_null() : kinds[i].words ? words(value) : text(value, strlen(value)));
        json_object_set_new(all, kinds[i].kind, of);
    }
    return all;
}
