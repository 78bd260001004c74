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

# bats test_tags=root
@test "a running guest's owner is shown as libvirt shows it, and its definition has nothing of that" {
    embed
    mkdir -p "$ROOT/etc"
    printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf"
    chmod 755 "$T"
    label() { sed -n '/<seclabel/,/<\/seclabel>/p' <<<"$out" | sed 's/^ *//'; }
    # MODEL as the document has it, what libvirt 9.0 shows of it
    show() {
        fake_guest "$1" '' '' "$2"
        ok vm-dumpxml "$1"
        before=$out
        ok fake_start "$1"
        ok vm-dumpxml "$1"
        same "$(label)" "$3"
        ok vm-dumpxml --inactive "$1"
        same "$out" "$before"
        ok vm-stop --force "$1"
        ok vm-dumpxml "$1"
        same "$out" "$before"
    }
    show none "" "<seclabel type='dynamic' model='dac' relabel='yes'>
<label>+1:+3</label>
<imagelabel>+1:+3</imagelabel>
</seclabel>"
    show dynamic "<seclabel type='dynamic' model='dac'/>" "<seclabel type='dynamic' model='dac' relabel='yes'>
<label>+1:+3</label>
<imagelabel>+1:+3</imagelabel>
</seclabel>"
    show static "<seclabel type='static' model='dac' relabel='yes'><label>games:games</label></seclabel>" \
        "<seclabel type='static' model='dac' relabel='yes'>
<label>games:games</label>
<imagelabel>games:games</imagelabel>
</seclabel>"
    show kept "<seclabel type='static' model='dac' relabel='no'><label>+5:+60</label></seclabel>" \
        "<seclabel type='static' model='dac' relabel='no'>
<label>+5:+60</label>
</seclabel>"
    show off "<seclabel type='none' model='dac'/>" "<seclabel type='none' model='dac'/>" || return 1
}

# bats test_tags=user
@test "a running guest's XML has the address that its display listens on" {
    embed
    fake_guest shown "" "<graphics type='vnc' autoport='yes'/>"
    fake_start shown
    ok vm-dumpxml shown
    contains "$out" " listen='127.0.0.1'" "<listen type='address' address='127.0.0.1'/>"
    ok vm-dumpxml --inactive shown
    [[ $out != *127.0.0.1* ]]
}
