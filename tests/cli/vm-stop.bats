#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# vm-stop: how guests go off, and what it says.
load ../helpers
load ../life

vm-start() { command vm-start --bindir "$T" "$@"; }

# bats test_tags=user
@test "vm-stop: asks by ACPI and says so" {
    fake web
    ok vm-start web
    ok vm-stop web
    same "$out" "web: stopped (acpi)"
    is_off
}

# bats test_tags=user
@test "vm-stop --json: an object for each guest" {
    fake web
    ok vm-start web
    ok vm-stop --json web
    same "$(jq -r '.guest + " " + .state + " " + .how' <<<"$out")" "web stopped acpi"
}

@test "vm-stop: a guest that does not hear stays on, status 8" {
    BEHAVE=ignore-powerdown fake web
    ok vm-start web
    must_fail 8 vm-stop --timeout 0.2 web
    contains "$err" "still runs"
    ok qmp-send web query-status
}

@test "vm-stop --timeout --force: asks first, then ends it" {
    BEHAVE=ignore-powerdown fake web
    ok vm-start web
    ok vm-stop --timeout 0.2 --force web
    same "$out" "web: stopped (quit)"
    is_off
}

@test "vm-stop --force: SIGTERM for a QEMU that does not quit" {
    BEHAVE=mute=quit fake web
    ok vm-start web
    ok vm-stop --force web
    same "$out" "web: stopped (terminated)"
    is_off
}

@test "vm-stop --force: SIGKILL for one that hears nothing" {
    BEHAVE=ignore-term fake web
    ok vm-start web
    kill -STOP "$(journal qemu)"
    ok vm-stop --force web
    same "$out" "web: stopped (killed)"
    is_off
}

@test "vm-stop: a guest that is paused is resumed, with a notice" {
    fake web
    ok vm-start --paused web
    ok vm-stop web
    contains "$err" "resumed"
    same "$out" "web: stopped (acpi)"
}

@test "vm-stop --mode quit: QEMU quits" {
    fake web
    ok vm-start web
    ok vm-stop --mode quit web
    same "$out" "web: stopped (quit)"
}

@test "vm-stop --mode agent: without a channel it is an error" {
    fake web
    ok vm-start web
    must_fail 1 vm-stop --mode agent web
    contains "$err" "no guest agent"
}

@test "vm-stop: <on_poweroff>restart does not happen while someone stops the guest" {
    fake web "" "<on_poweroff>restart</on_poweroff>"
    ok vm-start web
    reaper=$(journal reaper)
    ok vm-stop web
    [ ! -e "/proc/$reaper/fd/0" ]
    is_off
}

@test "vm-stop: a guest that is off is in the wrong state, one that is not there is no such thing" {
    fake web
    must_fail 4 vm-stop web
    must_fail 3 vm-stop nobody
}

@test "vm-stop: several guests; the first failure counts" {
    fake one
    fake two
    ok vm-start two
    must_fail 4 vm-stop one two
    contains "$out" "two: stopped (acpi)"
}

@test "vm-stop: several guests are asked at the same time" {
    fake_guest deaf ignore-powerdown
    fake_guest web
    fake_start deaf
    fake_start web
    command vm-stop --json deaf web >both 3>&- &
    wait_for eval 'grep -q web both'
    same "$(jq -r .how both)" acpi
    same "$(vm-list --name)" deaf
    ok vm-stop --force deaf
    wait $!
}

@test "vm-stop: cleans up after a QEMU and a vm-reap that were killed" {
    fake web
    ok vm-start web
    kill -9 "$(journal reaper)" "$(journal qemu)"
    ok vm-stop web
    same "$out" "web: stopped (off)"
    is_off
}

@test "vm-stop: works when vm-reap was killed" {
    fake web
    ok vm-start web
    kill -9 "$(journal reaper)"
    ok vm-stop web
    is_off
}

@test "vm-stop: --uuid and --id" {
    fake web
    ok vm-start web
    ok vm-stop --uuid "$(vm-list --uuid)"
    ok vm-start web
    must_fail 3 vm-stop --id 77
    ok vm-stop --id 2
}

@test "vm-stop --force: ends the guest though someone has its lock, and says so" {
    fake web
    ok vm-start web
    pid=$(journal qemu)
    hold_lock "$STATE/lock" 1 >locked 3>&- &
    wait_for grep -q locked locked
    must_fail 5 vm-stop --wait 0.2 --force web
    contains "$err" "web is busy"
    must_fail any kill -0 "$pid"
}

starting() { [ -n "$(journal qemu)" ]; }

@test "vm-stop --force: a guest that is still starting is stopped, and its vm-start says so" {
    BEHAVE=silent fake web
    vm-start web >start 2>start.err 3>&- &
    starter=$!
    wait_for starting
    ok vm-stop --force web
    same "$out" "web: stopped (killed)"
    must_fail 4 wait $starter
    contains "$(cat start.err)" "web: was stopped while it was starting (by process "
    is_off
}

@test "vm-stop: a QEMU that dies by itself while it starts is a fault of QEMU's, though someone waits to stop it" {
    BEHAVE=silent fake web
    vm-start web >start 2>start.err 3>&- &
    starter=$!
    wait_for starting
    vm-stop web >stop 2>stop.err 3>&- &
    stopper=$!
    wait_for grep -q vm-stop "$STATE/stopping"
    kill -SEGV "$(journal qemu)"
    must_fail 6 wait $starter
    contains "$(cat start.err)" "QEMU died by signal 11"
    must_fail 4 wait $stopper
    is_off
}

@test "vm-stop --force: a monitor that never answers" {
    BEHAVE=silent=quit fake web
    ok vm-start web
    ok vm-stop --force web
    same "$out" "web: stopped (terminated)"
    is_off
}

@test "vm-stop: a PC without <acpi/> has nothing to hear with, which is said before the wait" {
    BEHAVE=ignore-powerdown fake web
    ok vm-start web
    vm-stop --timeout 100 web >stop 2>stop.err 3>&- &
    wait_for grep -q "web: has no <acpi/>" stop.err
    contains "$(cat stop.err)" "--mode agent" "--force"
    ok vm-stop --force web
    same "$err" ""
}

@test "vm-stop: a PC with <acpi/> gets no such notice" {
    fake web "" "<features><acpi/></features>"
    ok vm-start web
    ok vm-stop web
    same "$err" ""
}

# A script goes on to unmount what the guest was on.
@test "vm-stop: when it returns, who watched the guest has nothing open any more" {
    fake web
    for how in "--force" ""; do
        ok vm-start web
        reaper=$(journal reaper)
        [ -e "/proc/$reaper/fd/0" ]
        ok vm-stop ${how:+"$how"} web
        [ ! -e "/proc/$reaper/fd/0" ]
    done
}
