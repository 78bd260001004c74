/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/show.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/table.h"

static const struct column columns[] = {
    { "KIND", NULL, COLUMN_TEXT },   { "BEFORE", NULL, COLUMN_TEXT }, { "WANTED", NULL, COLUMN_TEXT },
    { "WHY", NULL, COLUMN_TEXT },    { "OBJECT", NULL, COLUMN_TEXT },
};

/* A text of several lines has no place in a table; --json has it whole. */
static const char *brief(struct arena *a, const char *text)
{
    size_t lines = 0;
    for (const char *p = text; p && *p; p++)
        lines += *p == '\n';
    return lines > 1 ? arena_printf(a, "%zu lines", lines) : text;
}

static void show_text(const struct plan *p, const char *user, struct str *out)
{
    struct table t;
    table_init(&t, p->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < p->journal.rows.n; i++) {
        const struct row *r = p->journal.rows.v[i];
        table_row(&t, (const char *[]){ r->kind, brief(p->arena, r->before), brief(p->arena, r->wanted), r->why, r->object });
    }
    for (size_t i = 0; i < p->helpers.n; i++) {
        const struct plan_helper *h = p->helpers.v[i];
        const char *as = h->as.user.change ? arena_printf(p->arena, "%u:%u", (unsigned)h->as.user.uid, (unsigned)h->as.user.gid) : user;
        table_row(&t, (const char *[]){ "exec", NULL, as, h->as.name, h->as.path });
    }
    table_row(&t, (const char *[]){ "exec", NULL, user, "QEMU", p->emulator });
    table_text(&t, out);
    str_addc(out, '\n');
    for (size_t i = 0; i < p->env.n; i++) {
        str_add_shell(out, p->env.v[i]);
        str_addc(out, ' ');
    }
    str_add_shell(out, p->emulator);
    for (size_t i = 0; i < p->args.n; i++) {
        str_addc(out, ' ');
        str_add_shell(out, p->args.v[i]);
    }
    str_addc(out, '\n');
}

static json_t *texts(const char *first, const void *list)
{
    const struct list *l = list;
    json_t *array = json_array();
    if (first)
        json_array_append_new(array, json_string(first));
    for (size_t i = 0; i < l->n; i++)
        json_array_append_new(array, json_string(l->v[i]));
    return array;
}

void show_plan(const struct plan *p, bool json, struct str *out)
{
    const char *user = p->enter.user.change ? arena_printf(p->arena, "%u:%u", (unsigned)p->enter.user.uid, (unsigned)p->enter.user.gid)
                                      : arena_printf(p->arena, "%u:%u", (unsigned)geteuid(), (unsigned)getegid());
    if (!json) {
        show_text(p, user, out);
        return;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < p->journal.rows.n; i++)
        json_array_append_new(rows, row_json(p->journal.rows.v[i]));
    json_t *all = json_pack("{s:o,s:s,s:o,s:o}", "rows", rows, "user", user, "env", texts(NULL, &p->env), "argv",
                            texts(p->emulator, &p->args));
    char *text = json_dumps(all, JSON_INDENT(2));
    str_add(out, text ? text : "{}");
    str_addc(out, '\n');
    free(text);
    json_decref(all);
}
