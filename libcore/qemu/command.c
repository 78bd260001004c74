/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "qemu/argv.h"

const char *const command_format_names[COMMAND_FORMATS] = { "shell", "json", "nul", "lines" };

/* JSON takes any bytes above ' ' as they are; control characters, '"' and '\' are escaped. */
static void json_word(struct str *out, const char *word)
{
    str_addc(out, '"');
    for (const char *c = word; *c; c++) {
        if (*c == '"' || *c == '\\')
            str_addf(out, "\\%c", *c);
        else if ((unsigned char)*c < ' ' || *c == 0x7f)
            str_addf(out, "\\u%04x", (unsigned)*c);
        else
            str_addc(out, *c);
    }
    str_addc(out, '"');
}

static void word(struct str *out, enum command_format as, const char *text, bool first)
{
    switch (as) {
    case COMMAND_SHELL:
        if (!first)
            str_addc(out, ' ');
        str_add_shell(out, text);
        break;
    case COMMAND_JSON:
        str_add(out, first ? "[" : ", ");
        json_word(out, text);
        break;
    case COMMAND_NUL:
        str_addn(out, text, strlen(text) + 1);
        break;
    default:
        str_add(out, text);
        str_addc(out, '\n');
        break;
    }
}

/* In a shell line a variable is only one if its '=' stands outside quotes. */
static void variable(struct str *out, const char *text, bool first)
{
    size_t n = strcspn(text, "=");
    if (!first)
        str_addc(out, ' ');
    str_addn(out, text, n);
    str_addc(out, '=');
    if (text[n] && text[n + 1])
        str_add_shell(out, text + n + 1);
}

void command_print(const struct command *c, enum command_format as, struct str *out)
{
    bool first = true;
    for (size_t i = 0; i < c->env.n; i++, first = false)
        if (as == COMMAND_SHELL)
            variable(out, c->env.v[i], first);
        else
            word(out, as, c->env.v[i], first);
    word(out, as, c->emulator, first);
    for (size_t i = 0; i < c->args.n; i++)
        word(out, as, c->args.v[i], false);
    if (as == COMMAND_SHELL)
        str_addc(out, '\n');
    else if (as == COMMAND_JSON)
        str_add(out, "]\n");
}
