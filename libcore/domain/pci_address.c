/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/pci_address.h"

#include <string.h>

static const struct model_rule {
    enum controller_model model;
    unsigned takes, needs;
    unsigned char min_slot, max_slot;
} rules[] = {
    { MODEL_PCI_ROOT, PCI_CONVENTIONAL | PCI_TAKES_BRIDGE | PCI_TAKES_EXPANDER | PCI_AUTO, 0, 1, 31 },
    { MODEL_PCI_BRIDGE, PCI_CONVENTIONAL | PCI_TAKES_BRIDGE | PCI_AUTO, PCI_TAKES_BRIDGE, 1, 31 },
    { MODEL_PCI_EXPANDER_BUS, PCI_CONVENTIONAL | PCI_TAKES_BRIDGE, PCI_TAKES_EXPANDER, 0, 31 },
    { MODEL_PCIE_ROOT,
      PCI_EXPRESS | PCI_CONVENTIONAL | PCI_TAKES_ROOT_PORT | PCI_TAKES_DMI_BRIDGE | PCI_TAKES_PCIE_BRIDGE |
          PCI_TAKES_PCIE_EXPANDER,
      0, 1, 31 },
    { MODEL_DMI_TO_PCI_BRIDGE, PCI_CONVENTIONAL | PCI_TAKES_BRIDGE, PCI_TAKES_DMI_BRIDGE, 0, 31 },
    { MODEL_PCIE_TO_PCI_BRIDGE, PCI_CONVENTIONAL | PCI_TAKES_BRIDGE | PCI_AUTO, PCI_TAKES_PCIE_BRIDGE | PCI_AUTO, 1,
      31 },
    { MODEL_PCIE_ROOT_PORT, PCI_EXPRESS | PCI_TAKES_UPSTREAM | PCI_TAKES_PCIE_BRIDGE | PCI_AUTO,
      PCI_TAKES_ROOT_PORT | PCI_AGGREGATE, 0, 0 },
    { MODEL_PCIE_SWITCH_UPSTREAM, PCI_TAKES_DOWNSTREAM, PCI_TAKES_UPSTREAM, 0, 31 },
    { MODEL_PCIE_SWITCH_DOWNSTREAM, PCI_EXPRESS | PCI_TAKES_UPSTREAM | PCI_TAKES_PCIE_BRIDGE | PCI_AUTO,
      PCI_TAKES_DOWNSTREAM, 0, 0 },
    { MODEL_PCIE_EXPANDER_BUS, PCI_TAKES_ROOT_PORT | PCI_TAKES_DMI_BRIDGE, PCI_TAKES_PCIE_EXPANDER, 0, 31 },
};

/* What a bus must accept, for messages; the first bit that a device has counts. */
static const struct {
    unsigned flag;
    const char *what;
} kind_words[] = {
    { PCI_CONVENTIONAL, "a conventional PCI device" },
    { PCI_EXPRESS, "a PCI Express device" },
    { PCI_TAKES_BRIDGE, "a pci-bridge" },
    { PCI_TAKES_ROOT_PORT, "a pcie-root-port" },
    { PCI_TAKES_UPSTREAM, "a pcie-switch-upstream-port" },
    { PCI_TAKES_DOWNSTREAM, "a pcie-switch-downstream-port" },
    { PCI_TAKES_DMI_BRIDGE, "a dmi-to-pci-bridge" },
    { PCI_TAKES_PCIE_BRIDGE, "a pcie-to-pci-bridge" },
    { PCI_TAKES_EXPANDER, "a pci-expander-bus" },
    { PCI_TAKES_PCIE_EXPANDER, "a pcie-expander-bus" },
};

static const char *kind_word(unsigned flags)
{
    for (size_t i = 0; i < sizeof kind_words / sizeof *kind_words; i++)
        if (flags & kind_words[i].flag)
            return kind_words[i].what;
    return "such a device";
}

static const struct model_rule *rule_of(enum controller_model model)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].model == model)
            return &rules[i];
    return NULL;
}

unsigned pci_bus_flags(enum controller_model model)
{
    const struct model_rule *r = rule_of(model);
    return r ? r->takes : 0;
}

