/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "base/file.h"
#include "base/table.h"
#include "guard/narrow.h"
#include "host/conf_own.h"
#include "run/settings.h"

static bool all, path, strict;
static const char *check;
static const struct cli_option options[] = {
    { "all", 'a', NULL, CLI_FLAG, &all, "also keys of libvirt that vmutils does not honour" },
    { "check", 0, "FILE", CLI_TEXT, &check, "tell what is wrong with that file" },
    { "path", 0, NULL, CLI_FLAG, &path, "print the path of qemu.conf" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "with --check: unknown keys are errors" },
    CLI_END,
};
static const struct cli_program program = { "vm-conf", "[KEY…]", "prints what qemu.conf and vmutils.conf come to, and where each value is from", options,
                                            CLI_URI | CLI_JSON };

static const struct column columns[] = {
    { "KEY", NULL, COLUMN_TEXT }, { "VALUE", NULL, COLUMN_TEXT }, { "FROM", NULL, COLUMN_TEXT },
    { "STATUS", NULL, COLUMN_TEXT }, { "NOTE", NULL, COLUMN_TEXT },
};

static json_t *value_json(const struct setting *s, struct arena *a)
{
    const struct conf_value *v = s->value;
    if (v->type == CONF_LIST) {
        json_t *list = json_array();
        for (size_t i = 0; i < v->list.n; i++)
            json_array_append_new(list, json_string(v->list.v[i]));
        return list;
    }
    if (!v->text)
        return json_null();
    if (v->type == CONF_NUMBER && (*v->text == '-' || (*v->text >= '0' && *v->text <= '9')))
        return json_integer(v->number);
    return json_string(str_ends(s->name, "_password") ? setting_shown(s, a) : v->text);
}

static void print_json(const struct settings *s, struct arena *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->all.n; i++) {
        const struct setting *x = s->all.v[i];
        json_t *one = json_object();
        json_object_set_new(one, "key", json_string(x->name));
        json_object_set_new(one, "value", value_json(x, a));
        json_object_set_new(one, "from", json_string(x->from));
        json_object_set_new(one, "file", x->value->line ? json_string(x->conf->path) : json_null());
        json_object_set_new(one, "line", x->value->line ? json_integer(x->value->line) : json_null());
        json_object_set_new(one, "status", json_string(setting_status_names[x->status]));
        json_object_set_new(one, "note", x->note ? json_string(x->note) : json_null());
        json_array_append_new(list, one);
    }
    autofree char *text = json_dumps(list, JSON_INDENT(1));
    json_decref(list);
    puts(text ? text : "[]");
}

static void print_table(const struct settings *s, struct arena *a)
{
    struct table t;
    autostr struct str out = STR_INIT;
    table_init(&t, a, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < s->all.n; i++) {
        const struct setting *x = s->all.v[i];
        table_row(&t, (const char *[]){ x->name, setting_shown(x, a), x->from, setting_status_names[x->status], x->note });
    }
    table_text(&t, &out);
    fputs(str_text(&out), stdout);
}

/* Bare, for scripts: a list has a line for each of its items. */
static void print_values(const struct settings *s, struct arena *a)
{
    for (size_t i = 0; i < s->all.n; i++) {
        const struct setting *x = s->all.v[i];
        const struct conf_value *v = x->value;
        for (size_t k = 0; k < v->list.n; k++)
            puts(v->list.v[k]);
        if (v->type != CONF_LIST)
            puts(!v->text ? "" : str_ends(x->name, "_password") ? setting_shown(x, a) : v->text);
        if (x->status != SETTING_HONOURED)
            cli_note("%s: %s%s%s", x->name, setting_status_names[x->status], x->note ? ": " : "", x->note ? x->note : "");
    }
}

static int check_file(struct arena *a, const struct root *r)
{
    struct notes notes = { .arena = a }, faults = { .arena = a };
    struct conf conf;
    struct err e = { 0 };
    autostr struct str text = STR_INIT;
    if (file_read_at(AT_FDCWD, check, 1 << 20, false, &text) < 0) {
        err_errno(&e, "%s", check);
        return cli_fail(&e);
    }
    if (strlen(str_text(&text)) != text.len)
        note_add(&faults, "%s: there is a NUL in it, behind which nothing is read", check);
    const char *slash = strrchr(check, '/');
    bool own = streq(slash ? slash + 1 : check, conf_own.file);
    if (conf_check(&conf, own ? &conf_own : &conf_libvirt, a, check, str_text(&text), &notes, &faults))
        settings_check(a, &conf, r, strict, &notes, &faults);
    if (!strict)
        cli_notes(&notes);
    for (size_t i = 0; i < faults.n; i++) {
        err_set(&e, ST_FAILED, "%s", faults.text[i]);
        cli_fail(&e);
    }
    return cli_done(faults.n ? ST_FAILED : ST_DONE);
}

static int print_keys(struct arena *a, const struct root *r, char *const *keys, int n)
{
    struct settings_files files;
    struct err e = { 0 };
    struct settings s = { { 0, NULL } };
    if (!settings_read(&files, a, r, &e))
        return cli_fail(&e);
    if (!n)
        settings_list(&s, a, &files, r, all);
    for (int i = 0; i < n; i++) {
        struct setting *one = arena_alloc(a, sizeof *one);
        if (!settings_one(one, a, &files, r, keys[i], &e))
            return cli_fail(&e);
        list_add(a, &s.all, one);
    }
    if (cli.json)
        print_json(&s, a);
    else if (n)
        print_values(&s, a);
    else
        print_table(&s, a);
    return cli_done(ST_DONE);
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    if ((check || path) && argc > first)
        cli_usage("%s takes no KEY", check ? "--check" : "--path");
    if (strict && !check)
        cli_usage("--strict goes with --check");
    if (cli.json && (check || path))
        cli_usage("--json does not go with %s", check ? "--check" : "--path");
    if (!root_init(&root, a, cli.uri, &e) || !narrow(program.name, &root, &e))
        return cli_fail(&e);
    if (path) {
        puts(root.conf);
        return cli_done(ST_DONE);
    }
    return check ? check_file(a, &root) : print_keys(a, &root, argv + first, argc - first);
}
