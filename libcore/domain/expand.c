/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/expand.h"

#include "domain/checks.h"
#include "domain/expand_private.h"
#include "domain/os.h"

static bool (*const passes[])(struct expansion *) = {
    expand_machine,      expand_general, expand_cpu, expand_devices,         expand_console,    expand_implicit,
    expand_controllers,  expand_drives,  expand_machine_controllers,         expand_needed_controllers,
    expand_serial_ports, expand_bus,     expand_pci, expand_usb,             expand_console_address,
    expand_disk_order,
};

bool domain_expand(struct domain *d, const struct emulator_facts *f, struct parse *p)
{
    struct expansion x = { .d = d, .f = f, .p = p };
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
        if (!passes[i](&x))
            return false;
    return domain_check(d, p);
}

static const char *machine_name(const struct expansion *x, const char *name)
{
    return x->f->machine ? x->f->machine(x->f->data, name) : name;
}

bool expand_machine(struct expansion *x)
{
    struct domain_os *os = x->d->os;
    if (!os->type)
        os->type = "hvm";
    if (!x->d->devices->emulator)
        x->d->devices->emulator = x->f->emulator;
    const char *pinned = machine_name(x, os->machine);
    if (!pinned && os->machine)
        return parse_error(x->p, os->meta.line, "<os> machine '%s': the emulator %s has no such machine type",
                           os->machine, x->d->devices->emulator ? x->d->devices->emulator : "");
    if (pinned)
        os->machine = arena_strdup(x->p->arena, pinned);
    x->m = machine_of(os->arch, os->machine);
    return true;
}
