/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert.h"
#include "qemu/argv.h"

static const char *format = "shell";
static bool standalone;
static const struct cli_option options[] = {
    { "format", 'f', "shell|json|nul|lines", CLI_TEXT, &format, "how the words are printed" },
    { "standalone", 0, NULL, CLI_FLAG, &standalone, "a line that a person can run: not paused, no inherited descriptors" },
    CONVERT_OPTIONS,
};
static const struct cli_program program = {
    "xml-to-argv", "[FILE…]", "prints the QEMU command line of domain XML documents", options, CLI_URI,
};
static int as;

static bool to_argv(struct converter *c, const struct root *root, struct domain *d, struct caps *caps, struct parse *p, struct str *out)
{
    struct command command = { .notes = p->notes };
    struct argv_options o = { .file = p->file, .standalone = standalone, .monitor_fd = -1, .sandbox = true, .lib_dir = root->dir[ROOT_LIB] };
    if (!converter_firmware(c, d, root->dir[ROOT_NVRAM], p->arena, p->err) ||
        !argv_build(d, caps, &o, p->arena, &command, p->err))
        return false;
    command_print(&command, (enum command_format)as, out);
    return true;
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    as = name_index(command_format_names, COMMAND_FORMATS, format);
    if (as < 0)
        cli_usage("--format %s: not one of shell, json, nul, lines", format);
    return convert_all(&program, first, argc, argv, to_argv);
}
