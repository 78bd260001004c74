/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qemu/facts.h"

#include <strings.h>
#include <string.h>

static const char *machine(void *data, const char *name)
{
    const struct caps_machine *m = caps_machine(data, name);
    return m ? m->name : NULL;
}

/* "power9_v2.0-powerpc64-cpu" is known to users as POWER9: the shortest model of that type. */
static const char *model_of_type(struct caps *c, const char *type)
{
    size_t at = 0;
    const char *name, *value, *best = NULL;
    while (caps_each(c, "cpu", &at, &name, &value)) {
        const struct caps_cpu *cpu = caps_cpu(c, name);
        if (cpu && streq(cpu->type, type) && (!best || strlen(name) < strlen(best)))
            best = name;
    }
    return best;
}

/* Documents write POWER9 where QEMU says power9. */
static const char *const power_models[] = { "POWER6", "POWER7", "POWER8", "POWER9", "POWER10" };

static const char *default_cpu(void *data, const char *name)
{
    const struct caps_machine *m = caps_machine(data, name);
    const char *model = m && m->cpu_type ? model_of_type(data, m->cpu_type) : NULL;
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
