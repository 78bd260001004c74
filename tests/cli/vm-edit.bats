# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
load ../helpers

setup() {
    helpers_setup
    export TMPDIR=$T/tmp
    mkdir tmp
    unset VISUAL
}
copies() { ls "$T/tmp"; }

@test "what the editor changed is stored" {
    guest web
    EDITOR='sed -i s/65536/131072/' ok vm-edit web
    same "$out" 'web: definition changed'
    contains "$(vm-dumpxml web)" "<memory unit='KiB'>131072</memory>"
    same "$(copies)" ""
}

@test "VISUAL goes before EDITOR" {
    guest web
    VISUAL='sed -i s/65536/131072/' EDITOR=false ok vm-edit web
    same "$out" 'web: definition changed'
}

@test "a text left as it was changes nothing" {
    guest web
    before=$(stat -c %i "$ROOT/etc/qemu/web.xml")
    EDITOR=true ok vm-edit web
    same "$out" 'web: definition not changed'
    same "$(stat -c %i "$ROOT/etc/qemu/web.xml")" "$before"
    same "$(copies)" ""
}

@test "a broken text is refused, offered again, and kept when the answer is no" {
    guest web
    cp "$ROOT/etc/qemu/web.xml" before.xml
    EDITOR='sed -i s,</name>,<,' must_fail 1 vm-edit web <<<n
    contains "$err" "not well-formed" "Edit again?" "your text is in $T/tmp/web."
    cmp before.xml "$ROOT/etc/qemu/web.xml"
    same "$(copies | wc -l)" 1
}

@test "a second try starts from the refused text" {
    guest web
    cat >ed.sh <<'END'
if grep -q BROKEN "$1"; then sed -i 's,<BROKEN,</name,' "$1"; else sed -i 's,65536,131072,;s,</name,<BROKEN,' "$1"; fi
END
    EDITOR="sh ed.sh" ok vm-edit web <<<y
    contains "$(vm-dumpxml web)" "131072"
    same "$(copies)" ""
}

@test "end of input is no, and the text is kept" {
    guest web
    EDITOR='sed -i s,web</name>,db</name>,' must_fail 1 vm-edit web </dev/null
    contains "$err" "the name cannot be changed" "your text is in"
    same "$(copies | wc -l)" 1
}

@test "an editor that is not there, or fails, changes nothing" {
    guest web
    EDITOR=/nonexistent must_fail 1 vm-edit web
    contains "$err" "/nonexistent"
    EDITOR=false must_fail 1 vm-edit web
    same "$(copies)" ""
}

@test "^C while the editor is open is the editor's" {
    guest web
    cat >ed.sh <<'END'
trap 'echo caught >caught' INT
kill -INT 0
sed -i 's/65536/131072/' "$1"
END
    # A session of its own: the signal is for all of it, as from a terminal.
    EDITOR="bash ed.sh" ok setsid --wait vm-edit web
    same "$(cat caught)" caught
    same "$out" 'web: definition changed'
    same "$(copies)" ""
}

@test "another's change meanwhile is not overwritten unasked" {
    guest web
    cat >ed.sh <<'END'
sed -i 's/65536/131072/' "$1"
sed 's/<vcpu>1/<vcpu>2/' web.xml | LIBVIRT_DEFAULT_URI=$LIBVIRT_DEFAULT_URI vm-define -q
END
    EDITOR="sh ed.sh" must_fail 4 vm-edit web <<<n
    contains "$err" "changed by someone else"
    contains "$(vm-dumpxml web)" ">2</vcpu>" ">65536</memory>"
}

@test "another's change meanwhile is overwritten when told so" {
    guest web
    cat >ed.sh <<'END'
sed -i 's/65536/131072/' "$1"
sed 's/<vcpu>1/<vcpu>2/' web.xml | vm-define -q
END
    EDITOR="sh ed.sh" ok vm-edit web <<<f
    contains "$(vm-dumpxml web)" ">1</vcpu>" ">131072</memory>"
}

@test "passwords survive an edit" {
    guest web "<graphics type='vnc' port='-1' passwd='s3cret'/>"
    EDITOR='sed -i s/65536/131072/' ok vm-edit web
    contains "$(cat "$ROOT/etc/qemu/web.xml")" "passwd='s3cret'"
}

@test "a guest that is not there is status 3" {
    embed
    EDITOR=true must_fail 3 vm-edit nosuch
}
