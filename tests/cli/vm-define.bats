# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
load ../helpers

uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8
# xml NAME [UUID]: NAME.xml, with a UUID of its own
xml() {
    domain "$1"
    [ -z "${2:-}" ] || sed -i "s,</name>,</name><uuid>$2</uuid>," "$1.xml"
}
# as NAME: the document of a guest "web" with NAME in place of that, on stdin of vm-define
as() {
    domain web
    name=$1 awk '{ i = index($0, ">web<"); if (i) $0 = substr($0, 1, i) ENVIRON["name"] substr($0, i + 4); print }' web.xml
}

@test "what is defined is printed by name, one a line" {
    xml web && xml db
    ok vm-define web.xml db.xml
    same "$out" $'web\ndb'
    ok vm-list --all --name
    same "$out" $'db\nweb'
}

@test "a document comes from standard input" {
    xml web
    ok vm-define <web.xml
    ok vm-define - <web.xml
    same "$out" web
}

@test "--json tells uuid and whether a definition was replaced" {
    xml web $uuid
    ok vm-define --json web.xml
    contains "$out" '"name": "web"' "\"uuid\": \"$uuid\"" '"replaced": false'
    ok vm-define --json web.xml
    contains "$out" '"replaced": true'
}

@test "a definition is complete, and defining it again changes nothing" {
    xml web
    ok vm-define web.xml
    contains "$(cat "$ROOT/etc/qemu/web.xml")" "machine='pc-i440fx-" "<uuid>" "<memballoon model='virtio'>"
    cp "$ROOT/etc/qemu/web.xml" first.xml
    ok vm-define first.xml
    cmp first.xml "$ROOT/etc/qemu/web.xml"
}

@test "a document without uuid keeps the uuid of the guest" {
    xml web $uuid
    ok vm-define web.xml
    xml web
    ok vm-define web.xml
    same "$(vm-list --all --uuid)" $uuid
}

@test "a name that has another uuid is refused" {
    xml web $uuid
    ok vm-define web.xml
    xml web 6ba7b811-9dad-11d1-80b4-00c04fd430c8
    must_fail 1 vm-define web.xml
    contains "$err" "vm-define: web: " "already defined with uuid $uuid"
    same "$(vm-list --all --uuid)" $uuid
}

@test "a uuid that has another name is refused" {
    xml web $uuid && xml db $uuid
    ok vm-define web.xml
    must_fail 1 vm-define db.xml
    contains "$err" "guest 'web' is already defined with uuid $uuid"
    same "$(vm-list --all --name)" web
}

@test "one bad document of several: nothing is defined" {
    xml web
    echo '<domain' >bad.xml
    must_fail 1 vm-define web.xml bad.xml
    contains "$err" "vm-define: bad.xml:"
    same "$(vm-list --all --name)" ""
}

@test "--check defines nothing" {
    xml web
    ok vm-define --check web.xml
    same "$(vm-list --all --name)" ""
}

@test "an unknown element is kept and named with its line; --strict refuses it" {
    domain web "" "<nonsense a='1'>x</nonsense>"
    ok vm-define web.xml
    contains "$err" "web.xml:6:" "<nonsense>"
    contains "$(vm-dumpxml web)" "<nonsense"
    must_fail 1 vm-define --strict web.xml
}

@test "guests may be named like files and directories of the store, or like an option" {
    for n in nvram snapshot dbus autostart web.pid -v 'a b' 'x;y&amp;z' ünïcode lock; do
        ok vm-define -q <<<"$(as "$n")"
    done
    ok vm-list --all --name
    same "$(LC_ALL=C sort <<<"$out")" "$(printf '%s\n' nvram snapshot dbus autostart web.pid -v 'a b' 'x;y&z' ünïcode lock | LC_ALL=C sort)"
    ok vm-dumpxml -- -v
    contains "$out" "<name>-v</name>"
    ok vm-undefine -- nvram snapshot dbus autostart web.pid -v 'a b' 'x;y&z' ünïcode lock
    same "$(vm-list --all --name)" ""
}

@test "names that cannot be are refused" {
    for n in a/b .. . .hidden 'a&#10;b' 'a&#27;b' "$(printf 'x%.0s' {1..241})" ''; do
        must_fail 1 vm-define <<<"$(as "$n")"
    done
    same "$(vm-list --all --name)" ""
    ok vm-define <<<"$(as "$(printf 'x%.0s' {1..240})")"
}

@test "documents that are no domains are refused with file and line" {
    embed
    for text in '' 'x' '<domain>' '<network/>' '<domain/>' '<domain type="kvm"><name>x</name>' \
        '<!DOCTYPE d [<!ENTITY a "b">]><domain><name>&a;</name></domain>'; do
        echo "$text" >bad.xml
        must_fail 1 vm-define bad.xml
        contains "$err" "vm-define: bad.xml:"
    done
}

