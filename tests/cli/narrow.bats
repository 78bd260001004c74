# SPDX-License-Identifier: LGPL-2.1-or-later
# What the programs may still do once their options are read. A library loaded into each tries at its end what a
# program that a stranger has taken over would try (tests/intruder.c), and says what went through.
# shellcheck shell=bash
load ../helpers

# intruder CMD...: leaves what went through in $went. WANT: exit status of CMD, or any.
intruder() {
    local status=0 want=${WANT:-0}
    mkdir -p "$T/outside"
    echo precious >"$T/outside/victim"
    chmod 600 "$T/outside/victim"
    [ -S "$T/outside/socket" ] || listener
    INTRUDER_DIR=$T/outside INTRUDER_STORE=$ROOT/etc/qemu INTRUDER_FD=9 LD_PRELOAD=$B/tests/intruder.so \
        "$@" 9>"$T/went" >"$T/out" 2>"$T/err" 3>&- || status=$?
    went=$(sed 's/ *$//' "$T/went")
    [ "$want" = any ] || [ "$status" = "$want" ] || { echo "status $status"; cat "$T/err"; return 1; }
}

# Who listens to strangers; it ends with the test.
listener() {
    python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1000); time.sleep(600)' "$T/outside/socket" >/dev/null 2>&1 3>&- &
    wait_for [ -S "$T/outside/socket" ]
}

prepare() {
    requires_plain
    # With /tmp as a place for temporary files nothing could be told apart.
    mkdir -p "$T/tmp"
    export TMPDIR=$T/tmp
    embed
    domain web >web.xml
    ok vm-define web.xml
    rm -f "$ROOT/etc/qemu/planted"
}

# Sanitizers need what is refused; a kernel without Landlock refuses less.
requires_plain() {
    case $B in *sanitize*) skip "sanitizers need what is refused" ;; esac
}

@test "narrow: what the intruder tries goes through in a program that is not narrowed" {
    prepare
    intruder env true
    contains "$went" create write read chmod truncate rename remove store fork exec signal connect tcp
    INTRUDER_TRY="exec" intruder env true
    same "$went" become
}

@test "narrow: a reader of the store cannot write, run, signal or connect" {
    prepare
    for cmd in "vm-list --all" "vm-dumpxml web"; do
        # shellcheck disable=SC2086
        intruder $cmd
        same "$cmd: $went" "$cmd: read"
    done
}

@test "narrow: xml-to-argv and xml-expand cannot even read once they parse, and die if they fork" {
    prepare
    for cmd in xml-to-argv xml-expand; do
        WANT=$((128 + $(kill -l SYS))) intruder "$cmd" web.xml
        same "$cmd: $went" "$cmd: "
    done
}

@test "narrow: seclabel, cg-acl and vm-conf print, and may look users up, but write and run nothing" {
    prepare
    for cmd in "seclabel web.xml" "cg-acl web.xml" vm-conf; do
        # shellcheck disable=SC2086
        intruder $cmd
        case "$went" in *create* | *write* | *store* | *exec* | *tcp* | *chmod* | *signal*) echo "$cmd: $went"; return 1 ;; esac
        contains "$went" read
    done
}

@test "narrow: the process that asks emulators for a parser writes nothing but what it keeps of them" {
    prepare
    for i in 1 2 3 4 5 6 7 8 9; do echo web.xml; done >list
    # shellcheck disable=SC2046
    WANT=1 intruder xml-to-argv $(cat list)
    same "$went" "read fork exec"
}

@test "narrow: vm-define and vm-edit change their root and nothing outside, and run emulators only" {
    prepare
    intruder vm-define web.xml
    same "$went" "read store fork exec"
    rm "$ROOT/etc/qemu/planted"
    # At its end the editor would be one, too.
    EDITOR=true INTRUDER_AT=parse intruder vm-edit web
    same "$went" "read store fork exec"
}

@test "narrow: the editor of vm-edit may do what its user may" {
    prepare
    mkdir outside
    printf '#!/bin/sh\n>"%s/outside/mine"\nsed -i s/65536/131072/ "$1"\n' "$T" >editor
    chmod +x editor
    EDITOR=$T/editor ok vm-edit web
    [ -e outside/mine ]
    contains "$(vm-dumpxml web)" 131072
}

@test "narrow: vm-undefine changes its root and nothing outside; with --nvram it removes files, too" {
    prepare
    intruder vm-undefine web
    same "$went" "read store"
    ok vm-define web.xml
    intruder vm-undefine --nvram web
    same "$went" "read remove store"
}

