/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/conf_own.h"

#include "base/str.h"

static const struct conf_key own_keys[] = {
    { "landlock", CONF_NUMBER, true, .fallback = { .type = CONF_NUMBER, .number = 1, .text = "1" }, .min = 0, .max = 1 },
};

static const struct conf_key *own_key(const char *name)
{
    for (size_t i = 0; i < sizeof own_keys / sizeof *own_keys; i++)
        if (streq(own_keys[i].name, name))
            return &own_keys[i];
    return NULL;
}

bool conf_read_own(struct conf *c, struct arena *a, const char *path, struct notes *notes, struct err *e)
{
    if (!conf_read(c, a, path, NULL, e))
        return false;
    for (size_t i = 0; i < c->values.n; i++) {
        const struct conf_value *v = c->values.v[i];
        const struct conf_key *k = own_key(v->name);
        if (!k)
            note_add(notes, "%s:%d: unknown key %s is passed over", path, v->line, v->name);
        else if (v->type != k->type || v->number < k->min || v->number > k->max)
            return err_set(e, ST_FAILED, "%s:%d: %s must be a number from %lld to %lld", path, v->line, v->name, k->min, k->max);
    }
    return true;
}

long long conf_own_number(const struct conf *c, const char *key)
{
    const struct conf_value *v = conf_get(c, key);
    const struct conf_key *k = own_key(key);
    return v ? v->number : k ? k->fallback.number : 0;
}
