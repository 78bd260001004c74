/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/cli.h"
#include "host/root.h"
#include "qemu/argv.h"
#include "run/converter.h"

static const char *format = "shell", *emulator;
static struct cli_list caps_files, bindirs;
static bool standalone, strict;
static const struct cli_option options[] = {
    { "format", 'f', "shell|json|nul|lines", CLI_TEXT, &format, "how the words are printed" },
    { "standalone", 0, NULL, CLI_FLAG, &standalone, "a line that a person can run: not paused, no inherited descriptors" },
    { "caps", 0, "FILE", CLI_LIST, &caps_files, "take an emulator's facts from FILE (caps-probe --export), ask none" },
    { "emulator", 'e', "PATH", CLI_TEXT, &emulator, "use this emulator in place of the document's" },
    { "bindir", 0, "DIR", CLI_LIST, &bindirs, "look for emulators in DIR too, and trust those that are there" },
    { "strict", 0, NULL, CLI_FLAG, &strict, "unknown elements and attributes are errors" },
    CLI_END,
};
static const struct cli_program program = {
    "xml-to-argv", "[FILE…]", "prints the QEMU command line of domain XML documents", options, CLI_URI,
};

static int print(const struct command *c, enum command_format as)
{
    autostr struct str out = STR_INIT;
    command_print(c, as, &out);
    fwrite(str_text(&out), 1, out.len, stdout);
    return ST_DONE;
}

static int convert(struct converter *c, const struct root *root, const struct input *in, enum command_format as)
{
    autoarena struct arena *a = arena_new();
    struct err e = { 0 };
    struct notes notes = { .arena = a };
    struct command command = { .notes = &notes };
    struct argv_options o = { .file = in->name, .standalone = standalone, .monitor_fd = -1, .sandbox = true, .lib_dir = root->dir[ROOT_LIB] };
    if (!in->text)
        return cli_fail(&in->err);
    struct parse p = { .arena = a, .file = in->name, .notes = &notes, .err = &e, .strict = strict };
    struct caps *caps;
    struct domain *d = converter_domain(c, in, emulator, &p, &caps);
    bool ok = d && converter_firmware(c, d, root->dir[ROOT_NVRAM], a, &e) && argv_build(d, caps, &o, a, &command, &e);
    cli_notes(&notes);
    return ok ? print(&command, as) : cli_fail(&e);
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv), status;
    struct err e = { 0 };
    autoarena struct arena *a = arena_new();
    struct root root;
    autoconverter struct converter c = { .arena = a, .program = program.name, .root = &root };
    int as = name_index(command_format_names, COMMAND_FORMATS, format);
    if (as < 0)
        cli_usage("--format %s: not one of shell, json, nul, lines", format);
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
        int s = convert(&c, &root, c.inputs.v[i], (enum command_format)as);
        worst = worst ? worst : s;
    }
    return cli_done(worst);
}
