# SPDX-License-Identifier: LGPL-2.1-or-later
# What the programs may still do once their options are read. A library loaded into each tries at its end what a
# program that a stranger has taken over would try (tests/intruder.c), and says what went through.
# shellcheck shell=bash
load ../helpers

# intruder CMD...: leaves what went through in $went. WANT: exit status of CMD.
intruder() {
    local status=0 want=${WANT:-0}
    mkdir -p "$T/outside"
    echo precious >"$T/outside/victim"
    chmod 600 "$T/outside/victim"
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])' "$T/outside/socket" 2>/dev/null || true
    INTRUDER_DIR=$T/outside INTRUDER_STORE=$ROOT/etc/qemu INTRUDER_FD=9 LD_PRELOAD=$B/tests/intruder.so \
        "$@" 9>"$T/went" >"$T/out" 2>"$T/err" 3>&- || status=$?
    went=$(sed 's/ *$//' "$T/went")
    [ "$status" = "$want" ] || { echo "status $status"; cat "$T/err"; return 1; }
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
    contains "$went" create write read chmod truncate remove store exec signal tcp
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
    same "$went" "read exec"
}

@test "narrow: vm-define changes its root and nothing outside, and runs emulators only" {
    prepare
    intruder vm-define web.xml
    same "$went" "read chmod store exec"
}

@test "narrow: vm-autostart changes its root and nothing outside" {
    prepare
    intruder vm-autostart web
    same "$went" "read chmod store"
}

@test "narrow: caps-probe writes nothing but what it keeps of emulators" {
    prepare
    intruder caps-probe
    contains "$went" read exec
    case "$went" in *create* | *write* | *store* | *tcp*) echo "$went"; return 1 ;; esac
}

@test "narrow: qmp-send and vm-wait talk to monitors and do nothing else" {
    prepare
    fake_guest web
    ok fake_start web
    for cmd in "qmp-send web query-status" "vm-wait --state running web"; do
        # shellcheck disable=SC2086
        intruder $cmd
        case "$went" in *create* | *write* | *store* | *exec* | *tcp* | *chmod*) echo "$cmd: $went"; return 1 ;; esac
        contains "$went" read
    done
}

@test "narrow: vmutils(7) has the row of each program, as the program has it" {
    want=$(sed -n 's/^    { "\([a-z-]*\)", \(REACH_[A-Z_ |]*\), .*/\1 \2/p' "$TOP/libcore/guard/narrow.c" |
        tr -d '|' | sed 's/REACH_//g; s/  */ /g' | tr '[:upper:]' '[:lower:]')
    have=$(sed -n 's/^\.It Xr \([a-z-]*\) 1 Ta \([a-z, ]*\) Ta.*/\1 \2/p' "$TOP/man/vmutils.7" | tr -d ,)
    same "$have" "$want"
    for program in "$BIN"/*; do
        [[ $want == *"${program##*/} "* ]] || { echo "${program##*/}"; return 1; }
    done
}
