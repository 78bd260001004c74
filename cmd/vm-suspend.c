/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steer.h"

static const struct cli_program program = { "vm-suspend", "GUEST…", "stops the processors of running guests", options, CLI_URI | CLI_WAIT | CLI_GUEST };

int main(int argc, char **argv)
{
    return steer_main(&program, STEER_SUSPEND, argc, argv);
}
