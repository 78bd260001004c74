/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/facts.h"

#include <strings.h>

static const char *machine(void *data, const char *name)
{
    const struct caps_machine *m = caps_machine(data, name);
    return m ? m->name : NULL;
}

/* Documents write POWER9 where QEMU says power9. */
static const char *const power_models[] = { "POWER6", "POWER7", "POWER8", "POWER9", "POWER10" };

static const char *default_cpu(void *data, const char *name)
{
    const struct caps_machine *m = caps_machine(data, name);
    const char *model = m && m->cpu_type ? caps_cpu_of_type(data, m->cpu_type) : NULL;
    for (size_t i = 0; model && i < sizeof power_models / sizeof *power_models; i++)
        if (strcasecmp(model, power_models[i]) == 0)
            return power_models[i];
    return model;
}

static bool has_device(void *data, const char *device)
{
    return caps_device(data, device);
}

struct emulator_facts facts_of_caps(struct caps *caps)
{
    return (struct emulator_facts){
        .emulator = caps_fact(caps, "emulator"),
        .kvm = caps_kvm(caps),
        .data = caps,
        .machine = machine,
        .default_cpu = default_cpu,
        .has_device = has_device,
    };
}
