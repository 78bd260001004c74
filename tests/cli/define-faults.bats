# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# build: plain
# vm-define and vm-undefine killed at any of their system calls: the definition is the old one or the new one, and the
# next command finds nothing in its way. make check-faults tries each call.
load ../helpers

uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8

# old.xml and new.xml are two definitions of web, other.xml is another guest with the same UUID.
documents() {
    requires strace
    domain web
    sed -i "s,</name>,</name><uuid>$uuid</uuid>," web.xml
    cp web.xml old.xml
    sed "s,unit='MiB'>64,unit='MiB'>65," web.xml >new.xml
    sed 's,>web<,>other<,' web.xml >other.xml
    for v in new old; do
        vm-define -q $v.xml
        cp "$ROOT/etc/qemu/web.xml" $v.def
    done
    points vm-define -q old.xml
}
# points CMD...: its system calls from narrowing itself on, of which each is tried, or one in nine.
points() {
    strace -o trace "$@"
    calls=$(wc -l <trace) first=$(grep -n -m1 NO_NEW_PRIVS trace | cut -d: -f1)
    step=9
    [ "${FAULTS:-}" != all ] || step=1
}
# killed_at CALL CMD...: runs it, killed as it enters that system call.
killed_at() { strace -D -qq -o /dev/null -e inject=all:signal=KILL:when="$1" "${@:2}" >/dev/null 2>&1 || true; }
either() { cmp -s "$ROOT/etc/qemu/web.xml" old.def || cmp -s "$ROOT/etc/qemu/web.xml" new.def; }

@test "faults: vm-define over a definition" {
    documents
    for ((i = first; i <= calls; i += step)); do
        ok vm-define -q old.xml
        killed_at "$i" vm-define -q new.xml
        either || { echo "call $i"; return 1; }
        same "$(vm-list --name $uuid)" web
    done
    same "$(vm-list --all --name)" web
}

@test "faults: vm-define of a new guest" {
    documents
    for ((i = first; i <= calls; i += step)); do
        vm-undefine -q web 2>/dev/null || true
        killed_at "$i" vm-define -q new.xml
        if [ -e "$ROOT/etc/qemu/web.xml" ]; then
            either || { echo "call $i"; return 1; }
        else
            ok vm-define -q other.xml
            ok vm-undefine other
        fi
    done
}

@test "faults: vm-undefine" {
    documents
    points vm-undefine web
    for ((i = first; i <= calls; i += step)); do
        ok vm-define -q old.xml
        ok vm-autostart web
        killed_at "$i" vm-undefine web
        if [ -e "$ROOT/etc/qemu/web.xml" ]; then
            either || { echo "call $i"; return 1; }
            ok vm-undefine web
        fi
        ok vm-define -q other.xml
        ok vm-undefine other
    done
    same "$(ls "$ROOT/lib/vmutils")" ""
}

@test "faults: vm-define of several at once" {
    requires strace
    for g in a b c; do domain $g; done
    vm-define -q a.xml b.xml c.xml
    for g in a b c; do cp "$ROOT/etc/qemu/$g.xml" $g.def; done
    points vm-define -q a.xml b.xml c.xml
    for ((i = first; i <= calls; i += step)); do
        rm -r "$ROOT/etc/qemu"
        killed_at "$i" vm-define -q a.def b.def c.def
        for f in "$ROOT"/etc/qemu/*; do
            [ ! -e "$f" ] || cmp "$f" "$(basename "$f" .xml).def" || { echo "call $i"; return 1; }
        done
        ok vm-define -q a.def b.def c.def
        same "$(vm-list --all --name | paste -sd ' ')" "a b c"
    done
}

# bats test_tags=root
@test "faults: vm-define over a guest of which a start has left something" {
    requires root
    requires strace
    chmod 755 "$T"
    embed
    mkdir -p "$ROOT/etc"
    printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf"
    truncate -s 1M disk.img
    chown 55:56 disk.img
    fake_guest web '' "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    needs_cleanup() { [ "$(vm-list --all --state 'needs cleanup' --name)" = web ]; }
    left() {
        ok fake_start web --no-reap
        kill -KILL "$(sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/web/journal")"
        wait_for needs_cleanup
    }
    left
    points vm-define -q --bindir "$T/fake-web" web.xml
    for ((i = first; i <= calls; i += step)); do
        left
        killed_at "$i" vm-define -q --bindir "$T/fake-web" web.xml
        ok vm-reap web
        same "call $i: $(stat -c %u:%g disk.img)" "call $i: 55:56"
        [ ! -e "$ROOT/lib/vmutils/web/journal" ]
    done
}
