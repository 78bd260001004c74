/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "host/root.h"
#include "run/converter.h"
#include "run/firmware.h"

static const char *emulator;
static struct cli_list caps_files, bindirs;
static bool strict, live;
static const struct cli_option options[] = {
    { "caps", 0, "FILE", CLI_LIST, &caps_files, "take an emulator's facts from FILE (caps-probe --export), ask none" },
    { "emulator", 'e', "PATH", CLI_TEXT, &emulator, "use this emulator in place of the document's" },
    { "bindir", 0, "DIR", CLI_LIST, &bindirs, "look for emulators in DIR too, and trust those that are there" },
    { "live", 0, NULL, CLI_FLAG, &live, "print the devices' ids on the command line too" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_END,
};
static const struct cli_program program = {
    "xml-expand", "[FILE…]", "prints domain XML documents with every default, controller and address filled in", options, CLI_URI,
};

static int expand(struct converter *c, const struct root *root, const struct input *in)
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
    cli_notes(&notes);
    if (!d)
        return cli_fail(&e);
    firmware_nvram(d, root->dir[ROOT_NVRAM], a);
    domain_print(d, &out, PRINT_SECRETS | (live ? PRINT_LIVE : 0));
    fwrite(str_text(&out), 1, out.len, stdout);
    return ST_DONE;
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), status;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    autoconverter struct converter c = { .arena = a, .program = program.name, .root = &root };
    if (!root_init(&root, a, cli.uri, &e))
        return cli_fail(&e);
    c.env = (struct caps_env){ .cache_dir = root.dir[ROOT_PROBES], .bindirs = bindirs.v, .n_bindirs = bindirs.n, .emulator = emulator };
    for (size_t i = 0; i < caps_files.n; i++)
        if (!converter_caps_file(&c, caps_files.v[i], &e))
            return cli_fail(&e);
    cli_reading("domain XML", argc - first, argv + first);
    if (!converter_enter(&c, argv + first, argc - first, &status, &e))
        return e.status ? cli_fail(&e) : status;
    int worst = ST_DONE;
    for (size_t i = 0; i < c.inputs.n; i++) {
        int s = expand(&c, &root, c.inputs.v[i]);
        worst = worst ? worst : s;
    }
    return cli_done(worst);
}