@test "narrow: vm-autostart changes its root and nothing outside" {
    prepare
    intruder vm-autostart web
    same "$went" "read store"
}

@test "narrow: caps-probe writes nothing but what it keeps of emulators" {
    prepare
    intruder caps-probe
    contains "$went" read exec
    case "$went" in *create* | *write* | *store* | *tcp*) echo "$went"; return 1 ;; esac
}

@test "narrow: what talks to monitors does nothing else" {
    prepare
    fake_guest web
    ok fake_start web
    for cmd in "qmp-send web query-status" "vm-wait --state running web" "vm-suspend web" "vm-resume web" "vm-reset web" "vm-stop --force web"; do
        # shellcheck disable=SC2086
        intruder $cmd
        same "$cmd: $went" "$cmd: read signal connect"
    done
}

@test "narrow: what tells of running guests and of their paths changes nothing" {
    prepare
    fake_guest web
    ok fake_start web
    for cmd in "seclabel --show web" "seclabel --check web.xml" "cg-acl --path web.xml"; do
        # shellcheck disable=SC2086
        intruder $cmd
        same "$cmd: $went" "$cmd: read fork connect"
    done
    # Whether there is anything to show is a matter of the host.
    WANT=any intruder cg-acl --show web.xml
    same "$went" "read fork connect"
}

@test "narrow: caps-probe --export writes beside its file and nowhere else" {
    prepare
    mkdir facts
    intruder caps-probe --arch x86_64 --export facts/x86_64
    same "$went" "read fork exec connect"
    [ -s facts/x86_64 ]
    (cd facts && ok caps-probe --arch x86_64 --export again && cmp x86_64 again)
}

@test "narrow: who parses for xml-to-argv and xml-expand can neither open nor connect, run or fork" {
    prepare
    for i in 1 2 3 4 5 6 7 8 9; do echo web.xml; done >list
    died=$((128 + $(kill -l SYS)))
    for cmd in xml-to-argv xml-expand; do
        INTRUDER_AT=parse INTRUDER_TRY=files intruder "$cmd" web.xml
        same "$cmd: $went" "$cmd: "
        for try in sockets processes exec; do
            export INTRUDER_AT=parse INTRUDER_TRY=$try
            WANT=$died intruder "$cmd" web.xml
            same "$cmd: $went" "$cmd: "
            # shellcheck disable=SC2046
            WANT=1 intruder "$cmd" $(cat list) # so many have a parser of their own
            same "$cmd: $went" "$cmd: "
            contains "$(cat err)" "the document was refused"
            unset INTRUDER_AT INTRUDER_TRY
        done
    done
}

@test "narrow: what parses elsewhere is narrowed already" {
    prepare
    while read -r may cmd; do
        # shellcheck disable=SC2086
        INTRUDER_AT=parse intruder $cmd
        same "$cmd: $went" "$cmd: ${may//,/ }"
        rm -f "$ROOT/etc/qemu/planted"
    done <<'END'
read vm-dumpxml web
read,store,fork,exec vm-define web.xml
read,fork,connect seclabel web.xml
read,fork,connect seclabel --check web.xml
read,fork,connect cg-acl web.xml
read,store vm-undefine web
END
}

@test "narrow: vmutils(7) has the row of each program, as the program has it" {
    # Of both: "PROGRAM may: words; options: words".
    want=$(sed -nE '/^const struct reach_row/,/^};/s/^    \{ "([a-z-]+)", ([^,]*), \{ (.*) \} \},$/\1 may: \2 \3/p' "$TOP/libcore/guard/narrow.c" |
        sed -E 's/\{ 0 \}//; s/,? ?\{ "([^"]*)", ([A-Z_]*) \}/; \1: \2/g; s/ \|//g; s/REACH_//g; s/ +;/;/g; s/ +$//' |
        sed -E ':a; s/: ([a-z ]*)([A-Z])/: \1\L\2/; ta')
    have=$(sed -nE 's/^\.It Xr ([a-z-]+) 1 Ta ([a-z, ]*) Ta ?(.*)/\1 may: \2; \3/p' "$TOP/man/vmutils.7" |
        sed -E 's/\\-/-/g; :a; s/(may: [a-z ]*),/\1/; ta; s/; $//')
    same "$have" "$want"
    for program in "$BIN"/*; do
        [[ $want == *"${program##*/} may: "* ]] || { echo "${program##*/}"; return 1; }
    done
}
