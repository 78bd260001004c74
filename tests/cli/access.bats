#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# seclabel --check, and vm-start's own: what QEMU may not open, and that what is printed as a remedy is one.
# bats file_tags=root
load ../helpers

U=64399 # a user of nobody's, whom QEMU runs as

setup() {
    helpers_setup
    chmod 755 "$T"
    embed
    mkdir -p "$ROOT/etc" d
    chmod 755 d
    conf ""
    HERE=$(realpath "$T")
}

teardown() {
    local m
    [ ! -e "$T/d/a.img" ] || chattr -ia d/a.img d 2>/dev/null || true
    for m in "$T"/m/*/ "$T/m"; do umount -l "$m" 2>/dev/null || true; done
    helpers_teardown
}

# conf LINES: qemu.conf with user U.
conf() {
    printf 'user = "+%s"\ngroup = "+%s"\n%s\n' $U $U "$1" >"$ROOT/etc/qemu.conf"
}

# disk PATH [EXTRA]: a domain with this disk.
disk() {
    domain web "<disk type='file'><source file='$(xml "$1")'/><target dev='vda' bus='virtio'/>${2:-}</disk>"
}
xml() { local s=${1//&/&amp;}; s=${s//\'/&apos;}; printf %s "${s//$'\n'/&#10;}"; }

# check STATUS [OPTION...]: leaves the rows that are not ok in $rows.
check() {
    must_fail "$1" seclabel --check --json "${@:2}" web.xml
    rows=$(jq -c 'map(select(.state != "ok"))' <<<"$out")
}

# refused LAYER COMPONENT REMEDY: so it is, by this alone; what is printed mends it.
refused() {
    same "$(jq -r 'map([.layer, .component, .remedy] | join("|")) | unique[]' <<<"$rows")" "$1|$2|$3"
    mended
}
mended() {
    local command
    while IFS= read -r -d '' command; do bash -c "$command"; done < <(jq -j '.[] | select(.remedy) | .remedy + "\u0000"' <<<"$rows")
    ok seclabel --check web.xml
}

@test "a file that will belong to QEMU's user is its to open" {
    touch d/a.img
    chmod 600 d/a.img
    disk "$T/d/a.img"
    ok seclabel --check web.xml
    contains "$out" "disk vda  ok"
}

@test "a directory on the way without search permission: chmod o+x" {
    touch d/a.img
    chmod 700 d
    disk "$T/d/a.img"
    check 7
    same "$(jq -r '.[0] | .has, .needs' <<<"$rows")" "$(printf "rwx------ root:root\n--x for user '%s'" $U)"
    refused dac "$HERE/d" "chmod o+x $HERE/d"
}

@test "every parent that lacks it is named at once, with no more than it lacks" {
    mkdir -p d/e/f
    touch d/e/f/a.img
    chmod 700 d d/e/f
    disk "$T/d/e/f/a.img"
    check 7
    same "$(jq -r '.[].remedy' <<<"$rows")" "$(printf 'chmod o+x %s\nchmod o+x %s' "$HERE/d" "$HERE/d/e/f")"
    mended
}

@test "a directory of QEMU's own group: chmod g+x, which opens less" {
    touch d/a.img
    chgrp $U d
    chmod 700 d
    disk "$T/d/a.img"
    check 7
    refused dac "$HERE/d" "chmod g+x $HERE/d"
}

@test "a directory of QEMU's user without search permission for itself: chmod u+x" {
    touch d/a.img
    chown $U d
    chmod 655 d
    disk "$T/d/a.img"
    check 7
    refused dac "$HERE/d" "chmod u+x $HERE/d"
}

@test "a directory whose ACL names QEMU's user without search permission: setfacl" {
    requires setfacl
    touch d/a.img
    setfacl -m u:$U:r d
    disk "$T/d/a.img"
    check 7
    contains "$(jq -r '.[0].has' <<<"$rows")" "user:$U:r--"
    refused acl "$HERE/d" "setfacl -m u:$U:rx $HERE/d"
}

@test "an ACL's mask takes away what its entry gives: setfacl" {
    requires setfacl
    touch d/a.img
    setfacl -m u:$U:x,m::r d
    disk "$T/d/a.img"
    check 7
    contains "$(jq -r '.[0].has' <<<"$rows")" "mask::r--"
    refused acl "$HERE/d" "setfacl -m u:$U:x $HERE/d"
}

@test "an ACL whose mask is empty leaves it to the bits of others: chmod o+x" {
    requires setfacl
    touch d/a.img
    chmod 711 d
    setfacl -m u:$U:x,m::- d
    disk "$T/d/a.img"
    ok seclabel --check web.xml
    chmod o-x d
    check 7
    refused acl "$HERE/d" "chmod o+x $HERE/d"
}

@test "a group of an ACL that is QEMU's and lets nobody in: setfacl" {
    requires setfacl
    touch d/a.img
    setfacl -m g:$U:r d
    disk "$T/d/a.img"
    check 7
    refused acl "$HERE/d" "setfacl -m u:$U:x $HERE/d"
}

@test "a file that keeps its owner: an ACL for QEMU's user alone, and the key that would give it the file" {
    requires setfacl
    conf "dynamic_ownership = 0"
    touch d/a.img
    chmod 644 d/a.img
    disk "$T/d/a.img"
    check 7
    same "$(jq -r '.[0].hint' <<<"$rows")" "dynamic_ownership = 1 in $ROOT/etc/qemu.conf"
    refused dac "$HERE/d/a.img" "setfacl -m u:$U:rw $HERE/d/a.img"
}

@test "the key that is named gives QEMU the file" {
    conf "dynamic_ownership = 0"
    touch d/a.img
    disk "$T/d/a.img"
    must_fail 7 seclabel --check web.xml
    conf "$(seclabel --check --json web.xml 2>/dev/null | jq -r '.[] | select(.hint) | .hint | sub(" in .*"; "")')"
    ok seclabel --check web.xml
}

@test "a read-only disk need only be read" {
    conf "dynamic_ownership = 0"
    touch d/a.img
    chmod 644 d/a.img
    disk "$T/d/a.img" "<readonly/>"
    ok seclabel --check web.xml
}

@test "a file whose owner may not write it: chmod u+w" {
    touch d/a.img
    chmod 400 d/a.img
    disk "$T/d/a.img"
    check 7
    refused dac "$HERE/d/a.img" "chmod u+w $HERE/d/a.img"
}

@test "an immutable file: chattr -i" {
    touch d/a.img
    chattr +i d/a.img 2>/dev/null || skip "this file system has no immutable attribute"
    disk "$T/d/a.img"
    check 7
    refused attribute "$HERE/d/a.img" "chattr -i $HERE/d/a.img"
}

@test "an append-only file: chattr -a" {
    touch d/a.img
    chattr +a d/a.img 2>/dev/null || skip "this file system has no append-only attribute"
    disk "$T/d/a.img"
    check 7
    refused attribute "$HERE/d/a.img" "chattr -a $HERE/d/a.img"
}
