#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# build: plain
# Any process of a guest's life killed at any of its system calls. make check-faults tries each.
load ../helpers
load ../faults

@test "faults: vm-start and all that it starts" {
    fault_guest
    warm
    traced trace vm-start web
    ok vm-stop --force web
    all_traced trace
    fault_points trace >points
    start_all() { killed_at "$1" "$2" vm-start web; }
    try_each 80 points start_all
}

@test "faults: vm-start with a helper, which does not end by itself" {
    requires swtpm
    requires swtpm_setup
    fault_guest "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
    warm
    traced trace vm-start web
    ok vm-stop --force web
    all_traced trace
    fault_points trace >points
    no_swtpm() { ! pgrep -x -r R,S,D swtpm; }
    start_all() { killed_at "$1" "$2" vm-start web; }
    recovers() {
        case $(($1 % 2)) in 0) status_in 0 vm-reap --all ;; 1) status_in "0 4" vm-start web ;; esac || return 1
        status_in "0 4" vm-stop --force web && is_clean && wait_for no_swtpm
    }
    try_each 120 points start_all
}

@test "faults: vm-stop by ACPI" {
    fault_guest
    ok vm-start web
    traced trace vm-stop web
    all_traced trace
    fault_points trace whole >points
    stop_acpi() { vm-start web && killed_at "$1" "$2" vm-stop web; }
    try_each 80 points stop_acpi
}

@test "faults: vm-stop by force" {
    fault_guest
    ok vm-start web
    traced trace vm-stop --force web
    all_traced trace
    fault_points trace whole >points
    stop_force() { vm-start web && killed_at "$1" "$2" vm-stop --force web; }
    try_each 80 points stop_force
}

@test "faults: vm-reap after the end of QEMU" {
    fault_guest
    qemu() { sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$STATE/journal"; }
    warm
    traced trace vm-start web
    kill -9 "$(qemu)"
    all_traced trace
    is_clean
    # From where it waits for QEMU on, whose parent it is.
    reaper=$(awk '$3 == "setsid" { print $1 }' trace | sort | head -n 1)
    fault_points trace | awk -v r="$reaper" '$1 == r && $3 == "wait4" { on = 1 } $1 == r && on' >points
    reap() {
        killed_at "$1" "$2" vm-start web
        kill -9 "$(qemu)"
        wait_for grep -q 'killed\|end' "killed.$fault_tries" # else the next command would take its work from it
    }
    try_each 80 points reap
}

@test "faults: a real QEMU and all that starts it" {
    requires qemu-system-x86_64
    EMULATOR=$(command -v qemu-system-x86_64) fault_guest
    warm --paused
    traced trace vm-start --paused web
    ok vm-stop --force web
    all_traced trace
    fault_points trace >all
    every=400
    [ -z "${FAULTS:-}" ] || every=20
    awk -v n=$every 'NR % n == 1' all >points
    start_real() { killed_at "$1" "$2" vm-start --paused web; }
    recovers() { # the guest has nothing to shut down with
        case $(($1 % 2)) in 0) status_in 0 vm-reap --all ;; 1) status_in "0 4" vm-start --paused web ;; esac || return 1
        status_in "0 4" vm-stop --force web && is_clean
    }
    try_each 1 points start_real
}
