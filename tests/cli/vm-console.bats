# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
load ../helpers

PTY="<serial type='pty'/><console type='pty'/>"

# A running guest whose consoles answer in upper case (tests/fake-qemu.c).
running() {
    fake_guest web '' "${1-$PTY}"
    fake_start web
}

# Starts vm-console in the background, its input from descriptor 8, its output in file out.
connect() {
    mkfifo "$T/in"
    exec 8<>"$T/in"
    vm-console web "$@" <"$T/in" >out 2>err 3>&- 8>&- &
    console=$!
    printf x >&8
    wait_for grep -q X out
}

@test "what is typed reaches the guest, what it says is printed" {
    running
    connect
    printf 'hello\n' >&8
    wait_for grep -q HELLO out
}

@test "^] leaves, with status 0" {
    running
    connect
    printf '\035' >&8
    wait $console
}

@test "on a terminal keys go raw, and the terminal is put back" {
    requires script
    running
    mkfifo in
    exec 8<>in
    # ^C is a byte for the guest here, no signal. An echo by the terminal would show "abc".
    script -qec "stty -a >before; vm-console web; stty -a >after" typescript <in >out 3>&- 8>&- &
    pid=$!
    wait_for grep -q 'connected, ^] leaves' out
    printf 'a\003bc' >&8
    wait_for grep -q $'A\003BC' out
    printf '\035' >&8
    wait $pid
    run ! grep -q abc out
    cmp before after
}

@test "it ends with the guest, with status 0" {
    running
    connect
    vm-stop -q web >/dev/null
    wait $console
}

@test "it ends when nobody reads its output" {
    running
    vm-console web </dev/null 3>&- | true
}

@test "the end of input does not end the output" {
    running
    printf 'bye' | vm-console web >out 3>&- &
    wait_for grep -q BYE out
    ok kill -0 $!
}

@test "one user at a time: another one is told who is there" {
    running
    connect
    must_fail 5 vm-console web </dev/null
    contains "$err" "pid $console" 'try: --force'
    printf y >&8
    wait_for grep -q XY out
}

@test "--force takes the console over" {
    running
    connect
    printf 'mine' | vm-console --force web >second 3>&- 8>&- &
    wait_for grep -q MINE second
    status=0
    wait $console || status=$?
    same $status 5
    contains "$(cat err)" 'taken the console over'
}

@test "a user who was killed leaves nothing in the way" {
    running
    connect
    kill -9 $console
    wait $console || true
    ok sh -c "printf '\035' | vm-console web"
}

@test "--device chooses by alias" {
    running "<serial type='null'/><serial type='pty'/>"
    must_fail 1 vm-console --device serial0 web </dev/null
    contains "$err" "type 'null'"
    must_fail 3 vm-console --device serial7 web </dev/null
    connect --device serial1
}

@test "a unix socket is a console as well" {
    running "<serial type='unix'><source mode='bind' path='$T/serial.sock'/></serial>"
    connect
}

@test "a guest without a console is status 3, one that is off 4, none at all 3" {
    running ""
    must_fail 3 vm-console web
    vm-stop -q web >/dev/null
    must_fail 4 vm-console web
    must_fail 3 vm-console other
    must_fail 2 vm-console
}

@test "a path that is no terminal of QEMU's is not opened" {
    running
    echo secret >"$T/file"
    live=$ROOT/lib/vmutils/web/live.xml
    pty=$(grep -o '/dev/pts/[0-9]*' "$live" | head -n 1)
    for path in "$T/file" /dev/null /dev/ptmx; do
        sed -i "s|$pty|$path|" "$live"
        must_fail any vm-console web </dev/null
        same "$out" ''
        sed -i "s|$path|$pty|" "$live"
    done
    ln -s "$pty" link
    sed -i "s|$pty|$T/link|" "$live"
    must_fail any vm-console web </dev/null
}

@test "--name, --uuid and --id say what the guest is named by" {
    running
    printf '\035' >leave
    ok vm-console --id 1 <leave
    ok vm-console --uuid "$(vm-list --uuid)" <leave
    must_fail 3 vm-console --name 1 <leave
}
