#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# vm-reap, and guests whose processes and files are taken from under them.
load ../helpers
load ../life

vm-start() { command vm-start --bindir "$T" "$@"; }
killed() { # PID…: a signal takes its time
    local pid
    kill -9 "$@"
    for pid; do wait_for must_fail any grep -q '^State:.[RSDTt]' "/proc/$pid/status"; done
}

@test "vm-reap: needs nothing but the C library" {
    case $B in */sanitize) skip "sanitizers bring libraries" ;; esac
    same "$(ldd "$BIN/vm-reap" | grep -c '=>')" 1
}

# bats test_tags=user
@test "vm-reap --all: leaves guests that run, cleans up after the others" {
    fake one
    fake two
    ok vm-start one
    ok vm-start two
    killed "$(journal reaper)" "$(journal qemu)"
    ok vm-reap --all
    is_off
    same "$(vm-list --name)" one
}

# bats test_tags=user
@test "a transient guest that is started again before vm-reap saw its end keeps its files" {
    fake other
    EMULATOR=$T/emulator domain web
    STATE=$ROOT/lib/vmutils/web
    ok vm-start --transient web.xml
    reaper=$(journal reaper)
    kill -STOP "$reaper"
    ok vm-stop --force web
    ok vm-start --transient web.xml
    kill -CONT "$reaper"
    wait_for must_fail any grep -q '^State:.[RSDTt]' "/proc/$reaper/status"
    same "$(vm-list --json web | jq -r '.[0].state')" running
    [ -e "$STATE/alive" ] && [ -e "$STATE/events" ]
    ok vm-stop --force web
    [ ! -e "$STATE" ]
}

@test "vm-reap --all: claims that killed starts left go, those of guests that run stay" {
    embed
    dir=/run/libvirt/vmutils/claims
    [ "$(id -u)" = 0 ] || dir=$XDG_RUNTIME_DIR/vmutils/claims
    swept() { ok vm-reap --all && [ -z "$(ls -I objects -I applied "$dir" 2>/dev/null)" ]; }
    wait_for swept # processes of the test before may still be dying
    fake web "<graphics type='vnc' autoport='yes'/>"
    ok vm-start web
    claims=$(ls "$dir")
    contains "$claims" guest- port-
    touch "$dir/guest-of-a-start-that-was-killed"
    ok vm-reap --all
    same "$(ls "$dir")" "$claims"
    ok vm-stop --force web
    ok vm-reap --all
    same "$(ls -I objects -I applied "$dir")" "" # one file for all objects, one directory for what seclabel --apply did
}

@test "vm-reap GUEST: a guest that runs is in the wrong state" {
    fake web
    ok vm-start web
    must_fail 4 vm-reap web
}

@test "vm-reap --all: a root without guests is clean" {
    embed
    ok vm-reap --all
}

@test "vm-reap: writes what QEMU says into its log, and its events into events" {
    BEHAVE=shutdown-after=50 fake web
    ok vm-start web
    wait_for is_off
    contains "$(cat "$STATE/events")" '"VM_STARTING"' '"RESUME"' '"VM_STARTED"' '"SHUTDOWN"' '"VM_ENDED"'
    contains "$(cat "$ROOT/log/qemu/web.log")" "starting up" "guest=web"
}

@test "vm-reap: the directory of a guest that runs is removed: no second start, and all is clean in the end" {
    requires root
    truncate -s 1M disk.img
    chown 1234:1235 disk.img
    fake web "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    ok vm-start web
    pid=$(journal qemu)
    rm -r "$ROOT/lib/vmutils"
    must_fail 5 vm-start web
    contains "$err" "already runs"
    kill -9 "$pid"
    back() { [ "$(stat -c %u:%g disk.img)" = 1234:1235 ]; }
    wait_for back
    ok vm-start web
}

@test "vm-reap: a foreign process with the lock is named and left alone" {
    fake web
    ok vm-start web
    ok vm-stop --force web
    hold_lock "$STATE/alive" 0 >locked 3>&- &
    stranger=$!
    wait_for grep -q locked locked
    must_fail 5 vm-start web
    contains "$err" "process $stranger"
    kill -0 "$stranger"
}

