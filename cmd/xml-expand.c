/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert.h"
#include "run/firmware.h"

static bool live;
static const struct cli_option options[] = {
    { "live", 0, NULL, CLI_FLAG, &live, "print the devices' ids on the command line too" },
    CONVERT_OPTIONS,
};
static const struct cli_program program = {
    "xml-expand", "[FILE…]", "prints domain XML documents with every default, controller and address filled in", options, CLI_URI,
};

static bool expand(struct converter *c, const struct root *root, struct domain *d, struct caps *caps, struct parse *p, struct str *out)
{
    (void)c, (void)caps;
    firmware_nvram(d, root->dir[ROOT_NVRAM], p->arena);
    domain_print(d, out, PRINT_SECRETS | (live ? PRINT_LIVE : 0));
    return true;
}

int main(int argc, char **argv)
{
    int first = cli_parse(&program, argc, argv);
    return convert_all(&program, first, argc, argv, expand);
}
