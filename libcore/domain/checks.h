/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_CHECKS_H
#define DOMAIN_CHECKS_H

#include "domain/domain.h"

/* Rules that a complete domain keeps, each with a name by which tests and messages know it. Rules that
 * one value alone can break are in the vocabulary's tables; here is what concerns several. */

struct check {
    const struct domain *d;
    const struct parse *p;
    const char *rule; /* the one that runs */
    struct str *found;
};

struct check_rule {
    const char *name;
    void (*run)(struct check *c);
};
/* Families of rules; ends with an empty name. */
extern const struct check_rule general_rules[], device_rules[], bus_rules[];

/* One violation: "FILE:LINE: message (rule NAME)"; line 0 leaves the line out. */
void check_fail(struct check *c, const struct meta *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Runs all rules; false with all violations in p->err, one a line. */
bool domain_check(const struct domain *d, struct parse *p);

#endif
