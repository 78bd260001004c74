#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# <on_crash> coredump-destroy and coredump-restart.
load ../helpers

# A guest whose first sector writes 1 to the port of pvpanic, which is how a kernel tells that it has panicked.
panicking() { # ON_CRASH
    requires qemu-system-x86_64
    printf '\xba\x05\x05\xb0\x01\xee\xf4\xeb\xfe' >boot.img
    truncate -s 510 boot.img
    printf '\x55\xaa' >>boot.img
    truncate -s 1M boot.img
    domain web "<disk type='file'><source file='$T/boot.img'/><target dev='hda' bus='ide'/></disk><panic model='isa'/>" \
        "<on_crash>$1</on_crash>"
    sed -i 's|>64</memory>|>16</memory>|' web.xml
    vm-define -q web.xml
    STATE=$ROOT/lib/vmutils/web DUMPS=$ROOT/lib/qemu/dump
}
is_off() { [ ! -e "$STATE/journal" ] && [ ! -e "$STATE/live.xml" ]; }
dumps() { [ "$(find "$DUMPS" -name 'web-*' | wc -l)" -ge "$1" ]; }

# bats test_tags=user
@test "coredump-destroy: the memory of a guest that panics is written down, and it is off" {
    panicking coredump-destroy
    ok vm-start web
    wait_for is_off
    file=$(echo "$DUMPS"/web-*)
    [ "$(stat -c %a "$file")" = 600 ]
    same "$(head -c 4 "$file" | tail -c 3)" ELF
    [ "$(stat -c %s "$file")" -ge $((16 << 20)) ]
    contains "$(cat "$STATE/events")" '"VM_DUMPED"' "$file" '"reason": "crashed"'
}

@test "coredump-restart: then it starts again" {
    panicking coredump-restart
    ok vm-start web
    wait_for dumps 2
    ok vm-stop --force web
    wait_for is_off
}

@test "coredump: auto_dump_path of qemu.conf" {
    panicking coredump-destroy
    DUMPS=$T/elsewhere
    echo "auto_dump_path = \"$DUMPS\"" >"$ROOT/etc/qemu.conf"
    ok vm-start web
    wait_for is_off
    dumps 1
}

@test "coredump: a dump that cannot be written is told of in events, and leaves no file" {
    panicking coredump-destroy
    touch "$T/file"
    echo "auto_dump_path = \"$T/file\"" >"$ROOT/etc/qemu.conf"
    ok vm-start web
    wait_for is_off
    contains "$(cat "$STATE/events")" '"VM_NOTICE"' "$T/file"
}

@test "coredump: a guest whose emulator refuses is ended all the same" {
    fake_guest web 'panic-after=1 refuse=dump-guest-memory' '' '<on_crash>coredump-destroy</on_crash>'
    STATE=$ROOT/lib/vmutils/web
    ok fake_start web
    wait_for is_off
    contains "$(cat "$STATE/events")" '"VM_NOTICE"' "dump-guest-memory"
    same "$(find "$ROOT/lib/qemu/dump" -type f)" ""
}

@test "coredump: without vm-reap it is refused" {
    fake_guest web '' '' '<on_crash>coredump-destroy</on_crash>'
    must_fail 1 fake_start web --no-reap
    contains "$err" "coredump-destroy needs vm-reap"
}
