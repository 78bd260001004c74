#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016
# On a host that systemd runs a guest's control group is a scope of its: with tests/fake-systemd in its place.
load ../helpers

setup() {
    helpers_setup
    requires root
    requires system
    requires dbus-daemon
    /usr/bin/python3 -c 'import dbus, dbus.mainloop.glib; from gi.repository import GLib' 2>/dev/null ||
        skip "needs python3-dbus and python3-gi"
    [ -e /usr/include/systemd/sd-bus.h ] || skip "needs libsystemd-dev"
    MOUNT=$(awk '/ - cgroup2 / { at = $5 } END { print at }' /proc/self/mountinfo)
    [ -n "$MOUNT" ] || skip "needs a mounted cgroup2"
    mkdir -p /run/systemd/system
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$T/bus
}
systemd() {
    "$TOP/tests/fake-systemd" "$T/bus" "$MOUNT" "$@" >"$T/said" 3>&- &
    wait_for grep -q ready "$T/said"
}
pid_of() { sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/$1/journal"; }
own_group() { sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup"; }

@test "a guest is in a scope of machine.slice that systemd made, and both are gone after stop" {
    systemd
    fake_guest web
    ok vm-start web
    at=$(own_group web)
    same "${at#*/machine.slice/}" "$(awk '/^start machine/ { print $2 }' said)/libvirt"
    contains "$(cat said)" " fail machine.slice Delegate=True PIDs=1"
    contains "$(cat said)" "start vmutils-reap-"
    contains "$at" '/machine-qemu\x2dweb\x2d'
    same "$(cg-acl --path web | grep "^$MOUNT/")" "$MOUNT/machine.slice/${at#*/machine.slice/}"
    ok cg-acl --show web
    contains "$out" "c     1      3      rwm     v2"
    must_fail 4 cg-acl --remove web
    contains "$err" "is systemd's, and goes with the guest"
    ok vm-stop --force web
    wait_for eval '[ ! -e "$MOUNT/machine.slice/${at#*/machine.slice/}" ]'
    ok vm-start web
    ok vm-stop --force web
}

@test "who was first in the scope has left it when the guest runs" {
    systemd
    fake_guest web
    ok vm-start web
    at=$(own_group web)
    scope=$MOUNT/machine.slice/${at#*/machine.slice/}
    wait_for eval '[ -z "$(cat "${scope%/libvirt}/start/cgroup.procs")" ]'
    same "$(cat "${scope%/libvirt}/cgroup.procs")" ""
    same "$(cat "$scope/cgroup.procs")" "$(pid_of web)"
    ok vm-stop --force web
}

@test "<resource>: the partition is a slice" {
    systemd
    fake_guest web "" "" "<resource><partition>/prod/blue-1</partition></resource>"
    ok vm-start web
    contains "$(own_group web)" '/prod.slice/prod-blue\x2d1.slice/machine-qemu\x2dweb\x2d'
    ok vm-stop --force web
}

@test "kill -9 of QEMU: nothing of the scope is left" {
    systemd
    fake_guest web
    ok vm-start --no-reap web
    at=$(own_group web)
    kill -9 "$(pid_of web)"
    wait_for eval 'vm-reap --all && [ ! -e "$ROOT/lib/vmutils/web/journal" ]'
    [ ! -e "$MOUNT/machine.slice/${at#*/machine.slice/}" ]
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
}

@test "systemd says no: the start fails with its words and leaves nothing" {
    systemd refuse
    fake_guest web
    must_fail 1 vm-start web
    contains "$err" "systemd did not make machine-qemu" "Interactive authentication required."
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
}

@test "a job that fails is a start that fails" {
    systemd fail
    fake_guest web
    must_fail 1 vm-start web
    contains "$err" "its job ended with 'failed'"
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
}

@test "without a bus the groups are directories, with a notice" {
    fake_guest web
    ok vm-start web
    contains "$err" "control groups beside systemd's: there is no system bus"
    contains "$(own_group web)" "/libvirt/qemu-"
    ok vm-stop --force web
}

@test "a bus that never answers: the start ends in time" {
    python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
time.sleep(60)' "$T/bus" 3>&- &
    wait_for test -S bus
    fake_guest web
    must_fail any timeout 60 vm-start web
    contains "$err" "systemd did not make"
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
}
