/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/checks.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"

static const struct check_rule *const families[] = { general_rules, device_rules, bus_rules };

void check_fail(struct check *c, const struct meta *at, const char *fmt, ...)
{
    if (c->found->len)
        str_addc(c->found, '\n');
    if (c->p->file)
        str_addf(c->found, "%s:", c->p->file);
    if (at && at->line)
        str_addf(c->found, "%d:", at->line);
    if (c->found->len && str_text(c->found)[c->found->len - 1] == ':')
        str_addc(c->found, ' ');
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    str_addf(c->found, "%s (rule %s)", text, c->rule);
}

bool domain_check(const struct domain *d, struct parse *p)
{
    autostr struct str found = STR_INIT;
    struct check c = { .d = d, .p = p, .found = &found };
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (const struct check_rule *r = families[f]; r->name; r++) {
            c.rule = r->name;
            r->run(&c);
        }
    return found.len == 0 || err_set(p->err, ST_FAILED, "%s", found.p);
}
