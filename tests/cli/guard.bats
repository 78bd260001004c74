#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What seclabel and cg-acl print of a domain.
load ../helpers

# bats test_tags=user
@test "seclabel: only root changes owners" {
    touch a.img
    domain web "<disk type='file'><source file='$T/a.img'/><target dev='vda' bus='virtio'/></disk>"
    ok seclabel web.xml
    contains "$out" "process"
    [ "$(id -u)" = 0 ] || contains "$out" "only root changes owners"
}

# bats test_tags=root
@test "seclabel: a disk is to belong to qemu.conf's user" {
    requires root
    touch a.img
    domain web "<disk type='file'><source file='$T/a.img'/><target dev='vda' bus='virtio'/></disk>"
    mkdir -p "$ROOT/etc"
    printf 'user = "+1234"\ngroup = "+1235"\n' >"$ROOT/etc/qemu.conf"
    ok seclabel --json web.xml
    contains "$out" '"why": "disk vda", "use": "exclusive", "mode": "0644", "now": "0:0", "wanted": "1234:1235", "change": true'
}

# bats test_tags=root
@test "seclabel: a static label of the domain is whom QEMU runs as" {
    requires root
    domain web "" "<seclabel type='static' model='dac' relabel='yes'><label>+77:+78</label></seclabel>"
    ok seclabel web.xml
    contains "$out" "77:78"
}

# bats test_tags=root
@test "seclabel: relabel='no' of one source is kept" {
    requires root
    touch a.img
    domain web "<disk type='file'><source file='$T/a.img'><seclabel model='dac' relabel='no'/></source><target dev='vda' bus='virtio'/></disk>" \
        "<seclabel type='static' model='dac' relabel='yes'><label>+77:+78</label></seclabel>"
    ok seclabel --json web.xml
    contains "$out" '"change": false, "note": "relabel='"'no'"'"'
}

# bats test_tags=root
@test "seclabel: a user that does not exist is named with its line in qemu.conf" {
    requires root
    domain web
    mkdir -p "$ROOT/etc"
    printf '# comment\nuser = "nobody-of-that-name"\n' >"$ROOT/etc/qemu.conf"
    must_fail 3 seclabel web.xml
    contains "$err" "etc/qemu.conf:2:" "nobody-of-that-name"
}

@test "qemu.conf: an unknown key is named and passed over" {
    domain web
    mkdir -p "$ROOT/etc"
    echo 'frobnicate = 1' >"$ROOT/etc/qemu.conf"
    ok seclabel web.xml
    contains "$err" "qemu.conf:1: unknown key frobnicate"
}

@test "qemu.conf: a value of the wrong type is an error with its line" {
    domain web
    mkdir -p "$ROOT/etc"
    printf '\nuser = [ "a" ]\n' >"$ROOT/etc/qemu.conf"
    must_fail 1 seclabel web.xml
    contains "$err" 'qemu.conf:2: user must be a "text"'
}

@test "cg-acl: the shared nodes come first, by number" {
    domain web
    ok cg-acl web.xml
    contains "$out" "c     1      3      rwm     /dev/null" "/dev/urandom"
}

@test "cg-acl: cgroup_device_acl replaces the shared nodes" {
    domain web
    mkdir -p "$ROOT/etc"
    echo 'cgroup_device_acl = [ "/dev/zero" ]' >"$ROOT/etc/qemu.conf"
    ok cg-acl web.xml
    contains "$out" "/dev/zero"
    [[ $out != */dev/null* ]]
}

@test "cg-acl: a disk of type file has no rule" {
    touch a.img
    domain web "<disk type='file'><source file='$T/a.img'/><target dev='vda' bus='virtio'/></disk>"
    ok cg-acl web.xml
    [[ $out != *a.img* ]]
}

@test "cg-acl: a missing node is left out with a notice" {
    domain web "<disk type='block'><source dev='/dev/no-such-node'/><target dev='vda' bus='virtio'/></disk>"
    ok cg-acl web.xml
    contains "$err" "disk vda: /dev/no-such-node: no rule: No such file or directory"
    [[ $out != *no-such-node* ]]
}

# bats test_tags=root
@test "cg-acl: a read-only block disk may be read only" {
    requires root
    mknod b0 b 7 200 || skip "block nodes cannot be made here"
    domain web "<disk type='block'><source dev='$T/b0'/><target dev='vda' bus='virtio'/><readonly/></disk>"
    ok cg-acl web.xml
    contains "$out" "b     7      200    rm "
}

@test "cg-acl: a guest that is not there is status 3" {
    embed
    must_fail 3 cg-acl nosuch
    contains "$err" "cg-acl: nosuch: no such guest in $URI"
}

# bats test_tags=user
@test "seclabel and cg-acl take a guest by name, UUID or id, and say which was not found" {
    embed
    guest file.xml
    uuid=$(vm-list --all --uuid file.xml)
    for program in seclabel cg-acl; do
        must_fail 3 $program file.xml
        ok $program --name file.xml
        ok $program "$uuid"
        ok $program --uuid "$uuid"
        must_fail 3 $program --name "$uuid"
        contains "$err" "no such guest of that name"
        must_fail 3 $program --id 77
        contains "$err" "no such running guest with that id"
    done
    must_fail 3 seclabel --restore nosuch
    contains "$err" "nosuch: no such guest"
    ok seclabel --restore --uuid "$uuid"
}
