#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# What someone new types first, and by mistake.
# bats file_tags=user
load ../helpers

every() { (cd "$BIN" && ls); }
needing_a_guest="qmp-send vm-console vm-dumpxml vm-edit vm-reap vm-reset vm-resume vm-start vm-stop vm-suspend vm-undefine vm-wait"

@test "every program has --help and --version" {
    for p in $(every); do
        ok "$p" --help
        contains "$out" "usage: $p" "--version" "Exit status"
        ok "$p" --version
        contains "$out" "$p (vmutils) "
    done
}

@test "an unknown option is a usage error that names it" {
    for p in $(every); do
        must_fail 2 "$p" --frobnicate
        contains "$err" "$p: " "'--frobnicate'" "(try: $p --help)"
        must_fail 2 "$p" -Z
        contains "$err" "'-Z'"
    done
}

@test "a URI that is not QEMU's is a usage error that names the three forms" {
    for p in xml-expand xml-to-argv vm-list "vm-start x" "vm-stop x" "vm-reap x" "vm-define x"; do
        # shellcheck disable=SC2086
        must_fail 2 $p -c xen:///
        contains "$err" "${p%% *}: URI 'xen:///'" "qemu:///session"
    done
}

@test "a program that needs a guest says so" {
    embed
    for p in $needing_a_guest; do
        must_fail 2 "$p" </dev/null
        contains "$err" "$p: " "(try: $p --help)"
    done
}

@test "an unknown guest is status 3 and a hint, and nothing is made of it" {
    embed
    for p in $needing_a_guest; do
        # shellcheck disable=SC2046
        must_fail 3 "$p" $([ "$p" != vm-wait ] || echo --state running) nosuch </dev/null
        contains "$err" "$p: nosuch: no such guest in $URI" "vm-list --all"
    done
    ok find "$ROOT" -name '*nosuch*'
    same "$out" ""
}

@test "a guest where a file is wanted: a hint" {
    guest web
    rm web.xml
    for p in xml-expand xml-to-argv vm-define; do
        must_fail 3 "$p" web
        contains "$err" "$p: cannot open web: No such file or directory" "vm-dumpxml web |"
    done
}

@test "a directory where a file is wanted" {
    embed
    for p in xml-expand xml-to-argv vm-define seclabel cg-acl "vm-start --transient"; do
        # shellcheck disable=SC2086
        must_fail 1 $p "$T"
        contains "$err" "$T: Is a directory"
        # shellcheck disable=SC2086
        must_fail 1 $p - <"$T"
        contains "$err" "standard input: Is a directory"
    done
}

@test "a full disk behind standard output is an error" {
    guest web
    for p in "xml-expand web.xml" "xml-to-argv web.xml" "seclabel web" "cg-acl web" vm-list "vm-dumpxml web" \
        "vm-start --dry-run web" "caps-probe --emulator /usr/bin/qemu-system-x86_64" "vm-list --help"; do
        must_fail 1 sh -c "$p >/dev/full"
        contains "$err" "${p%% *}: cannot write standard output: No space left on device"
    done
}

@test "closed standard descriptors are as closed as that, and nothing else is written in their place" {
    EMULATOR=$FAKE_QEMU guest web
    cp root/etc/qemu/web.xml before.xml
    must_fail 1 sh -c 'xml-expand <&-'
    contains "$err" "cannot read standard input: Bad file descriptor"
    must_fail 1 sh -c 'vm-define <&-'
    contains "$err" "cannot read standard input: Bad file descriptor"
    must_fail 1 sh -c 'vm-list >&-'
    contains "$err" "cannot write standard output: Bad file descriptor"
    must_fail 3 sh -c 'vm-start nosuch <&- >&- 2>&-'
    ok sh -c 'vm-start web <&- >&- 2>&-'
    ok vm-stop web
    cmp before.xml root/etc/qemu/web.xml
}

@test "whoever is asked to type on a terminal is told what is read" {
    requires script
    EMULATOR=$FAKE_QEMU guest web
    ok vm-start web
    for p in xml-expand xml-to-argv vm-define "seclabel -" "cg-acl -" "vm-start --transient -"; do
        script -qec "$p" /dev/null </dev/null >typed 2>&1 || true
        contains "$(cat typed)" "${p%% *}: reading domain XML from the terminal (^D ends it)"
    done
    script -qec "qmp-send web" /dev/null </dev/null >typed 2>&1 || true
    contains "$(cat typed)" "qmp-send: reading commands, one JSON object a line, from the terminal"
}

@test "vm-reap has nothing to do for a guest that never ran" {
    guest web
    ok vm-reap web
    same "$out$err" ""
}

# bats test_tags=root
@test "who may not look into the system's root is told how" {
    requires root
    requires system
    mkdir -p -m 700 /var/lib/libvirt/vmutils
    cp "$BIN/vm-list" .
    chmod 755 . vm-list
    must_fail 7 setpriv --reuid 64321 --regid 64321 --clear-groups ./vm-list -c qemu:///system
    contains "$err" "/var/lib/libvirt/vmutils: Permission denied (try: sudo, or -c qemu:///session)"
}
