# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
load ../helpers

# A QMP responder in QEMU's place on the bare socket m.sock, with behaviours (see tests/fake-qemu.c).
responder() {
    env FAKE_QEMU="$*" "$FAKE_QEMU" -S -qmp "unix:$T/m.sock,server=on,wait=off" -qmp "unix:$T/second.sock,server=on,wait=off" 3>&- &
    fake=$!
    wait_for test -S second.sock
}
send() { qmp-send --socket m.sock "$@"; }

@test "the whole answer is printed as one line of JSON" {
    responder
    ok send query-status
    same "$out" '{"return": {"status": "prelaunch", "singlestep": false, "running": false}}'
}

@test "--return-value prints the value alone" {
    responder
    ok send --return-value query-name
    same "$out" '{"name": "fake"}'
}

@test "--pretty indents" {
    responder
    ok send --pretty query-name
    contains "$out" $'\n    "name": "fake"'
}

@test "--hmp prints the monitor's text" {
    responder
    ok send --hmp 'info status'
    same "$out" 'VM status: paused (prelaunch)'
    ok send --hmp info status
    same "$out" 'VM status: paused (prelaunch)'
}

@test "an error of QEMU is worded with its class and is status 6" {
    responder
    must_fail 6 send frobnicate
    contains "$err" 'frobnicate: The command frobnicate has not been found (CommandNotFound)'
    same "$out" ''
}

