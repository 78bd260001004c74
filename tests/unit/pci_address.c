/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcore/domain/pci_address: where devices go. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "domain/pci_address.h"
#include "suite.h"

static struct arena *arena;
static struct err err;

static void setup(void)
{
    arena = arena_new();
    err = (struct err){ 0 };
}

static void teardown(void)
{
    arena_free(arena);
}

enum { DEVICE = PCI_CONVENTIONAL | PCI_AUTO, EXPRESS = PCI_EXPRESS | PCI_AUTO };

static struct pci_set *set_with(enum controller_model root)
{
    struct pci_set *s = pci_set_new(arena, 0);
    ck_assert(pci_set_bus(s, 0, root, &err));
    return s;
}

static struct pci_place next(struct pci_set *s, unsigned flags)
{
    struct pci_place p = { 0 };
    ck_assert_msg(pci_reserve_next(s, flags, PCI_ANY_FUNCTION, 0, &p, &err), "%s", err.text);
    return p;
}

static void assert_place(struct pci_place p, unsigned bus, unsigned slot, unsigned function)
{
    ck_assert_uint_eq(p.bus, bus);
    ck_assert_uint_eq(p.slot, slot);
    ck_assert_uint_eq(p.function, function);
}

START_TEST(first_free_slot_is_taken)
{
    struct pci_set *s = set_with(MODEL_PCI_ROOT);
    ck_assert(pci_reserve(s, (struct pci_place){ 0, 2, 0 }, DEVICE, true, 0, &err));
    assert_place(next(s, DEVICE), 0, 1, 0);
    assert_place(next(s, DEVICE), 0, 3, 0);
}
END_TEST

START_TEST(same_function_cannot_be_taken_twice)
{
    struct pci_set *s = set_with(MODEL_PCI_ROOT);
    struct pci_place p = { 0, 5, 0 };
    ck_assert(pci_reserve(s, p, DEVICE, true, 0, &err));
    ck_assert(!pci_reserve(s, p, DEVICE, true, 0, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "0000:00:05.0 is used twice"));
}
END_TEST

START_TEST(other_functions_of_a_slot_can_be_given)
{
    struct pci_set *s = set_with(MODEL_PCI_ROOT);
    ck_assert(pci_reserve(s, (struct pci_place){ 0, 5, 0 }, DEVICE, true, 0, &err));
    ck_assert(pci_reserve(s, (struct pci_place){ 0, 5, 7 }, DEVICE, true, 0, &err));
}
END_TEST

/* bus, slot and function that are out of range on a pci-root */
static const struct pci_place outside[] = { { 0, 0, 0 }, { 0, 32, 0 }, { 0, 4, 8 }, { 1, 1, 0 }, { 255, 1, 0 }, { 70000, 1, 0 } };

START_TEST(places_out_of_range_are_refused)
{
    struct pci_set *s = set_with(MODEL_PCI_ROOT);
    ck_assert(!pci_reserve(s, outside[_i], DEVICE, true, 0, &err));
    ck_assert_int_eq(err.status, ST_FAILED);
}
END_TEST

START_TEST(root_ports_share_a_slot)
{
    struct pci_set *s = set_with(MODEL_PCIE_ROOT);
    unsigned port = pci_controller_flags(MODEL_PCIE_ROOT_PORT);
    for (unsigned f = 0; f < 8; f++)
        assert_place(next(s, port), 0, 1, f);
    assert_place(next(s, port), 0, 2, 0);
}
END_TEST

START_TEST(root_ports_keep_off_slots_of_other_devices)
{
    struct pci_set *s = set_with(MODEL_PCIE_ROOT);
    ck_assert(pci_reserve(s, (struct pci_place){ 0, 1, 0 }, PCI_CONVENTIONAL, true, 0, &err));
    assert_place(next(s, pci_controller_flags(MODEL_PCIE_ROOT_PORT)), 0, 2, 0);
}
END_TEST

START_TEST(express_devices_get_root_ports)
{
    struct pci_set *s = set_with(MODEL_PCIE_ROOT);
    s->may_grow = true;
    assert_place(next(s, EXPRESS), 1, 0, 0);
    assert_place(next(s, EXPRESS), 2, 0, 0);
    ck_assert_int_eq(s->buses[1].model, MODEL_PCIE_ROOT_PORT);
}
END_TEST

START_TEST(conventional_devices_get_one_bridge_behind_a_root_port)
{
    struct pci_set *s = set_with(MODEL_PCIE_ROOT);
    s->may_grow = true;
    assert_place(next(s, DEVICE), 2, 1, 0);
    assert_place(next(s, DEVICE), 2, 2, 0);
    ck_assert_int_eq(s->buses[1].model, MODEL_PCIE_ROOT_PORT);
    ck_assert_int_eq(s->buses[2].model, MODEL_PCIE_TO_PCI_BRIDGE);
}
END_TEST

