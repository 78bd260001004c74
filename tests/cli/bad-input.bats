#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is wrong, hostile or strange is refused with a line that says why, and harms nothing.
# bats file_tags=user
load ../helpers

readers="xml-expand xml-to-argv seclabel cg-acl vm-define"

# refused FILE PART…: every program that reads a document refuses FILE (1), with each PART in one line, and
# nothing is defined.
refused() {
    local p file=$1
    shift
    embed
    for p in $readers; do
        must_fail 1 timeout 30 "$p" "$file"
        contains "$err" "$p: $file" "$@"
        same "$out" ""
        same "$(wc -l <<<"$err")" 1
    done
    same "$(vm-list --all --name)" ""
}

# named NAME: the document of a guest of that name (in XML's spelling).
named() {
    domain x
    sed -i "s|<name>x<|<name>$1<|" x.xml
}

@test "a document without <uuid> is expanded and converted" {
    domain web
    ok xml-expand web.xml
    contains "$out" "<uuid>"
    ok xml-to-argv web.xml
    contains "$out" " -uuid "
}

@test "a document that ends in the middle is refused with its line" {
    domain web
    head -n 9 web.xml >x.xml
    refused x.xml ":10: not well-formed XML"
}

@test "an empty document, plain text and bytes are refused" {
    : >x.xml
    refused x.xml ":1: not well-formed XML"
    echo hello >x.xml
    refused x.xml ":1: not well-formed XML"
    printf '\x00\xff\x1b[2J' >x.xml
    refused x.xml ":1: not well-formed XML"
}

@test "an entity bomb is refused" {
    { echo '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">'
      last=a
      for e in b c d e f g h i j k; do
          echo "<!ENTITY $e \"&$last;&$last;&$last;&$last;&$last;&$last;&$last;&$last;&$last;&$last;\">"
          last=$e
      done
      echo ']><domain type="qemu"><name>&k;</name></domain>'; } >x.xml
    refused x.xml
}

@test "an external entity is not read" {
    echo secret >secret
    echo "<!DOCTYPE d [<!ENTITY x SYSTEM 'file://$T/secret'>]><domain type='qemu'><name>&x;</name></domain>" >x.xml
    refused x.xml ":1: document type declarations are not accepted"
}

@test "a document of 100 MB is refused without being read" {
    domain web
    truncate -s 100M web.xml
    refused web.xml "larger than 16 MiB"
    must_fail 1 xml-expand - <web.xml
    contains "$err" "larger than 16 MiB"
}

@test "a document nested without end is refused" {
    { echo "<domain type='qemu'>"; yes '<a>' | head -n 100000 | tr -d '\n'; } >x.xml
    refused x.xml "not well-formed XML"
}

@test "another kind of document is refused" {
    echo '<volume/>' >x.xml
    refused x.xml ":1: <volume> found where <domain> is wanted"
}

@test "a wrong value is named with file, line and what it may be" {
    domain web "<disk type='file'><source file='/x'/><target dev='vda' bus='foo'/></disk>"
    refused web.xml "web.xml:9: <disk> bus 'foo': not one of ide, fdc, scsi, virtio"
    domain web "<disk type='fil'/>"
    refused web.xml "web.xml:9: <disk> type 'fil': not one of file, block"
    domain web "" "<vcpu>many</vcpu>"
    refused web.xml "web.xml:6: <vcpu> 'many': not a number"
}

@test "names with a slash, a newline, a leading dot or 300 bytes are refused" {
    named 'a/b'
    refused x.xml "'a/b' cannot be the name of a guest: it has a '/' in it"
    named 'a\&#10;b'
    refused x.xml "'a\\x0ab' cannot be the name of a guest: it has a control character in it"
    named '..'
    refused x.xml "'..' cannot be the name of a guest: it begins with a '.'"
    named "$(printf 'x%.0s' {1..300})"
    refused x.xml "it is longer than 240 bytes"
    named ''
    refused x.xml "<name> is missing"
}

@test "the same names, given as operands, are no guests" {
    embed
    for name in a/b $'a\nb' .. . .uuid '' ../../etc/passwd "$(printf 'x%.0s' {1..300})"; do
        for p in vm-dumpxml vm-undefine vm-autostart vm-list vm-stop vm-edit qmp-send; do
            must_fail 3 $p -- "$name"
            contains "$err" "$p: " "no such guest"
            same "$(wc -l <<<"$err")" 1
        done
    done
}

@test "a name of 240 bytes is a name like any other" {
    name=$(printf 'x%.0s' {1..240})
    named "$name"
    ok vm-define x.xml
    ok vm-dumpxml "$name"
    ok vm-undefine "$name"
}

@test "guests named nvram, snapshot, dbus, autostart, web.pid or -v are defined, marked, shown and undefined" {
    export LC_ALL=C; names="-v autostart dbus nvram snapshot web.pid"
    for name in $names; do named "$name"; ok vm-define x.xml; done
    # shellcheck disable=SC2086
    same "$(vm-list --all --name)" "$(printf '%s\n' $names)"
    for name in $names; do
        ok vm-dumpxml -- "$name"
        contains "$out" "<name>$name</name>"
        ok vm-autostart -- "$name"
        ok vm-list --all -- "$name"
        ok seclabel -- "$name"
    done
    # shellcheck disable=SC2086
    same "$(vm-autostart | sort)" "$(printf '%s\n' $names)"
    for name in $names; do ok vm-undefine -- "$name"; done
    same "$(vm-list --all --name)" ""
}

@test "a relative embed root is refused by every program" {
    domain web
    for p in "xml-to-argv web.xml" "xml-expand web.xml" "seclabel web.xml" "cg-acl web.xml" "vm-define web.xml" \
        "vm-list" "vm-dumpxml web" "vm-undefine web" "vm-stop web" "caps-probe" "qmp-send web query-status"; do
        # shellcheck disable=SC2086
        must_fail any $p -c 'qemu:///embed?root=some/where'
        contains "$err" "some/where" "absolute"
    done
    [ ! -e some ]
}
