#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
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
@test "guests named nvram, snapshot, dbus, autostart, web.pid or -v start, answer and stop" {
    for name in -v autostart dbus nvram snapshot web.pid; do
        EMULATOR=$FAKE_QEMU named "$name"
        ok vm-define -q x.xml
        ok vm-start -- "$name"
        ok qmp-send -- "$name" query-status
        ok vm-list -- "$name"
        contains "$out" "running"
        ok vm-stop -- "$name"
        contains "$out" "$name: stopped (acpi)"
    done
    same "$(vm-list --name)" ""
}

@test "a missing emulator, a directory and what is not QEMU are refused by name" {
    mkdir sub
    for row in "3 /nonexistent/qemu" "1 $T/sub" "7 $T/x.xml" "6 /bin/true" "6 /bin/cat"; do
        EMULATOR=${row#* } named web
        for p in "xml-expand " "xml-to-argv " "vm-define " "vm-start --transient"; do
            # shellcheck disable=SC2086
            must_fail "${row%% *}" ${p/ / --bindir $T --bindir \/bin } x.xml
            contains "$err" "${p%% *}: " "$(basename "${row#* }")"
        done
    done
    same "$(vm-list --all --name)" ""
}

@test "an emulator that goes away after the definition is named by vm-start, and nothing is left" {
    cp "$FAKE_QEMU" "$T/qemu"
    EMULATOR=$T/qemu named web
    ok vm-define -q --bindir "$T" x.xml
    rm qemu
    must_fail 3 vm-start --bindir "$T" web
    contains "$err" "web: cannot use emulator $T/qemu: No such file or directory"
    same "$(vm-list --all --state 'shut off' --name)" web
    ok vm-undefine web
}

# Starts web with a QEMU that behaves so, and wants that status; afterwards web is defined and off, and
# neither a journal nor a process is left.
badly() {
    local status=$1 word=$2
    cp "$FAKE_QEMU" "$T/qemu"
    echo "$word" >"$T/qemu.conf"
    EMULATOR=$T/qemu named web
    ok vm-define -q --bindir "$T" x.xml
    must_fail "$status" vm-start --timeout 1 --bindir "$T" web
    contains "$err" "vm-start: web: "
    same "$(vm-list --all --state 'shut off' --name)" web
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
    ! pgrep -f "$T/qemu" || return 1
    : >"$T/qemu.conf"
    ok vm-start --bindir "$T" web
    ok vm-stop --force web
}

@test "a QEMU that dies has its last words in the error" {
    badly 6 die
    embed "$T/other"
    echo die=cont >qemu.conf
    ok vm-define -q --bindir "$T" x.xml
    must_fail 6 vm-start --bindir "$T" web
    contains "$err" "web: QEMU ended with status 1 while it was starting" "this is the fake's last line"
}

@test "a QEMU that does not answer is given up in time" { badly 8 silent; }
@test "a QEMU that answers no command is given up in time" { badly 8 mute=qmp_capabilities; }
@test "a QEMU that greets with rubbish is given up" { badly 6 rubbish; }
@test "a QEMU that answers with rubbish is given up" { badly 6 rubbish=qmp_capabilities; }
@test "a QEMU that answers without end is given up" { badly any endless=qmp_capabilities; }
@test "a QEMU that nests without end is given up" { badly 6 deep=qmp_capabilities; }

@test "a guest whose QEMU does not answer is stopped in time, or by force" {
    cp "$FAKE_QEMU" "$T/qemu"
    echo "silent=system_powerdown" >qemu.conf
    EMULATOR=$T/qemu named web
    ok vm-start --bindir "$T" --transient x.xml
    must_fail 8 vm-stop --timeout 0.2 web
    contains "$err" "web: still runs after 0.2 s" "vm-stop --force"
    ok vm-stop --force web
    same "$(vm-list --all --name)" ""
}

# bats test_tags=root
@test "on a full disk nothing is defined, and what was there stays" {
    requires root
    mkdir root
    mount -t tmpfs -o size=256k none root
    embed
    named web
    EMULATOR=$FAKE_QEMU guest full
    cp root/etc/qemu/full.xml before.xml
    dd if=/dev/zero of=root/fill bs=1k 2>/dev/null || true
    must_fail 1 vm-define x.xml
    contains "$err" "web" "No space left on device"
    sed -i 's/64/128/' full.xml
    must_fail 1 vm-define full.xml
    contains "$err" "full" "No space left on device"
    must_fail 1 vm-start full
    contains "$err" "full" "No space left on device"
    cmp before.xml root/etc/qemu/full.xml
    same "$(ls -A root/etc/qemu)" full.xml
    rm root/fill
    ok vm-start full
    ok vm-stop --force full
    umount root
}

# bats test_tags=root
@test "on a read-only root everything can be read and nothing be changed" {
    requires root
    EMULATOR=$FAKE_QEMU guest web
    mount --bind root root
    mount -o remount,ro,bind root
    for p in "vm-list --all" "vm-dumpxml web" "xml-to-argv web.xml" "seclabel web"; do
        # shellcheck disable=SC2086
        ok $p
    done
    for p in "vm-define web.xml" "vm-undefine web" "vm-autostart web" "vm-start web"; do
        # shellcheck disable=SC2086
        must_fail any $p
        contains "$err" "Read-only file system"
    done
    umount root
    same "$(vm-list --all --name)" web
    same "$(vm-autostart)" ""
}

# bats test_tags=root
@test "a state directory of someone else's is neither entered nor believed" {
    requires root
    EMULATOR=$FAKE_QEMU guest web
    cp root/etc/qemu/web.xml before.xml
    mkdir -p root/lib/vmutils/web
    echo '{"format": 1, "rows": 1}' >root/lib/vmutils/web/journal
    chown 64321 root/lib/vmutils/web
    for p in "vm-define web.xml" "vm-undefine web" "vm-start web" "vm-stop web" "vm-stop --force web" \
        "qmp-send web query-status" "vm-console web" "vm-wait --state running web" "vm-reset web" "vm-reap web"; do
        # shellcheck disable=SC2086
        must_fail 7 $p
        contains "$err" "web: its state directory is not trusted" "user id 64321"
    done
    cmp before.xml root/etc/qemu/web.xml
    [ -e root/lib/vmutils/web/journal ]
    ok vm-list --all
}

# bats test_tags=root
@test "a root on whose way someone else may write is refused" {
    requires root
    EMULATOR=$FAKE_QEMU guest web
    chmod 777 root/lib/vmutils
    must_fail 7 vm-start web
    contains "$err" "writable by everyone"
    chmod 700 root/lib/vmutils
    chown 64321 root
    must_fail 7 vm-start web
    contains "$err" "belongs to user id 64321"
}

@test "a journal of rubbish counts as none: nothing was done" {
    EMULATOR=$FAKE_QEMU guest web
    for text in rubbish '' "$(printf '[%.0s' {1..20000})" "$(printf '\x1b[2J')"; do
        mkdir -p root/lib/vmutils/web
        chmod 700 root/lib/vmutils/web
        echo "$text" >root/lib/vmutils/web/journal
        cp root/lib/vmutils/web/journal root/lib/vmutils/web/live.xml
        ok vm-list --all
        ok vm-dumpxml web
        ok vm-start web
        ok vm-stop web
        [ ! -e root/lib/vmutils/web/journal ]
    done
}

# Not as root, who may write everywhere.
@test "a user without permission is told so" {
    [ "$(id -u)" != 0 ] || skip "root may write everywhere"
    EMULATOR=$FAKE_QEMU guest web
    chmod 500 root/etc/qemu
    must_fail 7 vm-define web.xml
    contains "$err" "Permission denied"
    must_fail 7 vm-undefine web
    contains "$err" "Permission denied"
    same "$(vm-list --all --name)" web
    must_fail any vm-define -c qemu:///system web.xml
    same "$(wc -l <<<"$err")" 1
}