unsigned pci_controller_flags(enum controller_model model)
{
    const struct model_rule *r = rule_of(model);
    return r ? r->needs : 0;
}

struct pci_set *pci_set_new(struct arena *a, size_t n)
{
    struct pci_set *s = arena_alloc(a, sizeof *s);
    s->arena = a;
    s->buses = arena_array(a, PCI_MAX_BUSES, sizeof *s->buses);
    s->n = n;
    return s;
}

bool pci_set_bus(struct pci_set *s, size_t index, enum controller_model model, struct err *e)
{
    const struct model_rule *r = rule_of(model);
    if (!r)
        return err_set(e, ST_FAILED, "PCI controller %zu has no model that a bus can have", index);
    if (index >= PCI_MAX_BUSES)
        return err_set(e, ST_FAILED, "PCI controller index %zu is above %d", index, PCI_MAX_BUSES - 1);
    if (index >= s->n)
        s->n = index + 1;
    struct pci_bus *b = &s->buses[index];
    if (b->model != MODEL_UNSET)
        return err_set(e, ST_FAILED, "two PCI controllers have index %zu", index);
    b->model = model;
    b->flags = r->takes;
    b->min_slot = r->min_slot;
    b->max_slot = r->max_slot;
    return true;
}

static bool accepts(const struct pci_bus *b, unsigned flags, bool from_config)
{
    unsigned takes = b->flags;
    if (from_config) {
        if (takes & (PCI_CONVENTIONAL | PCI_EXPRESS))
            takes |= PCI_CONVENTIONAL | PCI_EXPRESS;
        takes |= PCI_AUTO;
    }
    return (takes & flags & PCI_KINDS) && (!(flags & PCI_AUTO) || (takes & PCI_AUTO));
}

static bool in_range(const struct pci_set *s, struct pci_place p, struct err *e)
{
    if (p.bus >= s->n || s->buses[p.bus].model == MODEL_UNSET)
        return err_set(e, ST_FAILED, "PCI address 0000:%02x:%02x.%x: there is no PCI controller with index %u", p.bus,
                       p.slot, p.function, p.bus);
    const struct pci_bus *b = &s->buses[p.bus];
    if (p.slot < b->min_slot || p.slot > b->max_slot)
        return err_set(e, ST_FAILED, "PCI address 0000:%02x:%02x.%x: slots of the %s with index %u go from %u to %u",
                       p.bus, p.slot, p.function, enum_name(controller_model_names, b->model), p.bus, b->min_slot,
                       b->max_slot);
    if (p.function > 7)
        return err_set(e, ST_FAILED, "PCI address 0000:%02x:%02x.%x: function must be 0 to 7", p.bus, p.slot, p.function);
    return true;
}

bool pci_reserve(struct pci_set *s, struct pci_place p, unsigned flags, bool from_config, long group, struct err *e)
{
    if (!in_range(s, p, e))
        return false;
    struct pci_bus *b = &s->buses[p.bus];
    if (!accepts(b, flags, from_config))
        return err_set(e, ST_FAILED,
                       "PCI address 0000:%02x:%02x.%x: the %s with index %u takes no such device; "
                       "it needs a controller that accepts %s",
                       p.bus, p.slot, p.function, enum_name(controller_model_names, b->model), p.bus, kind_word(flags));
    struct pci_slot *slot = &b->slots[p.slot];
    if (slot->functions & (1u << p.function))
        return err_set(e, ST_FAILED, "PCI address 0000:%02x:%02x.%x is used twice", p.bus, p.slot, p.function);
    slot->aggregate = (flags & PCI_AGGREGATE) && (slot->functions == 0 || slot->aggregate);
    slot->functions |= (unsigned char)(1u << p.function);
    if (!b->group_locked)
        b->group = group;
    b->group_locked = true;
    return true;
}

void pci_reserve_slot(struct pci_set *s, struct pci_place p)
{
    if (p.bus < s->n && p.slot < 32)
        s->buses[p.bus].slots[p.slot].functions = 0xff;
}

bool pci_slot_used(const struct pci_set *s, struct pci_place p)
{
    return p.bus < s->n && p.slot < 32 && s->buses[p.bus].slots[p.slot].functions != 0;
}

