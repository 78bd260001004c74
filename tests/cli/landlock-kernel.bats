#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernels that have less: their answers are put in by strace.
# build: plain
# bats file_tags=user
load ../helpers

start_with() { # SYSTEM-CALL ERROR
    requires strace
    requires qemu-system-x86_64
    guest one
    ok strace -qq -o /dev/null -e trace="$1" -e inject="$1:error=$2" vm-start --paused one
}

@test "Landlock: a kernel without it is a note, and the guest starts" {
    start_with landlock_create_ruleset EOPNOTSUPP
    contains "$err" "without Landlock: this kernel has no Landlock"
    [ "$(vm-list --json one | jq '.[0].landlock')" = null ]
}

@test "Landlock: a kernel whose Landlock is switched off is a note, and the guest starts" {
    start_with landlock_create_ruleset ENOSYS
    contains "$err" "this kernel has no Landlock"
}
