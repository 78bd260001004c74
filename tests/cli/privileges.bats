#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# User, groups, capabilities and limits of QEMU's process, as the kernel tells them.
load ../helpers

conf() { mkdir -p "$ROOT/etc" && printf '%s\n' "$@" >"$ROOT/etc/qemu.conf"; }
qemu_of() { vm-list --json "$1" | jq '.[0].pid'; }
status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$(qemu_of "$1")/status"; }
all_zero() { # GUEST FIELD…
    local field
    for field in "${@:2}"; do
        same "$field $(status_of "$1" "$field")" "$field 0000000000000000"
    done
}

# bats test_tags=root
@test "capabilities: none at all as another user, and its groups" {
    requires qemu-system-x86_64
    guest web
    conf 'user = "nobody"' 'group = "daemon"'
    ok vm-start --paused web
    same "$err" ""
    all_zero web CapInh CapPrm CapEff CapBnd CapAmb
    uid=$(id -u nobody) gid=$(getent group daemon | cut -d: -f3)
    same "$(status_of web Uid | tr '\t' ' ')" "$uid $uid $uid $uid"
    same "$(status_of web Gid | tr '\t' ' ')" "$gid $gid $gid $gid"
    contains " $(status_of web Groups) " " $gid "
    same "$(status_of web NoNewPrivs)" 1
}

# bats test_tags=root
@test "capabilities: a user without an entry in the table of users has its own group only" {
    requires qemu-system-x86_64
    guest web
    conf 'user = "+61234"' 'group = "+61235"'
    ok vm-start --paused web
    same "$(status_of web Groups | tr -d ' ')" 61235
    all_zero web CapInh CapPrm CapEff CapBnd CapAmb
}

# bats test_tags=root
@test "capabilities: root keeps what the starter has" {
    requires qemu-system-x86_64
    guest web
    conf 'user = "root"'
    ok vm-start --paused web
    same "$err" ""
    same "$(status_of web CapEff)" "$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)"
    same "$(vm-list --json web | jq -r '.[0].taint')" high-privileges
}

# bats test_tags=root
@test "capabilities: clear_emulator_capabilities takes them from root" {
    requires qemu-system-x86_64
    guest web
    conf 'user = "root"' 'clear_emulator_capabilities = 1'
    ok vm-start --paused web
    same "$err" ""
    all_zero web CapInh CapPrm CapEff CapBnd CapAmb
}

# bats test_tags=root
@test "capabilities: QEMU as root is warned of, unless qemu.conf says that it is meant" {
    requires qemu-system-x86_64
    guest web
    ok vm-start --paused web
    contains "$err" "web: QEMU runs as root (try: user = " "$ROOT/etc/qemu.conf"
    ok vm-stop --force web
    conf 'user = "root"'
    ok vm-start --paused web
    same "$err" ""
}

# bats test_tags=root
@test "user: the ids change last, just before the exec" {
    requires strace
    guest web
    conf 'user = "nobody"' 'group = "nogroup"'
    export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer does not work under strace
    strace -f -qq -o trace -e trace=setgroups,setresgid,setresuid,setgid,setuid,execve vm-start --paused web 3>&- &
    tracer=$!
    wait_for eval '[ "$(vm-list --json web | jq -r ".[0].state")" = paused ]'
    ok vm-stop -q --force web
    wait $tracer
    pid=$(awk '/execve.*guest=web/ { print $1; exit }' trace)
    same "$(awk -v p="$pid" '$1 == p && $2 != "<..." { sub(/\(.*/, "", $2); print $2 }' trace | tail -n 4 | tr '\n' ' ')" "setgroups setresgid setresuid execve "
}

# bats test_tags=user
@test "capabilities: an ordinary user's guest has none, and can get none" {
    [ "$(id -u)" != 0 ] || skip "for ordinary users"
    requires qemu-system-x86_64
    guest web
    ok vm-start --paused web
    all_zero web CapInh CapPrm CapEff CapAmb
    same "$(status_of web NoNewPrivs)" 1
    same "$(vm-list --json web | jq '.[0].taint')" null
}