@test "a missing file is status 3" {
    embed
    must_fail 3 vm-define nothere.xml
    contains "$err" "nothere.xml" "No such file"
}

@test "an emulator that is not there is named, and nothing is defined" {
    EMULATOR=/usr/bin/qemu-system-nothing domain web
    must_fail any vm-define web.xml
    contains "$err" "web" "/usr/bin/qemu-system-nothing"
    same "$(vm-list --all --name)" ""
}

@test "a relative embed root is a usage error" {
    embed && xml web
    must_fail 2 vm-define -c 'qemu:///embed?root=here' web.xml
    contains "$err" "not an absolute path"
    [ ! -e here ]
}

@test "a state directory that others may write to is refused" {
    xml web
    mkdir -p "$ROOT/lib/vmutils" && chmod 0777 "$ROOT/lib/vmutils"
    must_fail 7 vm-define web.xml
    contains "$err" "$ROOT/lib/vmutils is not trusted"
    [ ! -e "$ROOT/etc/qemu/web.xml" ]
}

# bats test_tags=root
@test "a stranger's state directory is refused" {
    requires root
    xml web
    mkdir -p "$ROOT/lib/vmutils" && chmod 0700 "$ROOT/lib/vmutils" && chown 65534 "$ROOT/lib/vmutils"
    must_fail 7 vm-define web.xml
    contains "$err" "belongs to user id 65534"
}

# bats test_tags=root
@test "a full disk: status 1, what was defined before is whole" {
    requires root
    mkdir small && mount -t tmpfs -o size=64k,nr_inodes=200 none small || skip "cannot mount here"
    embed "$T/small/root"
    vm-define --bindir /nowhere /dev/null 2>/dev/null || true
    xml web $uuid
    XDG_CACHE_HOME=$T ok vm-define -q web.xml
    cp "$ROOT/etc/qemu/web.xml" before.xml
    dd if=/dev/zero of=small/fill bs=1k 2>/dev/null || true
    must_fail 1 vm-define web.xml
    contains "$err" "No space left on device"
    cmp before.xml "$ROOT/etc/qemu/web.xml"
    umount small
}

# bats test_tags=root
@test "a read-only root: status 7, listing goes on" {
    requires root
    guest web
    mount --bind "$ROOT" "$ROOT" && mount -o remount,ro,bind "$ROOT" || skip "cannot mount here"
    must_fail 7 vm-define web.xml
    contains "$err" "Read-only file system"
    ok vm-list --all --name
    same "$out" web
    ok vm-dumpxml web
    ok vm-dumpxml "$(vm-list --all --uuid)"
    must_fail 7 vm-undefine web
    umount "$ROOT"
}

@test "eight at once lose nothing" {
    embed
    for i in $(seq 40); do xml "g$i"; done
    printf '%s.xml\n' g{1..40} | xargs -P8 -n5 vm-define -q
    same "$(vm-list --all --name | wc -l)" 40
    same "$(vm-list --all --uuid | sort -u | wc -l)" 40
}

@test "eight at once fight for one uuid: one has it" {
    embed
    for i in $(seq 8); do xml "g$i" $uuid; done
    printf '%s.xml\n' g{1..8} | xargs -P8 -n1 vm-define -q 2>/dev/null || true
    same "$(vm-list --all --name | wc -l)" 1
}

@test "a daemon that owns the root is named, and nothing is defined" {
    xml web
    mkdir -p "$ROOT/run/qemu"
    python3 -c 'import fcntl,sys,time
f = open(sys.argv[1], "w"); fcntl.lockf(f, fcntl.LOCK_EX); print("held", flush=True); time.sleep(600)' \
        "$ROOT/run/qemu/driver.pid" >held 3>&- &
    wait_for grep -q held held
    must_fail 5 vm-define web.xml
    contains "$err" "libvirt daemon (pid $!)"
    kill $!
}

@test "of several that miss the same answer one asks the emulator, the others wait for it" {
    printf '#!/bin/sh\necho asked >>%s/asked\nsleep 0.3\nexec qemu-system-x86_64 "$@"\n' "$T" >emulator
    chmod +x emulator
    for g in a b c d; do EMULATOR=$T/emulator domain $g; done
    pids=()
    for g in a b c d; do
        vm-define -q --bindir "$T" $g.xml &
        pids+=($!)
    done
    wait "${pids[@]}"
    same "$(vm-list --all --name | paste -sd ' ')" "a b c d"
    same "$(cat asked)" asked
}

@test "an emulator that gives no answer leaves no facts in the cache" {
    printf '#!/bin/sh\nexit 1\n' >emulator
    chmod +x emulator
    EMULATOR=$T/emulator domain a
    must_fail any vm-define -q --bindir "$T" a.xml
    same "$(find "$ROOT/cache/vmutils" -name 'emulator*.caps')" ""
}
