#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a start has left is undone by the next command that changes the guest, though that has narrowed itself.
# shellcheck shell=bash disable=SC2154
load ../helpers

setup() {
    helpers_setup
    chmod 755 "$T"
    embed
    mkdir -p "$ROOT/etc"
    STATE=$ROOT/lib/vmutils/web
}
# An owner on the host has been changed, in a place that those commands may not write to.
owned_guest() {
    printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf"
    truncate -s 1M disk.img
    chown 55:56 disk.img
    fake_guest web '' "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
}
# left: the guest's QEMU has died, and nobody was there to see it.
left() {
    ok fake_start web --no-reap
    kill -KILL "$(sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$STATE/journal")"
    wait_for needs_cleanup
}
needs_cleanup() { [ "$(vm-list --all --state 'needs cleanup' --name)" = web ]; }
clean() { [ ! -e "$STATE/journal" ] && [ ! -e "$STATE/live.xml" ]; }

# bats test_tags=root
@test "repair: every changing command gives back what a start took" {
    requires root
    owned_guest
    while read -r status cmd; do
        left
        same "$cmd $(stat -c %u:%g disk.img)" "$cmd 1:3"
        # shellcheck disable=SC2086
        if [ "$status" = 0 ]; then ok $cmd; else must_fail "$status" $cmd; fi
        same "$cmd $(stat -c %u:%g disk.img)" "$cmd 55:56"
        clean
    done <<END
4 vm-suspend web
4 vm-resume web
4 vm-reset web
0 vm-stop web
0 vm-define --bindir $T/fake-web web.xml
0 vm-undefine web
END
}

# bats test_tags=user
@test "repair: the same for ordinary users, and what is told of it" {
    fake_guest web
    left
    ok vm-stop web
    contains "$out" "web: stopped (off)"
    clean
    left
    must_fail 4 vm-reset web
    contains "$err" "web: is not running"
    clean
}

@test "repair: a disk that someone else has taken meanwhile is left to him, and named" {
    requires root
    owned_guest
    left
    chown 77:77 disk.img
    ok vm-stop web
    contains "$err" "disk.img"
    same "$(stat -c %u:%g disk.img)" 77:77
    clean
}

@test "repair: vm-stop --force, which ends QEMU by itself, has all undone and the reason kept" {
    requires root
    owned_guest
    ok fake_start web --no-reap
    ok vm-stop --force web
    same "$(stat -c %u:%g disk.img)" 55:56
    clean
    contains "$(grep VM_ENDED "$STATE/events" | tail -n 1)" '"reason": "destroyed"'
}

@test "repair: vm-edit repairs a guest that died while its editor was open" {
    requires root
    owned_guest
    cat >editor <<'END'
#!/bin/bash
sed -i s/65536/131072/ "$1"
vm-start -q --bindir "$T/fake-web" --no-reap web
kill -KILL "$(sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/web/journal")"
until [ "$(vm-list --all --state 'needs cleanup' --name)" ]; do sleep 0.01; done
END
    chmod +x editor
    export T ROOT
    PATH=$PATH EDITOR=$T/editor vm-edit web >out 2>err || true
    same "$(stat -c %u:%g disk.img)" 55:56
    clean
}

@test "repair: where what repairs cannot be run, that is said, and nothing is changed" {
    requires root
    owned_guest
    left
    mkdir bin
    cp "$BIN/vm-stop" "$BIN/vm-reap" bin/
    must_fail 3 bin/vm-stop web
    contains "$err" "cannot run $T/bin/vm-start"
    same "$(stat -c %u:%g disk.img)" 1:3
    ok vm-stop web
}
