# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# build: plain
# vm-define and vm-undefine killed at any of their system calls: the definition is the old one or the new one, and the
# next command finds nothing in its way. make check-faults tries each call.
load ../helpers
load ../faults

uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8

# old.xml and new.xml are two definitions of web, other.xml is another guest with the same UUID.
documents() {
    domain web
    sed -i "s,</name>,</name><uuid>$uuid</uuid>," web.xml
    cp web.xml old.xml
    sed "s,unit='MiB'>64,unit='MiB'>65," web.xml >new.xml
    sed 's,>web<,>other<,' web.xml >other.xml
    for v in new old; do
        vm-define -q $v.xml
        cp "$ROOT/etc/qemu/web.xml" $v.def
    done
}
either() { cmp -s "$ROOT/etc/qemu/web.xml" old.def || cmp -s "$ROOT/etc/qemu/web.xml" new.def; }

# points_of CMD…: the file points, from the first change of the store on.
points_of() {
    traced trace "$@"
    all_traced trace
    fault_points trace any >points
}

@test "faults: vm-define over a definition" {
    documents
    points_of vm-define -q new.xml
    try() {
        vm-define -q old.xml
        killed_at "$1" "$2" vm-define -q new.xml
        either && same "$(vm-list --name $uuid)" web
    }
    each_point 9 points try
    same "$(vm-list --all --name)" web
}

@test "faults: vm-define of a new guest" {
    documents
    vm-undefine -q web
    points_of vm-define -q new.xml
    try() {
        vm-undefine -q web 2>/dev/null || true
        killed_at "$1" "$2" vm-define -q new.xml
        if [ -e "$ROOT/etc/qemu/web.xml" ]; then either; else vm-define -q other.xml && vm-undefine other; fi
    }
    each_point 9 points try
}

@test "faults: vm-undefine" {
    documents
    vm-autostart web
    points_of vm-undefine web
    try() {
        vm-define -q old.xml && vm-autostart web
        killed_at "$1" "$2" vm-undefine web
        [ ! -e "$ROOT/etc/qemu/web.xml" ] || { either && vm-undefine web; }
        vm-define -q other.xml && vm-undefine other
    }
    each_point 9 points try
    same "$(ls "$ROOT/lib/vmutils")" ""
}

@test "faults: vm-define of several at once" {
    for g in a b c; do domain $g; done
    vm-define -q a.xml b.xml c.xml
    for g in a b c; do cp "$ROOT/etc/qemu/$g.xml" $g.def; done
    rm -r "$ROOT/etc/qemu"
    points_of vm-define -q a.def b.def c.def
    try() {
        rm -r "$ROOT/etc/qemu"
        killed_at "$1" "$2" vm-define -q a.def b.def c.def
        for f in "$ROOT"/etc/qemu/*; do
            [ ! -e "$f" ] || cmp "$f" "$(basename "$f" .xml).def" || return 1
        done
        vm-define -q a.def b.def c.def && same "$(vm-list --all --name | paste -sd ' ')" "a b c"
    }
    each_point 9 points try
}

# bats test_tags=root
@test "faults: vm-define over a guest of which a start has left something" {
    requires root
    chmod 755 "$T"
    embed
    mkdir -p "$ROOT/etc"
    printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf"
    truncate -s 1M disk.img
    chown 55:56 disk.img
    fake_guest web '' "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    needs_cleanup() { [ "$(vm-list --all --state 'needs cleanup' --name)" = web ]; }
    left() {
        fake_start web --no-reap || return 1
        kill -KILL "$(sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/web/journal")"
        wait_for needs_cleanup
    }
    left
    points_of vm-define -q --bindir "$T/fake-web" web.xml
    try() {
        left
        killed_at "$1" "$2" vm-define -q --bindir "$T/fake-web" web.xml
        status_in 0 vm-reap web && same "$(stat -c %u:%g disk.img)" 55:56 && [ ! -e "$ROOT/lib/vmutils/web/journal" ]
    }
    each_point 24 points try
}
