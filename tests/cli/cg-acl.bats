#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016,SC2030,SC2031,SC1010
# cg-acl where it does something; what it prints is in guard.bats.
load ../helpers

where() { awk -v t=" - $1 " '$0 ~ t { at = $5 } END { print at }' /proc/self/mountinfo; }
requires_groups() {
    requires root
    grep -q " - ${1:-cgroup2\?} " /proc/self/mountinfo || skip "needs mounted control groups (${1:-any})"
}

# bats test_tags=user
@test "cg-acl --print-default: the seven nodes, or cgroup_device_acl's" {
    embed
    ok cg-acl --print-default
    same "$out" "$(printf '/dev/%s\n' null full zero random urandom ptmx kvm)"
    mkdir -p "$ROOT/etc"
    echo 'cgroup_device_acl = [ "/dev/null", "/dev/sev" ]' >"$ROOT/etc/qemu.conf"
    ok cg-acl --print-default --json
    same "$(jq -c . <<<"$out")" '[{"path":"/dev/null"},{"path":"/dev/sev"}]'
    must_fail 2 cg-acl --print-default web
}

# bats test_tags=user
@test "cg-acl --compat: the shared nodes of older versions of libvirt, unless qemu.conf has a list" {
    embed
    now=$(printf '/dev/%s\n' null full zero random urandom ptmx kvm)
    for v in 4 4.10.0 5.5; do
        ok cg-acl --print-default --compat $v
        same "$out" "$now$(printf '\n/dev/%s' rtc hpet kqemu net/tun)"
    done
    for v in 5.6 5.10.0; do
        ok cg-acl --print-default --compat $v
        same "$out" "$now$(printf '\n/dev/%s' rtc hpet)"
    done
    for v in 6 6.0 10.1.0; do
        ok cg-acl --print-default --compat $v
        same "$out" "$now"
    done
    for v in '' 4.x 5..6 5.6. -1 99999; do must_fail 2 cg-acl --print-default --compat "$v"; done
    domain web
    ok cg-acl --json web.xml
    plain=$(jq length <<<"$out")
    ok cg-acl --json --compat 4 web.xml
    [ ! -c /dev/net/tun ] || [ "$(jq length <<<"$out")" -gt "$plain" ]
    must_fail 2 cg-acl --compat 4 --show web.xml
    mkdir -p "$ROOT/etc"
    echo 'cgroup_device_acl = [ "/dev/null" ]' >"$ROOT/etc/qemu.conf"
    ok cg-acl --print-default --compat 4
    same "$out" /dev/null
}

# bats test_tags=root
@test "cg-acl --apply, --show, --remove: the kernel has what was printed, and has it no more" {
    requires_groups
    domain web
    ok cg-acl --json web.xml
    planned=$(jq -c '[.[] | [.type, .major, .minor, .access]] | sort' <<<"$out")
    must_fail 3 cg-acl --show web.xml
    ok cg-acl --apply web.xml
    same "$out" "$(cg-acl --path web.xml)"
    ok cg-acl --json --show web.xml
    for v in $(jq -r '.[].version' <<<"$out" | sort -u); do
        same "$(jq -c "[.[] | select(.version == \"$v\") | [.type, .major, .minor, .access]] | sort" <<<"$out")" "$planned"
    done
    ok cg-acl --remove web.xml
    for dir in $(cg-acl --path web.xml); do [ ! -e "$dir" ] && [ ! -e "${dir%/*}" ]; done
    must_fail 3 cg-acl --remove web.xml
}

# bats test_tags=root
@test "cg-acl -- CMD: runs it in the groups, with its status, 126 and 127" {
    requires_groups
    domain web
    ok cg-acl web.xml -- cat /proc/self/cgroup
    contains "$out" "/web"
    must_fail 9 cg-acl web.xml -- sh -c 'exit 9'
    must_fail 127 cg-acl web.xml -- no-such-command
    must_fail 126 cg-acl web.xml -- "$T"
    must_fail any cg-acl web.xml -- dd if=/dev/tty0 of=/dev/null count=0
    contains "$err" "Operation not permitted"
    must_fail 2 cg-acl web.xml true
    ok cg-acl --remove web.xml
}

# bats test_tags=root
@test "cg-acl -- CMD: a running guest's groups are joined, and are not for --remove" {
    requires_groups
    fake_guest web
    ok fake_start web
    ok cg-acl web -- cat /proc/self/cgroup
    same "$(grep -c /web <<<"$out")" "$(cg-acl --path web | wc -l)"
    must_fail 4 cg-acl --remove web
    contains "$err" "has processes that are not the guest's"
    must_fail 5 cg-acl --apply web
    ok vm-stop --force web
}

# bats test_tags=root
@test "cg-acl --remove: ends what was started in the groups" {
    requires_groups
    domain web
    cg-acl web.xml -- sleep 100 3>&- &
    wait_for grep -q /web "/proc/$!/cgroup"
    wait_for grep -q sleep "/proc/$!/comm"
    ok cg-acl --remove web.xml
    ! wait $! || false
    must_fail 3 cg-acl --show web.xml
}

# bats test_tags=root
@test "cg-acl --cgroup-root: a devices hierarchy that is mounted elsewhere, as the pages have it" {
    requires_groups cgroup
    domain web
    must_fail 3 cg-acl --cgroup-root "$T/cgroup" --apply web.xml
    command=${err#*(try: }
    # shellcheck disable=SC2016
    export T
    ok unshare -m bash -ec "${command%)*}"'
        dir=$(cg-acl --cgroup-root "$T/cgroup" --apply "$T/web.xml")
        [[ $dir == "$T"/cgroup/libvirt/qemu*/web ]]
        grep -q "c 136:\* rwm" "$dir/devices.list"
        cg-acl --cgroup-root "$T/cgroup/" --remove "$T/web.xml"
        [ ! -e "$dir" ]'
}

# bats test_tags=root
@test "cg-acl --path in qemu:///system: libvirt/qemu/NAME" {
    requires_groups
    requires system
    domain web
    ok cg-acl -c qemu:///system --path web.xml
    for dir in $out; do contains "$dir" /libvirt/qemu/web; done
}

# bats test_tags=user
@test "cg-acl -- CMD: where no groups can be made, the command runs with a notice" {
    if [ "$(id -u)" = 0 ]; then
        requires root
        domain web
        ok unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup && cg-acl "$1" -- echo done' sh "$T/web.xml"
    else
        domain web
        ok cg-acl web.xml -- echo done
    fi
    same "$out" done
    contains "$err" "no control group"
}
