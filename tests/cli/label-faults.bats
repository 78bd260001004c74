#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=root
# build: plain
# seclabel and vm-start killed at their system calls: owners, modes and attributes are as they were, byte for byte.
# shellcheck disable=SC2154
load ../helpers
load ../faults

setup() {
    helpers_setup
    requires getfattr
    requires qemu-img
    chmod 755 "$T"
    qemu-img create -q -f raw base.img 1M
    qemu-img create -q -f qcow2 -b base.img -F raw top.img
    chown 66:67 base.img
    fault_guest "<disk type='file'><driver name='qemu' type='qcow2'/><source file='$T/top.img'/><target dev='vdb' bus='virtio'/></disk>
        <disk type='file'><source file='$T/shared.img'/><target dev='vdc' bus='virtio'/><shareable/></disk>"
    printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf" 2>/dev/null ||
        { mkdir -p "$ROOT/etc" && printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf"; }
    truncate -s 1M shared.img
    chown 77:78 shared.img
    chmod 640 shared.img
    BEFORE=$(outside)
}
as_before() { [ "$(outside)" = "$1" ] || { diff <(echo "$1") <(outside); return 1; }; }
@test "faults: seclabel --apply" {
    traced trace seclabel --apply web
    all_traced trace
    as_applied=$(outside)
    ok seclabel --restore web
    as_before "$BEFORE"
    fault_points trace >points
    try() {
        killed_at "$1" "$2" seclabel --apply web
        status_in 0 vm-reap --all || return 1
        if [ ! -e "$STATE/journal" ]; then as_before "$BEFORE"; else # killed when all was done
            as_before "$as_applied" && status_in 0 seclabel --restore web && as_before "$BEFORE"
        fi
    }
    each_point 12 points try
}

@test "faults: seclabel --restore" {
    ok seclabel --apply web
    as_applied=$(outside)
    traced trace seclabel --restore web
    all_traced trace
    as_before "$BEFORE"
    fault_points trace >points
    try() {
        seclabel --apply web >/dev/null || return 1
        killed_at "$1" "$2" seclabel --restore web
        status_in 0 vm-reap --all || return 1
        if [ ! -e "$STATE/journal" ]; then as_before "$BEFORE"; else # killed before it began
            as_before "$as_applied" && status_in 0 seclabel --restore web && as_before "$BEFORE"
        fi
    }
    each_point 12 points try
}

@test "faults: what is applied for one guest stays, whatever becomes of the other's" {
    sed 's,>web<,>db<,; /ef1bdff4/s,63cc,63cd,; /disk.img\|top.img/d' "$ROOT/etc/qemu/web.xml" >"$ROOT/etc/qemu/db.xml"
    ok seclabel --apply db
    with_db=$(outside)
    for what in apply restore; do
        traced $what.trace seclabel --$what web
        all_traced $what.trace
        fault_points $what.trace >$what.points
    done
    as_before "$with_db"
    after() { status_in 0 vm-reap --all && status_in 0 seclabel --restore web && as_before "$with_db"; }
    apply() { killed_at "$1" "$2" seclabel --apply web && after; }
    restore() { seclabel --apply web >/dev/null && killed_at "$1" "$2" seclabel --restore web && after; }
    each_point 24 apply.points apply
    each_point 24 restore.points restore
    ok seclabel --restore db
    as_before "$BEFORE"
}

@test "faults: vm-start of a guest that shares a disk with one that runs" {
    sed 's,>web<,>db<,; /ef1bdff4/s,63cc,63cd,; /disk.img\|top.img/d' "$ROOT/etc/qemu/web.xml" >"$ROOT/etc/qemu/db.xml"
    ok vm-start db
    with_db=$(outside)
    warm
    as_before "$with_db"
    traced trace vm-start web
    ok vm-stop --force web
    all_traced trace
    fault_points trace >points
    try() {
        killed_at "$1" "$2" vm-start web
        status_in 0 vm-reap --all || return 1
        status_in "0 4" vm-stop --force web || return 1
        wait_for as_before "$with_db" || { as_before "$with_db"; return 1; }
    }
    each_point 150 points try
    ok vm-stop --force db
    as_before "$BEFORE"
}

@test "faults: the one guest and the other started and killed in every order" {
    sed 's,>web<,>db<,; /ef1bdff4/s,63cc,63cd,; /disk.img\|top.img/d' "$ROOT/etc/qemu/web.xml" >"$ROOT/etc/qemu/db.xml"
    pid_of() { sed -n 's/^{"'"$2"'":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/$1/journal"; }
    for started in "web db" "db web"; do
        for killed in "web db" "db web"; do
            for what in qemu reaper both; do
                for one in $started; do ok vm-start "$one"; done
                for one in $killed; do
                    qemu=$(pid_of "$one" qemu) reaper=$(pid_of "$one" reaper)
                    case $what in qemu) kill -9 "$qemu" ;; reaper) kill -9 "$reaper" ;; both) kill -9 "$reaper" "$qemu" ;; esac
                    [ $what = qemu ] || status_in "0 4" vm-stop --force "$one"
                    wait_for status_in 0 vm-reap --all
                    gone() { [ ! -e "$ROOT/lib/vmutils/$one/journal" ]; }
                    wait_for gone
                    last=${killed#* }
                    [ "$one" = "$last" ] || same "$(stat -c %u:%g shared.img)" 1:3
                done
                as_before "$BEFORE" || { echo "started $started, killed $killed ($what)"; false; }
            done
        done
    done
}