START_TEST(a_full_conventional_bus_gets_a_bridge)
{
    struct pci_set *s = set_with(MODEL_PCI_ROOT);
    s->may_grow = true;
    for (int i = 0; i < 31; i++)
        next(s, DEVICE);
    assert_place(next(s, DEVICE), 1, 1, 0);
    ck_assert_int_eq(s->buses[1].model, MODEL_PCI_BRIDGE);
}
END_TEST

START_TEST(nothing_grows_unless_it_may)
{
    struct pci_set *s = set_with(MODEL_PCIE_ROOT);
    struct pci_place p;
    ck_assert(!pci_reserve_next(s, EXPRESS, PCI_ANY_FUNCTION, 0, &p, &err));
    ck_assert_uint_eq(s->n, 1);
}
END_TEST

START_TEST(switch_ports_are_not_added_by_themselves)
{
    struct pci_set *s = set_with(MODEL_PCIE_ROOT);
    struct pci_place p;
    s->may_grow = true;
    ck_assert(!pci_reserve_next(s, pci_controller_flags(MODEL_PCIE_SWITCH_DOWNSTREAM), PCI_ANY_FUNCTION, 0, &p, &err));
}
END_TEST

START_TEST(there_is_an_end_to_buses)
{
    struct pci_set *s = set_with(MODEL_PCIE_ROOT);
    struct pci_place p;
    int n = 0;
    s->may_grow = true;
    while (pci_reserve_next(s, EXPRESS, PCI_ANY_FUNCTION, 0, &p, &err))
        n++;
    ck_assert_int_gt(n, 200);
    ck_assert_int_le(n, PCI_MAX_BUSES);
}
END_TEST

START_TEST(given_addresses_mix_conventional_and_express)
{
    struct pci_set *s = set_with(MODEL_PCIE_ROOT);
    ck_assert(pci_set_bus(s, 1, MODEL_PCIE_ROOT_PORT, &err));
    ck_assert(pci_reserve(s, (struct pci_place){ 1, 0, 0 }, DEVICE, true, 0, &err));
    ck_assert(pci_reserve(s, (struct pci_place){ 0, 9, 0 }, EXPRESS, true, 0, &err));
}
END_TEST

START_TEST(bridges_need_a_bus_that_takes_them)
{
    struct pci_set *s = set_with(MODEL_PCI_ROOT);
    ck_assert(!pci_reserve(s, (struct pci_place){ 0, 3, 0 }, pci_controller_flags(MODEL_PCIE_ROOT_PORT), true, 0, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "a controller that accepts a pcie-root-port"));
}
END_TEST

START_TEST(isolation_groups_do_not_share_a_bus)
{
    struct pci_set *s = set_with(MODEL_PCI_ROOT);
    struct pci_place p;
    s->may_grow = s->multiple_roots = true;
    next(s, DEVICE);
    ck_assert(pci_reserve_next(s, DEVICE, PCI_ANY_FUNCTION, 7, &p, &err));
    ck_assert_uint_eq(p.bus, 1);
    ck_assert(pci_reserve_next(s, DEVICE, PCI_ANY_FUNCTION, 7, &p, &err));
    ck_assert_uint_eq(p.bus, 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pci_address");
    TCase *t = tcase_create("pci_address");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, first_free_slot_is_taken);
    tcase_add_test(t, same_function_cannot_be_taken_twice);
    tcase_add_test(t, other_functions_of_a_slot_can_be_given);
    tcase_add_loop_test(t, places_out_of_range_are_refused, 0, sizeof outside / sizeof *outside);
    tcase_add_test(t, root_ports_share_a_slot);
    tcase_add_test(t, root_ports_keep_off_slots_of_other_devices);
    tcase_add_test(t, express_devices_get_root_ports);
    tcase_add_test(t, conventional_devices_get_one_bridge_behind_a_root_port);
    tcase_add_test(t, a_full_conventional_bus_gets_a_bridge);
    tcase_add_test(t, nothing_grows_unless_it_may);
    tcase_add_test(t, switch_ports_are_not_added_by_themselves);
    tcase_add_test(t, there_is_an_end_to_buses);
    tcase_add_test(t, given_addresses_mix_conventional_and_express);
    tcase_add_test(t, bridges_need_a_bus_that_takes_them);
    tcase_add_test(t, isolation_groups_do_not_share_a_bus);
    suite_add_tcase(s, t);
    return run_suite(s);
}
