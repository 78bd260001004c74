#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line that a document stands for. Nothing here runs an emulator: its facts come from tests/data/caps.
load ../helpers

argv() { xml-to-argv --caps "$TOP/tests/data/caps/x86_64-tcg.caps" "$@"; }

# A document of one's own: document OUTSIDE-DEVICES INSIDE-DEVICES ATTRIBUTES
document() {
    printf "<domain type='qemu'%s>\n<name>web</name>\n<uuid>5f7c1a9e-5f0e-4a57-9d55-2b4e4c1f0100</uuid>\n" "${3:-}"
    printf "<memory unit='MiB'>256</memory>\n<os><type arch='x86_64' machine='pc'>hvm</type></os>\n%s\n" "${1:-}"
    printf "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>%s</devices>\n</domain>\n" "${2:-}"
}

@test "every document of tests/data/argv gives the command beside it (make refresh)" {
    local xml failed=
    for xml in "$TOP"/tests/data/argv/*.xml; do
        argv -c 'qemu:///embed?root=/srv/root' --format lines "$xml" >out || failed+=" $xml"
        diff -u "${xml%.xml}.args" out || failed+=" $xml"
    done
    same "$failed" ""
}

@test "the same document gives the same command again" {
    argv "$TOP/tests/data/argv/cpu-features.xml" >one
    argv "$TOP/tests/data/argv/cpu-features.xml" >two
    cmp one two
}

@test "many files in one call print what single calls print" {
    local xml
    for xml in "$TOP"/tests/data/argv/*.xml; do argv --format json "$xml"; done >single
    argv --format json "$TOP"/tests/data/argv/*.xml >many
    cmp single many
}

@test "formats have the same words" {
    local xml=$TOP/tests/data/argv/names-with-commas.xml
    argv --format lines "$xml" >lines
    argv --format nul "$xml" | tr '\0' '\n' >nul
    argv --format json "$xml" >json
    argv "$xml" >shell
    cmp lines nul
    same "$(cat json shell | wc -l)" 2
    # A shell takes the line apart again into the same words.
    sed 's,/usr/bin/qemu-system-x86_64,show,' shell >run.sh
    show() { env | grep -E '^(LC_ALL|PATH|HOME|XDG_(DATA|CACHE|CONFIG)_HOME)=' >/dev/null; printf '%s\n' "$@"; }
    # shellcheck disable=SC1091
    . ./run.sh >words
    sed '1,/^\/usr\/bin\/qemu-system-x86_64$/d' lines >wanted
    cmp words wanted
}

@test "a document on standard input is named -" {
    document "<vcpu>none</vcpu>" >web.xml
    must_fail 1 argv - <web.xml
    contains "$err" "xml-to-argv: -:6: <vcpu> 'none': not a number"
}

@test "wrong values are named with file and line" {
    document "<on_reboot>explode</on_reboot>" >web.xml
    must_fail 1 argv web.xml
    contains "$err" "web.xml:6: <on_reboot> 'explode': not one of destroy, restart,"
}

@test "a wrong document does not keep the others from being printed" {
    document >good.xml
    echo "<domain" >bad.xml
    must_fail 1 argv good.xml bad.xml missing.xml good.xml
    same "$(grep -c 'qemu-system-x86_64' <<<"$out")" 2
    contains "$err" "bad.xml:" "missing.xml"
}

@test "unknown words are named and have no effect" {
    document "<frobnicate level='9'/>" >web.xml
    ok argv web.xml
    contains "$err" "web.xml:6: <domain>: unknown element <frobnicate> is kept, but has no effect"
    must_fail 1 argv --strict web.xml
    contains "$err" "web.xml:6: <domain>: unknown element <frobnicate>"
}

@test "--standalone is a command that is neither paused nor expects anything" {
    document >web.xml
    ok argv --standalone --format lines web.xml
    ! grep -qx -e '-S' -e '-mon' -e '-no-shutdown' <<<"$out"
    ! grep -q 'fd=' <<<"$out"
    ! grep -q '^HOME=' <<<"$out"
}

@test "a --standalone command starts a guest" {
    requires qemu-system-x86_64
    document "" "<channel type='unix'><target type='virtio' name='org.example.0'/></channel><serial type='file'><source path='$T/log'/></serial>" >web.xml
    xml-to-argv --standalone web.xml >run.sh
    # shellcheck disable=SC2016
    sh -c 'echo $$ >pid; exec >qemu.log 2>&1; . ./run.sh' &
    wait_for test -e log
    kill -0 "$(cat pid)"
    kill "$(cat pid)" "$(pgrep -P "$(cat pid)")" 2>/dev/null || true
}

@test "the caller's environment is not the guest's" {
    document >web.xml
    FOO=1 ok argv --format lines web.xml
    ! grep -q '^FOO' <<<"$out"
}

@test "--emulator is taken in place of the document's" {
    document >web.xml
    ok argv --emulator /opt/qemu --format lines web.xml
    grep -qx /opt/qemu <<<"$out"
}

@test "an override of a device that is not there is refused by name" {
    document "<qemu:override><qemu:device alias='ua-none'><qemu:frontend><qemu:property name='a' type='remove'/></qemu:frontend></qemu:device></qemu:override>" "" \
        " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'" >web.xml
    must_fail 1 argv web.xml
    contains "$err" "web.xml:6: " "ua-none"
}

@test "an unknown capability in <qemu:capabilities> is refused by name" {
    document "<qemu:capabilities><qemu:add capability='frob'/></qemu:capabilities>" "" \
        " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'" >web.xml
    must_fail 1 argv web.xml
    contains "$err" "'frob'"
}

@test "a machine type that the emulator lacks is refused" {
    document >web.xml
    sed -i "s/machine='pc'/machine='pc-i440fx-99.0'/" web.xml
    must_fail 1 argv web.xml
    contains "$err" "pc-i440fx-99.0"
}

@test "hostile documents are refused and nothing is fetched" {
    printf '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><domain type="qemu"><name>&x;</name></domain>' >external.xml
    printf '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><domain type="qemu"><name>&b;</name></domain>' >bomb.xml
    must_fail 1 argv external.xml
    contains "$err" "external.xml:"
    must_fail 1 argv bomb.xml
    contains "$err" "bomb.xml:"
}

@test "a document of 100 MB is refused" {
    { echo "<domain type='qemu'>"; head -c 104857600 /dev/zero | tr '\0' ' '; echo "</domain>"; } >big.xml
    must_fail 1 argv big.xml
    contains "$err" "big.xml: larger than 16 MiB"
}

@test "an emulator of a stranger's choice is not run" {
    printf '#!/bin/sh\ntouch "%s/ran"\n' "$T" >evil
    chmod 777 evil
    document >web.xml
    sed -i "s,/usr/bin/qemu-system-x86_64,$T/evil," web.xml
    must_fail any xml-to-argv web.xml
    [ ! -e ran ]
}

@test "output that cannot be written is an error" {
    document >web.xml
    must_fail 1 sh -c 'xml-to-argv --caps "$1" web.xml >/dev/full' - "$TOP/tests/data/caps/x86_64-tcg.caps"
}

@test "wrong --format is wrong use" {
    must_fail 2 argv --format pretty /dev/null
}
