#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# vm-autostart --start and --stop, as the machine's boot and shutdown run them.
load ../helpers

# Emulators of root's own need no --bindir.
three() {
    requires trust
    for g in one two three; do
        EMULATOR=$FAKE_QEMU guest $g
    done
    vm-autostart one three
}

@test "vm-autostart --start: starts those that are marked" {
    three
    ok vm-autostart --start
    same "$(vm-list --name | sort)" "$(printf 'one\nthree')"
    ok vm-autostart --start
    same "$out$err" ""
}

@test "vm-autostart --stop: stops those that are marked, and says how" {
    three
    ok vm-autostart --start
    ok vm-start two
    ok vm-autostart --stop
    same "$(sort <<<"$out")" "$(printf 'one: stopped (acpi)\nthree: stopped (acpi)')"
    same "$(vm-list --name)" two
}

@test "vm-autostart --start: one that fails does not keep the others off" {
    three
    rm "$ROOT/etc/qemu/one.xml"
    ln -s /nowhere "$ROOT/etc/qemu/one.xml"
    must_fail any vm-autostart --start
    same "$(vm-list --name)" three
}

@test "vm-autostart --start: no guests is no failure" {
    embed
    ok vm-autostart --start
    ok vm-autostart --stop
}
