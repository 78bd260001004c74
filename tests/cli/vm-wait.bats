# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# vm-wait, and vm-suspend, vm-resume, vm-reset, which it sees.
# bats file_tags=user
load ../helpers

# Waits in the background: "waiting --state paused"; then "came" is true when it has come.
waiting() {
    vm-wait "$@" web >waited 2>&1 3>&- &
    waiter=$!
    wait_for watches
}
watches() { find /proc/$waiter/fd -lname '*inotify*' | grep -q .; }
came() { wait $waiter; }

@test "a state that is there is not waited for" {
    fake_guest web
    ok vm-wait --state shutoff web
    fake_start web
    ok vm-wait --state running web
    vm-suspend web
    ok vm-wait --state paused web
}

@test "a state that does not come is status 8" {
    fake_guest web
    must_fail 8 vm-wait --state running --timeout 0.1 web
    contains "$err" 'shut off'
    fake_start web
    must_fail 8 vm-wait --state shutoff --timeout 0.1 web
    must_fail 8 vm-wait --event RESET --timeout 0.1 web
}

@test "a guest that is started later is waited for" {
    fake_guest web
    vm-wait --state running web 3>&- &
    waiter=$!
    fake_start web
    came
}

@test "a guest that pauses and goes on is seen" {
    fake_guest web
    fake_start web
    waiting --state paused
    vm-suspend web
    came
    waiting --state running
    vm-resume web
    came
}

@test "a guest that powers off is seen, when all is cleaned up" {
    fake_guest web shutdown-after=200
    fake_start web
    ok vm-wait --state shutoff web
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
    contains "$(tail -n 1 "$ROOT/lib/vmutils/web/events")" VM_ENDED
}

@test "a QEMU that is killed is seen" {
    fake_guest web
    fake_start web
    waiting --state shutoff
    pkill -9 -f "^$T/fake-web/"
    came
}

@test "a panicked guest is crashed" {
    fake_guest web panic-after=50
    fake_start web
    ok vm-wait --state crashed web
}

@test "an event is printed when it comes" {
    fake_guest web
    fake_start web
    vm-wait --event RESET --timeout 60 web >waited 3>&- &
    waiter=$!
    again() { vm-reset web && ! kill -0 $waiter; }
    wait_for again
    came
    contains "$(cat waited)" '"event": "RESET"'
}

@test "a guest that ends without the event is status 4" {
    fake_guest web
    fake_start web
    waiting --event NEVER
    vm-stop -q web >/dev/null
    must_fail 4 came
    contains "$(cat waited)" 'ended without'
}

@test "a QEMU that does not answer is waited for no longer than told" {
    fake_guest web silent=query-status
    fake_start web
    must_fail 8 vm-wait --state paused --timeout 0.3 web
}

@test "wrong use" {
    fake_guest web
    must_fail 2 vm-wait web
    must_fail 2 vm-wait --state on web
    must_fail 2 vm-wait --state running --event RESET web
    must_fail 2 vm-wait --state running
    must_fail 3 vm-wait --state running other
}

@test "suspend and resume check the state, status 4" {
    fake_guest web
    must_fail 4 vm-suspend web
    must_fail 4 vm-reset web
    fake_start web
    must_fail 4 vm-resume web
    contains "$err" 'already running'
    ok vm-suspend web
    must_fail 4 vm-suspend web
    ok vm-resume web
    must_fail 3 vm-suspend other
    must_fail 2 vm-suspend
}

@test "suspend, resume and reset reach QEMU, and vm-list shows it" {
    fake_guest web
    fake_start web
    vm-suspend web
    contains "$(vm-list)" paused
    contains "$(qmp-send web query-status)" '"paused"'
    vm-resume web
    contains "$(vm-list)" running
    contains "$(qmp-send web query-status)" '"running"'
    vm-reset web
    contains "$(cat "$ROOT/lib/vmutils/web/events")" host-qmp-system-reset
}

@test "a QEMU that does not answer makes suspend time out, status 8" {
    fake_guest web silent=stop
    fake_start web
    must_fail 8 vm-suspend --timeout 0.1 web
    contains "$err" 'in time'
}

@test "--name, --uuid and --id say what the guest is named by" {
    fake_guest web
    fake_start web
    ok vm-wait --state running --id 1
    ok vm-wait --state running --uuid "$(vm-list --uuid)"
    must_fail 3 vm-wait --state running --name 1
    must_fail 3 vm-wait --state running --id web
}

@test "an event that is written late does not undo what a later command did" {
    fake_guest web
    fake_start web
    ok vm-suspend web
    before=$(date +%s)
    ok vm-resume web
    echo "{\"timestamp\": {\"seconds\": $((before - 1)), \"microseconds\": 0}, \"event\": \"STOP\"}" >>"$ROOT/lib/vmutils/web/events"
    contains "$(vm-list)" running
}

@test "vm-resume: a guest that switches itself off at once was resumed" {
    fake_guest web ends=cont
    fake_start web --paused
    ok vm-resume web
    ok vm-wait --state shutoff web
}
