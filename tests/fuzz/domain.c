/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libFuzzer entry: a document is read, printed, read again, completed and made a command line. */
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "domain/alias.h"
#include "domain/expand.h"
#include "qemu/argv.h"
#include "qemu/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t n)
{
    static struct caps *caps;
    autoarena struct arena *a = arena_new();
    autostr struct str once = STR_INIT;
    autostr struct str twice = STR_INIT;
    struct err e = { 0 };
    struct notes notes = { .arena = a };
    struct parse p = { .arena = a, .file = "-", .notes = &notes, .err = &e };
    struct command command = { .notes = &notes };
    if (!caps && !(caps = caps_read("tests/data/caps/x86_64-tcg.caps", &e)))
        abort();
    struct domain *d = domain_parse((const char *)text, n, &p);
    if (!d)
        return 0;
    domain_print(d, &once, PRINT_SECRETS | PRINT_LIVE);
    struct domain *again = domain_parse(str_text(&once), once.len, &p);
    if (!again)
        abort(); /* what was printed must be readable */
    domain_print(again, &twice, PRINT_SECRETS | PRINT_LIVE);
    if (!streq(str_text(&once), str_text(&twice)))
        abort(); /* and mean the same */
    struct emulator_facts facts = facts_of_caps(caps);
    if (domain_expand(d, &facts, &p)) {
        domain_assign_aliases(d, a);
        argv_build(d, caps, NULL, a, &command, &e);
    }
    return 0;
}
