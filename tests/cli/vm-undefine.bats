# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
load ../helpers

@test "the definition and its autostart mark go" {
    guest web
    ok vm-autostart web
    ok vm-undefine web
    same "$(vm-list --all --name)" ""
    same "$(ls "$ROOT/etc/qemu/autostart")" ""
    same "$(ls "$ROOT/lib/vmutils")" ""
}

@test "a guest may be named by its uuid" {
    guest web
    ok vm-undefine "$(vm-list --all --uuid)"
    same "$(vm-list --all --name)" ""
}

@test "a guest that is not there is status 3, the others are undefined" {
    guest web
    must_fail 3 vm-undefine nosuch web
    contains "$err" "vm-undefine: nosuch: no such guest"
    same "$(vm-list --all --name)" ""
}

@test "names that could leave the store are no guests" {
    embed
    for n in .. ../web /etc/passwd . '' "$(printf 'x%.0s' {1..300})" $'a\nb'; do
        must_fail 3 vm-undefine -- "$n"
    done
}

@test "a guest with an NVRAM file needs --nvram or --keep-nvram" {
    domain web "" "<features><acpi/></features>"
    sed -i "s,</os>,<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader><nvram>$T/web.fd</nvram></os>," web.xml
    ok vm-define -q web.xml
    echo vars >web.fd
    must_fail 4 vm-undefine web
    contains "$err" "$T/web.fd" "--nvram" "--keep-nvram"
    ok vm-undefine --keep-nvram web
    [ -e web.fd ]
    ok vm-define -q web.xml
    ok vm-undefine --nvram web
    [ ! -e web.fd ]
}

# bats test_tags=user
@test "NVRAM that a start has made is the guest's, too, whether its firmware is named or chosen" {
    nvram=$T/root/lib/qemu/nvram/web_VARS.fd
    for os in "<os><type arch='x86_64' machine='pc'>hvm</type><loader readonly='yes' type='pflash'>$T/code.fd</loader></os>" \
        "<os firmware='efi'><type arch='x86_64' machine='pc'>hvm</type></os>"; do
        domain web "" "<features><acpi/></features>"
        sed -i "s,<os>.*</os>,$os," web.xml
        ok vm-define -q web.xml
        mkdir -p "${nvram%/*}"
        echo vars >"$nvram"
        must_fail 4 vm-undefine web
        contains "$err" "web: has an NVRAM file, $nvram" "--nvram" "--keep-nvram"
        ok vm-undefine --keep-nvram web
        [ -e "$nvram" ]
        ok vm-define -q web.xml
        ok vm-undefine --nvram web
        [ ! -e "$nvram" ]
    done
    # Firmware without variables has none, whatever is there.
    domain web "" "<features><acpi/></features>"
    sed -i "s,</os>,<loader readonly='yes' type='pflash' stateless='yes'>$T/code.fd</loader></os>," web.xml
    ok vm-define -q web.xml
    echo vars >"$nvram"
    ok vm-undefine --nvram web
    [ -e "$nvram" ]
}

@test "--nvram and --keep-nvram exclude each other" {
    must_fail 2 vm-undefine --nvram --keep-nvram web
}

@test "a broken definition can be removed" {
    embed
    mkdir -p "$ROOT/etc/qemu"
    echo '<domain' >"$ROOT/etc/qemu/web.xml"
    ok vm-undefine web
    [ ! -e "$ROOT/etc/qemu/web.xml" ]
}

@test "a file that defines another guest is left alone, both are named" {
    guest other
    mv "$ROOT/etc/qemu/other.xml" "$ROOT/etc/qemu/web.xml"
    must_fail 1 vm-undefine --keep-nvram web
    contains "$err" "web.xml" "'other'"
    [ -e "$ROOT/etc/qemu/web.xml" ]
}
