#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# build: plain
# Any process of a guest's life killed at any of its system calls. make check-faults tries each.
load ../helpers
load ../faults

# Line of the trace from which on the state of the guest changes.
first_change() { grep -n -m1 '"lock", O_RDWR|O_CREAT' "$1" | cut -d: -f1; }

# The emulator's facts are in the cache from here on.
warm() { vm-start web && vm-stop --force web; }

@test "faults: vm-start and all that it starts" {
    requires strace
    fault_guest
    warm
    strace -f -D -qq -o trace vm-start web
    ok vm-stop --force web
    fault_points trace "$(first_change trace)" >points
    start_all() { inject "$1" "$2" -f vm-start web; }
    try_each 80 points start_all
}

@test "faults: vm-start alone" {
    requires strace
    fault_guest
    warm
    strace -f -D -qq -o trace vm-start web
    ok vm-stop --force web
    awk 'NR == 1 { pid = $1 } $1 == pid' trace >starter
    fault_points starter "$(first_change starter)" >points
    start_alone() { inject "$1" "$2" vm-start web; }
    try_each 80 points start_alone
}

@test "faults: vm-start with a helper, which does not end by itself" {
    requires strace
    requires swtpm
    requires swtpm_setup
    fault_guest "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
    warm
    strace -f -D -qq -o trace vm-start web
    ok vm-stop --force web
    fault_points trace "$(first_change trace)" >points
    no_swtpm() { ! pgrep -x -r R,S,D swtpm; }
    start_all() { inject "$1" "$2" -f vm-start web; }
    recovers() {
        case $(($1 % 2)) in 0) status_in 0 vm-reap --all ;; 1) status_in "0 4" vm-start web ;; esac || return 1
        status_in "0 4" vm-stop --force web && is_clean && wait_for no_swtpm
    }
    try_each 80 points start_all
}

@test "faults: vm-stop by ACPI" {
    requires strace
    fault_guest
    ok vm-start web
    strace -D -f -qq -o trace vm-stop web
    fault_points trace 1 >points
    stop_acpi() { vm-start web && inject "$1" "$2" vm-stop web; }
    try_each 80 points stop_acpi
}

@test "faults: vm-stop by force" {
    requires strace
    fault_guest
    ok vm-start web
    strace -D -f -qq -o trace vm-stop --force web
    fault_points trace 1 >points
    stop_force() { vm-start web && inject "$1" "$2" vm-stop --force web; }
    try_each 80 points stop_force
}

reaper() { sed -n 's/^{"reaper":{"pid":\([0-9]*\),.*/\1/p' "$STATE/journal"; }

# attach OUTPUT OPTIONS…: strace on vm-reap, attached when this returns.
attach() {
    local pid out=$1
    shift
    pid=$(reaper)
    strace -f -qq -o "$out" "$@" -p "$pid" >/dev/null 2>&1 &
    tracer=$!
    wait_for grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$pid/status"
}

@test "faults: vm-reap after the end of QEMU" {
    requires strace
    fault_guest
    ok vm-start web
    attach trace
    kill -9 "$(sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$STATE/journal")"
    wait "$tracer"
    is_clean
    fault_points trace 1 >points
    reap() {
        vm-start web && attach /dev/null -e trace="$1" -e inject="$1:signal=KILL:when=$2"
        kill -9 "$(sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$STATE/journal")"
    }
    try_each 80 points reap
}

@test "faults: a real QEMU and all that starts it" {
    requires strace
    requires qemu-system-x86_64
    EMULATOR=$(command -v qemu-system-x86_64) fault_guest
    ok vm-start --paused web
    ok vm-stop --force web
    strace -f -D -qq -o trace vm-start --paused web
    ok vm-stop --force web
    fault_points trace "$(first_change trace)" >points
    start_real() { inject "$1" "$2" -f vm-start --paused web; }
    recovers() { # the guest has nothing to shut down with
        case $(($1 % 2)) in 0) status_in 0 vm-reap --all ;; 1) status_in "0 4" vm-start --paused web ;; esac || return 1
        status_in "0 4" vm-stop --force web && is_clean
    }
    every=200
    [ "${FAULTS:-}" != all ] || every=20
    FAULTS='' try_each $every points start_real
}
