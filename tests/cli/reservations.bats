#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests whose disks have persistent reservations: qemu-pr-helper begins and ends with them.
load ../helpers

DISK="<disk type='block'><source dev='%s/block'><reservations managed='yes'/></source><target dev='sda' bus='scsi'/></disk>"
journal() { sed -n "s/^{\"$1\":{\"pid\":\([0-9]*\),.*/\1/p" "$ROOT/lib/vmutils/web/journal"; }

# bats test_tags=root
@test "reservations: qemu-pr-helper listens before QEMU begins, in the guest's control groups with the one capability that it is for, and ends with it" {
    [ -x /usr/bin/qemu-pr-helper ] || skip "needs qemu-pr-helper"
    mknod block b 7 0
    # shellcheck disable=SC2059
    fake_guest web '' "$(printf "$DISK" "$T")"
    ok fake_start web
    helper=$(journal helper)
    socket=$ROOT/lib/qemu/domain-web/pr-helper0.sock
    contains "$(tr '\0' ' ' <"/proc/$(journal qemu)/cmdline")" "pr-manager-helper" "$socket"
    wait_for test /proc/$helper/exe -ef /usr/bin/qemu-pr-helper
    # It greets with what it can do: four bytes.
    same "$(perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un($ARGV[0])) or die;
        sysread(S, $b, 4); print length $b' "$socket")" 4
    caps=$(awk '/^CapEff:/ { print $2 }' "/proc/$helper/status")
    same "$caps" 0000000000020000 # CAP_SYS_RAWIO
    same "$(awk '/^CapBnd:/ { print $2 }' "/proc/$helper/status")" 0000000000000000
    same "$(cat "/proc/$helper/cgroup")" "$(cat "/proc/$(journal qemu)/cgroup")"
    ok vm-stop --force web
    must_fail any grep -q '^State:.[RSDT]' "/proc/$helper/status"
    [ ! -e "$socket" ]
}

# bats test_tags=root
@test "reservations: a helper that is not there is named, with the package that has it" {
    mknod block b 7 0
    # shellcheck disable=SC2059
    fake_guest web '' "$(printf "$DISK" "$T")"
    mkdir -p "$ROOT/etc"
    echo 'pr_helper = "pr-helper-that-is-not-there"' >"$ROOT/etc/qemu.conf"
    must_fail 3 fake_start web
    contains "$err" "<reservations managed='yes'>: pr-helper-that-is-not-there is not installed"
}
