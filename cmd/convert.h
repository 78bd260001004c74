/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CMD_CONVERT_H
#define CMD_CONVERT_H

#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "host/root.h"
#include "run/converter.h"

/* What the converters (xml-expand, xml-to-argv) share: options, and how they come to each of their documents. */
static const char *emulator;
static struct cli_list caps_files, bindirs;
static bool strict;
#define CONVERT_OPTIONS                                                                                                  \
    { "caps", 0, "FILE", CLI_LIST, &caps_files, "take an emulator's facts from FILE (caps-probe --export), ask none" },  \
    { "emulator", 'e', "PATH", CLI_TEXT, &emulator, "use this emulator in place of the document's" },                    \
    { "bindir", 0, "DIR", CLI_LIST, &bindirs, "look for emulators in DIR too, and trust those that are there" },         \
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" }, CLI_END

/* One document, in the confined process: d complete, p as it was parsed with. Puts what is to be printed into out. */
typedef bool convert_fn(struct converter *c, const struct root *root, struct domain *d, struct caps *caps, struct parse *p,
                        struct str *out);

static inline int convert_one(struct converter *c, const struct root *root, const struct input *in, convert_fn *convert)
{
    autoarena struct arena *a = arena_new();
    autostr struct str out = STR_INIT;
    struct err e = { 0 };
    struct notes notes = { .arena = a };
    if (!in->text)
        return cli_fail(&in->err);
    struct parse p = { .arena = a, .file = in->name, .notes = &notes, .err = &e, .strict = strict };
    struct caps *caps;
    struct domain *d = converter_domain(c, in, emulator, &p, &caps);
    bool ok = d && convert(c, root, d, caps, &p, &out);
    cli_notes(&notes);
    if (!ok)
        return cli_fail(&e);
    fwrite(str_text(&out), 1, out.len, stdout);
    return ST_DONE;
}

/* After cli_parse, which returned first. Each document is tried; the first failure is the status. */
static inline int convert_all(const struct cli_program *program, int first, int argc, char **argv, convert_fn *convert)
{
    int status, worst = ST_DONE;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    autoconverter struct converter c = { .arena = a, .program = program->name, .root = &root };
    if (!root_init(&root, a, cli.uri, &e))
        return cli_fail(&e);
    c.env = (struct caps_env){ .cache_dir = root.dir[ROOT_PROBES], .bindirs = bindirs.v, .n_bindirs = bindirs.n, .emulator = emulator };
    for (size_t i = 0; i < caps_files.n; i++)
        if (!converter_caps_file(&c, caps_files.v[i], &e))
            return cli_fail(&e);
    cli_reading("domain XML", argc - first, argv + first);
    if (!converter_enter(&c, argv + first, argc - first, &status, &e))
        return e.status ? cli_fail(&e) : status;
    for (size_t i = 0; i < c.inputs.n; i++) {
        int s = convert_one(&c, &root, c.inputs.v[i], convert);
        worst = worst ? worst : s;
    }
    return cli_done(worst);
}

#endif
