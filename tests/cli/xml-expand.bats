#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What documents are when all that they leave open is filled in. Nothing here runs an emulator: its facts come
# from tests/data/caps.
load ../helpers

expand() { xml-expand --caps "$TOP/tests/data/caps/x86_64-tcg.caps" -q "$@"; }

# pc DEVICES: a document with these devices
pc() {
    printf "<domain type='qemu'><name>web</name><uuid>5f7c1a9e-5f0e-4a57-9d55-2b4e4c1f0300</uuid><memory unit='MiB'>64</memory>"
    printf "<os><type arch='x86_64' machine='%s'>hvm</type></os><devices>%s</devices></domain>\n" "${2:-pc}" "$1"
}

# Addresses of a document's devices, one a line. That a slot has several functions is no part of an address.
addresses() { grep -o "<address type='[a-z-]*'.*" "$1" | sed "s/ multifunction='on'//" | sort; }

@test "every document of tests/data/expand becomes the one beside it (make refresh)" {
    local xml failed=
    for xml in "$TOP"/tests/data/expand/*.xml; do
        expand "$xml" >out || failed+=" $xml"
        diff -u "${xml%.xml}.expanded" out || failed+=" $xml"
    done
    same "$failed" ""
}

@test "expanding twice changes nothing" {
    local xml failed=
    for xml in "$TOP"/tests/data/expand/*.xml "$TOP"/tests/data/argv/*.xml; do
        expand "$xml" >once || failed+=" $xml"
        expand once >twice || failed+=" $xml"
        diff -u once twice || failed+=" $xml"
    done
    same "$failed" ""
}

@test "a device that is added to a complete document moves no other" {
    local xml device failed=
    for xml in "$TOP"/tests/data/expand/*.xml; do
        expand "$xml" >before
        for device in "<disk type='file' device='disk'><source file='/srv/new'/><target dev='vdx' bus='virtio'/></disk>" \
            "<disk type='file' device='disk'><source file='/srv/new'/><target dev='sdx' bus='usb'/></disk>" \
            "<interface type='user'><model type='e1000'/></interface>" \
            "<channel type='pty'><target type='virtio' name='new'/></channel>"; do
            awk -v device="$device" '{ print } /<emulator>/ { print device }' before >more.xml
            expand more.xml >after || failed+=" $xml"
            [ -z "$(comm -23 <(addresses before) <(addresses after))" ] || failed+=" $xml"
        done
    done
    same "$failed" ""
}

@test "every document of tests/data/expand/bad is refused by the rule that it is named after" {
    local xml rule failed=
    for xml in "$TOP"/tests/data/expand/bad/*.xml; do
        rule=$(basename "$xml" .xml)
        must_fail 1 expand "$xml"
        contains "$err" "$xml:" || failed+=" $rule"
        contains "$err" "(rule $rule)" || failed+=" $rule"
    done
    same "$failed" ""
}

@test "all broken rules are told, not only the first" {
    pc "<serial type='file'/><channel type='spicevmc'><target type='virtio' name='x'/></channel>" >web.xml
    must_fail 1 expand web.xml
    contains "$err" "(rule chardev-source)"
    contains "$err" "(rule chardev-spice)"
}

@test "two devices at one PCI address are refused with file and line" {
    pc "
<interface type='user'><address type='pci' bus='0' slot='5' function='0'/></interface>
<interface type='user'><address type='pci' bus='0' slot='5' function='0'/></interface>" >web.xml
    must_fail 1 expand web.xml
    contains "$err" "web.xml:3: <interface> PCI address 0000:00:05.0 is used twice"
}

@test "a device in the chipset's slot is refused with file and line" {
    pc "
<interface type='user'><address type='pci' bus='0' slot='1' function='0'/></interface>" >web.xml
    must_fail 1 expand web.xml
    contains "$err" "web.xml:2: <interface> PCI slot 0000:00:01 is the chipset's"
}

@test "two devices at one USB port are refused" {
    pc "
<input type='tablet' bus='usb'><address type='usb' bus='0' port='1'/></input>
<input type='tablet' bus='usb'><address type='usb' bus='0' port='1'/></input>" >web.xml
    must_fail 1 expand web.xml
    contains "$err" "web.xml:3: <input> USB address bus 0 port 1 is used twice"
}

@test "a machine type that the emulator lacks is refused" {
    pc "" pc-i440fx-99.9 >web.xml
    must_fail 1 expand web.xml
    contains "$err" "machine 'pc-i440fx-99.9'"
}

@test "an interface without <mac> gets one, and keeps it" {
    pc "<interface type='user'/>" >web.xml
    expand web.xml >once
    grep -q "<mac address='52:54:00:" once
    expand once | cmp - once
}

@test "a bus that only an address names is added" {
    pc "<interface type='user'><model type='e1000'/><address type='pci' bus='2' slot='4' function='0'/></interface>" >web.xml
    ok expand web.xml
    contains "$out" "index='1' model='pci-bridge'"
    contains "$out" "index='2' model='pci-bridge'"
}

@test "--live shows the devices' ids, a plain run only the user's own" {
    pc "<rng model='virtio'><backend model='builtin'/><alias name='ua-dice'/></rng>" >web.xml
    ok expand web.xml
    contains "$out" "<alias name='ua-dice'/>"
    [[ $out != *"<alias name='balloon0'/>"* ]]
    ok expand --live web.xml
    contains "$out" "<alias name='balloon0'/>"
}