/* Index of the first free function that may be had in the slot, -1 without. */
static int free_function(const struct pci_slot *slot, unsigned flags, int function)
{
    if (slot->functions == 0)
        return function == PCI_ANY_FUNCTION ? 0 : function;
    if (!(flags & PCI_AGGREGATE) || !slot->aggregate)
        return -1;
    for (int f = function == PCI_ANY_FUNCTION ? 0 : function; f < 8; f++) {
        if (!(slot->functions & (1u << f)))
            return f;
        if (function != PCI_ANY_FUNCTION)
            return -1;
    }
    return -1;
}

static bool find_on_bus(const struct pci_set *s, size_t bus, unsigned flags, int function, struct pci_place *place)
{
    const struct pci_bus *b = &s->buses[bus];
    if (b->model == MODEL_UNSET || !accepts(b, flags, false))
        return false;
    for (unsigned slot = b->min_slot; slot <= b->max_slot; slot++) {
        int f = free_function(&b->slots[slot], flags, function);
        if (f >= 0) {
            *place = (struct pci_place){ (unsigned)bus, slot, (unsigned)f };
            return true;
        }
    }
    return false;
}

static bool any_bus_takes(const struct pci_set *s, unsigned flags)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->buses[i].flags & flags)
            return true;
    return false;
}

/* Which controller makes room for a device with flags; MODEL_UNSET: none can be added for it. */
static enum controller_model new_bus_model(const struct pci_set *s, unsigned flags)
{
    bool express = s->n > 0 && s->buses[0].model == MODEL_PCIE_ROOT;
    if (flags & (PCI_CONVENTIONAL | PCI_TAKES_BRIDGE)) {
        if (s->multiple_roots)
            return MODEL_PCI_ROOT;
        if (!express)
            return MODEL_PCI_BRIDGE;
        return any_bus_takes(s, PCI_TAKES_BRIDGE) ? MODEL_PCI_BRIDGE : MODEL_PCIE_TO_PCI_BRIDGE;
    }
    if (express && (flags & (PCI_EXPRESS | PCI_TAKES_UPSTREAM | PCI_TAKES_PCIE_BRIDGE)))
        return MODEL_PCIE_ROOT_PORT;
    return MODEL_UNSET;
}

static bool grow(struct pci_set *s, unsigned flags, size_t *bus, struct err *e)
{
    enum controller_model model = new_bus_model(s, flags);
    if (model == MODEL_UNSET)
        return err_set(e, ST_FAILED, "there is no free PCI slot for %s, and none can be added for it", kind_word(flags));
    if (s->n + 2 > PCI_MAX_BUSES)
        return err_set(e, ST_FAILED, "there are more devices than %d PCI buses have room for", PCI_MAX_BUSES);
    if (model == MODEL_PCIE_TO_PCI_BRIDGE && !pci_set_bus(s, s->n, MODEL_PCIE_ROOT_PORT, e))
        return false; /* the bridge sits in a root port of its own */
    *bus = s->n;
    return pci_set_bus(s, s->n, model, e);
}

bool pci_reserve_next(struct pci_set *s, unsigned flags, int function, long group, struct pci_place *place,
                      struct err *e)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->buses[i].group == group && find_on_bus(s, i, flags, function, place))
            return pci_reserve(s, *place, flags, false, group, e);
    /* A bus that nobody uses yet may become the group's own. */
    for (size_t i = 0; group && i < s->n; i++)
        if (!s->buses[i].group_locked && find_on_bus(s, i, flags, function, place)) {
            s->buses[i].group = group;
            return pci_reserve(s, *place, flags, false, group, e);
        }
    if (!s->may_grow)
        return err_set(e, ST_FAILED, "there is no free PCI slot for %s", kind_word(flags));
    size_t bus = 0;
    if (!grow(s, flags, &bus, e))
        return false;
    s->buses[bus].group = group;
    *place = (struct pci_place){ (unsigned)bus, s->buses[bus].min_slot, function == PCI_ANY_FUNCTION ? 0 : (unsigned)function };
    return pci_reserve(s, *place, flags, false, group, e);
}