@test "commands on standard input are answered in order, errors included, ids kept" {
    responder
    printf '%s\n' '{"execute": "cont", "id": 5}' '' '{"execute": "nope", "id": {"a": [1]}}' >in
    printf '%s' '{"execute": "query-name"}' >>in
    must_fail 6 send <in
    same "$out" '{"return": {}, "id": 5}
{"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}, "id": {"a": [1]}}
{"return": {"name": "fake"}}'
}

@test "a line that is no command is an error that names the line" {
    responder
    printf '%s\n' '{"execute": "query-name"}' 'query-name' >in
    must_fail 2 send <in
    contains "$err" 'standard input:2:'
    printf '%s\n' '{"return": 1}' >in
    must_fail 2 send <in
    contains "$err" 'standard input:1: not a command'
}

@test "wrong words are usage errors" {
    responder
    must_fail 2 send a b
    must_fail 2 send a b=1 b=2
    must_fail 2 send a b=1 b.c=2
    must_fail 2 send a 'b:={'
    must_fail 2 send a '{"b": 1}' c=2
    must_fail 2 send --fd 77 getfd fdname=x
    must_fail 2 qmp-send
}

@test "no socket is status 3, no listener status 6, no socket at all status 1" {
    must_fail 3 qmp-send --socket none query-status
    touch file
    must_fail 1 qmp-send --socket file query-status
    contains "$err" 'file: not a socket'
    responder
    kill -9 $fake
    wait $fake || true
    must_fail 6 send query-status
    contains "$err" 'nobody listens'
}

@test "a socket path may be longer than 108 bytes" {
    long=$(printf 'd%.0s' {1..200})
    mkdir "$long"
    responder
    mv m.sock "$long/"
    ok qmp-send --socket "$T/$long/m.sock" query-name
}

@test "silence, rubbish, endless lines and deep nesting are errors, not waits" {
    for behaviour in silent=query-status mute=query-status; do
        rm -f m.sock second.sock
        responder $behaviour
        must_fail 8 send --timeout 0.1 query-status
        contains "$err" 'in time'
    done
    for behaviour in rubbish endless rubbish=query-status endless=query-status deep=query-status close=query-status; do
        rm -f m.sock second.sock
        responder $behaviour
        must_fail 6 send query-status
    done
}

@test "a forged answer with a foreign id is not taken" {
    responder wrongid=query-status
    ok send query-status
    contains "$out" prelaunch
}

@test "a descriptor is passed to a real QEMU and used" {
    requires qemu-system-x86_64
    truncate -s 1M disk.img
    qemu-system-x86_64 -machine none -display none -qmp "unix:$T/m.sock,server=on,wait=off" 3>&- &
    wait_for test -S m.sock
    cat >in <<-'END'
	{"execute": "add-fd", "arguments": {"fdset-id": 7}}
	{"execute": "blockdev-add", "arguments": {"driver": "file", "node-name": "n", "filename": "/dev/fdset/7"}}
	{"execute": "query-named-block-nodes"}
	END
    # shellcheck disable=SC2094
    ok send --fd 9 <in 9<>disk.img
    contains "$out" '"fdset-id": 7' '"node-name": "n"'
}

@test "events of a socket are printed until there are enough" {
    responder
    send --events --count 2 --timeout 60 >events 3>&- &
    pid=$!
    something_happens() {
        qmp-send --socket second.sock cont
        qmp-send --socket second.sock stop
        ! kill -0 $pid
    }
    wait_for something_happens
    wait $pid
    same "$(grep -c '"event": "\(RESUME\|STOP\)"' events)" 2
}

@test "libxml2 is not loaded" {
    run ! sh -c "ldd '$BIN/qmp-send' | grep -q xml2"
}

# A running guest with that name and behaviour (tests/fake-qemu.c).
running() {
    fake_guest "$@"
    fake_start "$1"
}

@test "a guest is asked by name or UUID" {
    running web
    ok qmp-send --return-value web query-name
    same "$out" '{"name": "web"}'
    uuid=$(vm-list --uuid web)
    ok qmp-send --return-value "$uuid" query-name
    same "$out" '{"name": "web"}'
    must_fail 3 qmp-send other query-name
    vm-stop -q web >/dev/null
    must_fail 4 qmp-send web query-name
}

@test "many at once all get their answers" {
    running web delay=10
    pids=
    for i in 1 2 3 4 5 6 7 8; do
        qmp-send --timeout 60 web query-name >"answer.$i" 3>&- &
        pids="$pids $!"
    done
    for pid in $pids; do
        wait "$pid"
    done
    same "$(cat answer.* | sort -u)" '{"return": {"name": "web"}}'
    same "$(cat answer.* | wc -l)" 8
}

@test "a stuck QEMU makes only its own commands time out" {
    running stuck silent=query-name
    running web
    qmp-send --timeout 0.5 stuck query-name >stuck.out 2>stuck.err 3>&- &
    pid=$!
    must_fail 8 qmp-send --timeout 0.1 stuck query-name
    ok qmp-send web query-name
    status=0
    wait $pid || status=$?
    same $status 8
}

@test "a guest is free for others while a command waits for input" {
    running web
    mkfifo in
    exec 8<>in
    qmp-send web <in >out 3>&- 8>&- &
    echo '{"execute": "query-name"}' >&8
    wait_for grep -q name out
    ok qmp-send --timeout 20 web query-name
    echo '{"execute": "query-version"}' >&8
    wait_for grep -q minor out
}

@test "several follow the events of a guest, until it ends" {
    running web
    pids=
    for i in 1 2; do
        qmp-send --events web >"events.$i" 3>&- &
        pids="$pids $!"
    done
    seen() {
        vm-suspend web && vm-resume web && grep -q STOP events.1 && grep -q STOP events.2
    }
    wait_for seen
    vm-stop -q web >/dev/null
    # shellcheck disable=SC2086
    wait $pids
    contains "$(tail -n 1 events.1)" VM_ENDED
    contains "$(tail -n 1 events.2)" VM_ENDED
}

@test "events go on over a rotation of the file" {
    running web
    qmp-send --events web >events 3>&- &
    pid=$!
    dir=$ROOT/lib/vmutils/web
    sees() { echo "{\"event\": \"$1\"}" >>"$dir/events" && grep -q "$1" events; }
    wait_for sees FIRST
    mv "$dir/events" "$dir/events.old"
    echo '{"event": "LATE"}' >>"$dir/events.old"
    echo '{"event": "NEW"}' >"$dir/events"
    wait_for grep -q NEW events
    grep -q LATE events
    kill $pid
}

@test "qmp-send: --name, --uuid and --id say what the guest is named by" {
    fake_guest web
    fake_start web
    ok qmp-send --id 1 query-status
    ok qmp-send --uuid "$(vm-list --uuid)" query-status
    must_fail 3 qmp-send --name 1 query-status
}
