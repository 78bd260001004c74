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

@test "Landlock: of an older kernel no more is asked than its version knows, and other guests' disks stay out of reach" {
    requires strace
    requires qemu-system-x86_64
    embed
    [[ $(vm-conf --json landlock | jq -r '.[0].note') == version* ]] || skip "needs Landlock in the kernel"
    truncate -s 1M own.img other.img
    guest one "<disk type='file'><source file='$T/own.img'/><target dev='vda' bus='virtio'/></disk>"
    for abi in 1:8 2:8 3:8 4:16 5:16; do
        ok strace -qq -o calls -e trace=landlock_create_ruleset -e inject=landlock_create_ruleset:retval="${abi%:*}":when=1 \
            vm-start --paused one
        contains "$(cat calls)" "= ${abi%:*} (INJECTED)" "}, ${abi#*:}, 0) = "
        same "$(grep -c VERSION calls)" 1
        same "$(vm-list --json one | jq '.[0].landlock')" "${abi%:*}"
        for disk in own other; do
            qmp-send one "{\"execute\": \"blockdev-add\", \"arguments\": {\"driver\": \"file\", \"node-name\": \"x$disk\",
                \"filename\": \"$T/$disk.img\"}}" >/dev/null 2>"$disk.err" && echo "$disk opens" || echo "$disk does not"
        done >opened
        same "$(cat opened)" "own opens
other does not"
        contains "$(cat other.err)" "Permission denied"
        ok vm-stop -q --force one
    done
}