@test "limits: max_files, max_processes and max_core of qemu.conf" {
    requires qemu-system-x86_64
    guest web
    conf 'user = "root"' 'max_files = 700' 'max_processes = 5000' 'max_core = 0'
    ok vm-start -q --paused web
    limits=$(cat "/proc/$(qemu_of web)/limits")
    contains "$limits" "Max open files            700                  700 " "Max core file size        0                    0 " \
        "Max processes             5000                 5000 "
}

# bats test_tags=root
@test "limits: max_core = \"unlimited\"" {
    requires qemu-system-x86_64
    guest web
    conf 'user = "root"' 'max_core = "unlimited"'
    ok vm-start -q --paused web
    contains "$(cat "/proc/$(qemu_of web)/limits")" "Max core file size        unlimited            unlimited"
}

# bats test_tags=root
@test "limits: memory of a guest that locks it" {
    requires qemu-system-x86_64
    (ulimit -H -l unlimited) 2>/dev/null || skip "may not raise limits here"
    guest web "" "<memoryBacking><locked/></memoryBacking>"
    conf 'user = "root"'
    ok vm-start -q --paused web
    contains "$(cat "/proc/$(qemu_of web)/limits")" "Max locked memory         unlimited            unlimited"
}

@test "limits: max_locked_memory, in KiB, and a number for max_core" {
    requires qemu-system-x86_64
    (ulimit -H -c 2048) 2>/dev/null || skip "may not raise limits here"
    guest web
    conf 'user = "root"' 'max_locked_memory = 32' 'max_core = 1048576'
    ok vm-start -q --paused web
    contains "$(cat "/proc/$(qemu_of web)/limits")" "Max locked memory         32768                32768 " \
        "Max core file size        1048576              1048576 "
}

# What the kernel would leave out of a core file of the guest's QEMU: "dd" among the flags of its 64 MiB.
left_out() { awk '/^Size:/ { size = $2 } /^VmFlags:/ && size == 65536 { print / dd( |$)/ ? "yes" : "no" }' "/proc/$(qemu_of "$1")/smaps"; }

# bats test_tags=user
@test "dump_guest_core: whether the guest's memory is in a core file of QEMU, unless the domain says it" {
    requires qemu-system-x86_64
    guest web
    guest on
    sed -i "s|<memory |<memory dumpCore='on' |" on.xml
    guest off
    sed -i "s|<memory |<memory dumpCore='off' |" off.xml
    ok vm-define -q on.xml off.xml
    for lines in '' 'dump_guest_core = 0' 'dump_guest_core = 1'; do
        conf "$lines"
        ok vm-start -q --paused web
        ok vm-start -q --paused on
        ok vm-start -q --paused off
        same "$lines: $(left_out web) $(left_out on) $(left_out off)" "$lines: $([[ $lines == *1 ]] && echo no || echo yes) no yes"
        ok vm-stop -q --force web
        ok vm-stop -q --force on
        ok vm-stop -q --force off
    done
}

# bats test_tags=user
@test "seccomp_sandbox: QEMU's own filter, besides that of vmutils, unless it is 0" {
    requires qemu-system-x86_64
    grep -q ^Seccomp_filters: /proc/self/status || skip "this kernel does not count filters"
    guest web
    conf 'seccomp_sandbox = 0'
    ok vm-start -q --paused web
    same "$(status_of web Seccomp)" 2
    none=$(status_of web Seccomp_filters)
    ok vm-stop -q --force web
    for lines in '' 'seccomp_sandbox = 1' 'seccomp_sandbox = -1'; do
        conf "$lines"
        ok vm-start -q --paused web
        same "$lines: $(status_of web Seccomp)" "$lines: 2"
        [ "$(status_of web Seccomp_filters)" -gt "$none" ]
        ok vm-stop -q --force web
    done
}