@test "vm-reap: a journal that is a link or another's is not believed" {
    fake web
    ok vm-start web
    ok vm-stop --force web
    ln -s /etc/passwd "$STATE/journal"
    must_fail any vm-start web
    contains "$err" "journal"
}

@test "vm-reap: a state directory that others may write is refused" {
    fake web
    ok vm-start web
    ok vm-stop --force web
    chmod 0777 "$STATE"
    must_fail 7 vm-start web
}

@test "vm-reap: four shells start, stop and define one name, and nobody loses" {
    fake web
    vm-list >/dev/null
    shell() { # SEED
        local i
        for i in 1 2 3 4 5 6 7 8 9 10; do
            case $(((i * $1 + i) % 4)) in
            0) vm-start web ;;
            1) vm-stop --force web ;;
            2) vm-define -q --bindir "$T" web.xml ;;
            3) vm-stop --timeout 5 web ;;
            esac || case $? in 4 | 5) ;; *) echo "shell $1 step $i: $?" ;; esac
        done >"shell$1" 2>"shell$1.err" 3>&-
    }
    shell 1 & p1=$!
    shell 2 & p2=$!
    shell 3 & p3=$!
    shell 4 & p4=$!
    wait $p1 $p2 $p3 $p4
    same "$(cat shell? | grep step || true)" "" || { cat shell?.err; return 1; }
    vm-stop --force web || true
    wait_for must_fail any pgrep -f "$T/emulator"
    is_off
}

@test "vm-reap: restart on power off against vm-stop --force" {
    BEHAVE=shutdown-after=5 fake web "" "<on_poweroff>restart</on_poweroff>"
    for i in 1 2 3 4 5 6; do
        vm-start web || [ $? = 4 ]
        status=0
        vm-stop --force web || status=$?
        case $status in 0 | 4) ;; *) return 1 ;; esac
    done
    vm-stop --force web || true
    settled() { ! pgrep -f "$T/emulator" && is_off; }
    wait_for settled
}

@test "vm-reap: a QEMU that talks without end fills no disk" {
    BEHAVE=talk=3500000 fake web
    ok vm-start web
    drained() { [ "$(stat -c %s "$ROOT/log/qemu/web.log.old")" -gt 1000000 ]; }
    wait_for drained
    [ "$(cat "$ROOT"/log/qemu/web.log* | wc -c)" -lt 2300000 ]
    ok vm-stop web
}

@test "vm-reap: what QEMU said last is in the log, however much it was" {
    BEHAVE="talk=54000 shutdown-after=1" fake web
    ok vm-start --paused web
    reaper=$(journal reaper) qemu=$(journal qemu)
    kill -STOP "$reaper"
    ok qmp-send web cont
    ended() { must_fail any grep -q '^State:.[RSDTt]' "/proc/$qemu/status"; }
    wait_for ended
    same "$(grep -c 'much to say' "$ROOT/log/qemu/web.log")" 0
    kill -CONT "$reaper"
    wait_for is_off
    same "$(grep -c 'much to say' "$ROOT/log/qemu/web.log")" 2000
}

@test "vm-define and vm-undefine end and undo what a start that was killed has left" {
    BEHAVE=silent fake web
    starting() { [ -n "$(journal qemu)" ] && [ "$(readlink "/proc/$(journal qemu)/exe")" = "$T/emulator" ]; }
    for command in "vm-define -q --bindir $T web.xml" "vm-undefine web"; do
        command vm-start --bindir "$T" web >start 2>&1 3>&- &
        starter=$!
        wait_for starting
        qemu=$(journal qemu)
        kill -STOP "$(journal reaper)"
        kill -9 "$starter" "$(journal reaper)"
        # shellcheck disable=SC2086
        ok $command
        is_off
        must_fail any grep -q '^State:.[RSDT]' "/proc/$qemu/status"
    done
}
