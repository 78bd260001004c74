/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/qmp_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "qemu/qmp.h"

static json_t *json_word(const char *text, const char *what, struct err *e)
{
    struct err why;
    /* A value alone is no JSON document to jansson's strict reader: it becomes one in brackets. */
    autostr struct str s = STR_INIT;
    str_addf(&s, "[%s]", text);
    autojson json_t *list = qmp_parse(s.p, s.len, &why);
    if (json_array_size(list) == 1)
        return json_incref(json_array_get(list, 0));
    err_set(e, ST_USAGE, "%s: %s", what, list ? "not one JSON value" : why.text);
    return NULL;
}

/* What JSON itself would take for a number, true, false or null is that; anything else is text. */
static json_t *typed(const char *text, struct err *e)
{
    struct err ignored;
    json_t *j = NULL;
    if (*text && !strpbrk(text, "\"[]{}, \t\n"))
        j = json_word(text, "", &ignored);
    if (!j)
        j = json_string(text);
    if (!j)
        err_set(e, ST_USAGE, "a value is not valid UTF-8");
    return j;
}

/* The object in which the last part of key a.b.c belongs, made where it is missing; *last gets that part. */
static json_t *nest(json_t *args, const char *key, size_t n, char **last, struct err *e)
{
    autofree char *path = strndup(key, n);
    char *part = path, *dot;
    json_t *at = args;
    for (; (dot = strchr(part, '.')); part = dot + 1) {
        *dot = '\0';
        json_t *sub = json_object_get(at, part);
        if (!sub) {
            sub = json_object();
            json_object_set_new(at, part, sub);
        }
        at = sub;
        if (!json_is_object(at)) {
            err_set(e, ST_USAGE, "'%.*s': '%s' has a value already", (int)n, key, part);
            return NULL;
        }
    }
    if (!*part || json_object_get(at, part)) {
        err_set(e, ST_USAGE, "'%.*s': %s", (int)n, key, *part ? "given twice" : "has no name");
        return NULL;
    }
    *last = strdup(part);
    return at;
}

static bool add_word(json_t *args, const char *word, struct err *e)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word)
        return err_set(e, ST_USAGE, "'%s': expected key=value", word);
    bool raw = equals[-1] == ':';
    autofree char *last = NULL;
    json_t *at = nest(args, word, (size_t)(equals - word) - raw, &last, e);
    if (!at)
        return false;
    json_t *value = raw ? json_word(equals + 1, word, e) : typed(equals + 1, e);
    if (!value)
        return false;
    if (json_object_set_new(at, last, value) < 0)
        return err_set(e, ST_USAGE, "'%s': not valid UTF-8", word);
    return true;
}

json_t *qmp_line_command(const char *line, size_t n, struct err *e)
{
    struct err why;
    autojson json_t *j = qmp_parse(line, n, &why);
    if (!j)
        err_set(e, ST_USAGE, "%s", why.text);
    else if (!json_is_string(json_object_get(j, "execute")) && !json_is_string(json_object_get(j, "exec-oob")))
        err_set(e, ST_USAGE, "not a command: expected {\"execute\": \"NAME\", …}");
    else
        return json_incref(j);
    return NULL;
}

json_t *qmp_words(char *const *words, int n, struct err *e)
{
    if (words[0][0] == '{') {
        if (n == 1)
            return qmp_line_command(words[0], strlen(words[0]), e);
        err_set(e, ST_USAGE, "'%s': nothing can follow a whole command", words[1]);
        return NULL;
    }
    autojson json_t *args = NULL;
    if (n == 2 && words[1][0] == '{') {
        args = json_word(words[1], words[1], e);
        if (!args)
            return NULL;
    } else {
        args = json_object();
        for (int i = 1; i < n; i++)
            if (!add_word(args, words[i], e))
                return NULL;
    }
    json_t *command = json_pack("{s:s}", "execute", words[0]);
    if (!command)
        err_set(e, ST_USAGE, "the command is not valid UTF-8");
    else if (json_object_size(args))
        json_object_set(command, "arguments", args);
    return command;
}
