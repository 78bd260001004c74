# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
load ../helpers

@test "the definition is printed, and can be defined again" {
    guest web
    vm-dumpxml web >copy.xml
    ok vm-undefine web
    ok vm-define -q copy.xml
    same "$(vm-dumpxml web)" "$(cat copy.xml)"
}

@test "passwords are printed only with --security-info" {
    guest web "<graphics type='vnc' port='-1' passwd='s3cret'/>"
    ok vm-dumpxml web
    [[ $out != *s3cret* ]]
    ok vm-dumpxml --security-info web
    contains "$out" "passwd='s3cret'"
}

@test "several guests are printed one after the other" {
    guest web && guest db
    ok vm-dumpxml db web
    same "$(grep '<name>' <<<"$out" | tr -d ' ')" $'<name>db</name>\n<name>web</name>'
}

@test "a guest that is not there is status 3, the others are printed" {
    guest web
    must_fail 3 vm-dumpxml nosuch web
    contains "$out" "<name>web</name>"
}

@test "a definition that libvirt wrote is read, its header too" {
    guest web
    { printf '<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.\n-->\n\n'; vm-dumpxml web; } >libvirts
    cat libvirts >"$ROOT/etc/qemu/web.xml"
    ok vm-dumpxml web
    same "$out" "$(sed 1,4d libvirts)"
}

@test "a file that defines another guest is an error that names both" {
    guest other
    mv "$ROOT/etc/qemu/other.xml" "$ROOT/etc/qemu/web.xml"
    must_fail 1 vm-dumpxml web
    contains "$err" "web.xml" "'other'"
}

@test "a broken definition is named with file and line" {
    embed
    mkdir -p "$ROOT/etc/qemu"
    echo '<domain' >"$ROOT/etc/qemu/web.xml"
    must_fail 1 vm-dumpxml web
    contains "$err" "$ROOT/etc/qemu/web.xml:"
}
