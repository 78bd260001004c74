# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# What tests of a guest's life look at: "load ../life" behind helpers.

# A defined guest of the QMP responder, for --bindir "$T"; BEHAVE says how it behaves.
fake() { # NAME DEVICES OTHER
    cp "$FAKE_QEMU" "$T/emulator"
    echo "${BEHAVE:-}" >"$T/emulator.conf"
    EMULATOR=$T/emulator domain "$@"
    vm-define -q --bindir "$T" -- "$T/$1.xml"
    STATE=$ROOT/lib/vmutils/$1
}

# journal KIND: the process that the guest's journal has for it (qemu, reap, …)
journal() { sed -n "s/^{\"$1\":{\"pid\":\([0-9]*\),.*/\1/p" "$STATE/journal"; }

is_off() { [ ! -e "$STATE/journal" ] && [ ! -e "$STATE/live.xml" ] && [ ! -e "$STATE/monitor.sock" ]; }
