# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
load ../helpers

@test "a root that is not there has no guests" {
    embed "$T/none"
    ok vm-list --all
    same "$out" 'Id  Name  State'
    ok vm-list --all --json
    same "$(jq -c . <<<"$out" 2>/dev/null || tr -d '\n' <<<"$out")" '[]'
}

@test "guests that are off are listed only with --all" {
    guest web
    ok vm-list
    same "$out" 'Id  Name  State'
    ok vm-list --all
    contains "$out" '-   web   shut off'
    ok vm-list --inactive --name
    same "$out" web
}

@test "--name and --uuid print bare words" {
    guest web
    ok vm-list --all --uuid
    [[ $out =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]]
    uuid=$out
    ok vm-list --all --name --uuid
    same "$out" "$uuid web"
}

@test "-0 ends names with NUL" {
    guest web && guest db
    same "$(vm-list --all --name -0 | tr '\0' ,)" 'db,web,'
}

@test "guests are picked by name or uuid, on or off; one that is not there is status 3" {
    guest web && guest db
    ok vm-list --name web
    same "$out" web
    ok vm-list --name "$(vm-list --uuid db)"
    same "$out" db
    must_fail 3 vm-list web nosuch
    contains "$err" "nosuch: no such guest"
}

@test "--state, --autostart, --no-autostart, --persistent and --transient filter" {
    guest web && guest db
    ok vm-autostart db
    same "$(vm-list --state 'shut off' --name)" $'db\nweb'
    same "$(vm-list --state running --name)" ""
    same "$(vm-list --all --autostart --name)" db
    same "$(vm-list --all --no-autostart --name)" web
    same "$(vm-list --all --persistent --name)" $'db\nweb'
    same "$(vm-list --all --transient --name)" ""
}

@test "--title prints titles" {
    domain web "" "<title>The &lt;web&gt;</title>"
    ok vm-define -q web.xml
    ok vm-list --all --title
    contains "$out" "The <web>"
}

@test "--json tells everything" {
    guest web
    ok vm-list --all --json
    contains "$out" '"name": "web"' '"state": "shut off"' '"id": null' '"uuid": "' '"persistent": true' '"autostart": false'
}

@test "names are made harmless in the table" {
    embed
    mkdir -p "$ROOT/etc/qemu"
    touch "$ROOT/etc/qemu/"$'a\e[31mb.xml'
    ok vm-list --all
    contains "$out" 'a\x1b[31mb'
}

@test "a guest that libvirt runs is seen as running" {
    guest web
    mkdir -p "$ROOT/run/qemu"
    python3 -c 'import fcntl,sys,time
f = open(sys.argv[1], "w"); fcntl.lockf(f, fcntl.LOCK_EX); print("held", flush=True); time.sleep(600)' \
        "$ROOT/run/qemu/web.pid" >held 3>&- &
    wait_for grep -q held held
    ok vm-list --reason
    contains "$out" "web" "running" "under libvirt"
    must_fail 4 vm-undefine web
    contains "$err" "runs under libvirt (pid $!)"
    must_fail 4 vm-define web.xml
    kill $!
    wait $! || true
    ok vm-undefine web
}

@test "a state directory that others can enter is an error, not an empty list" {
    guest web
    chmod 0755 "$ROOT/lib/vmutils"
    must_fail 7 vm-list
    contains "$err" "$ROOT/lib/vmutils is not trusted" "chmod 0700"
}

@test "a state is written as it is printed, or without its blank; one that there is not is wrong usage" {
    guest web
    for s in 'shut off' shutoff shut-off 'Shut off'; do
        same "$(vm-list --name --state "$s")" web
    done
    must_fail 2 vm-list --state of
    contains "$err" "--state of: not one of running, paused, shut off"
}

@test "guests that are there are listed, whatever else is named" {
    guest web
    guest db
    must_fail 3 vm-list --name web nosuch db
    same "$out" $'web\ndb'
    contains "$err" "nosuch: no such guest"
}

@test "a name that is nearly a guest's, and one that is a file's, are told from one that is neither" {
    guest web
    guest database
    domain new
    for wrong in wbe we wweb WEB web.xml; do
        must_fail 3 vm-list "$wrong"
        contains "$err" "(did you mean web?"
    done
    must_fail 3 vm-list databsae
    contains "$err" "did you mean database?"
    must_fail 3 vm-list new.xml
    contains "$err" "(it is a file; try: vm-define new.xml)"
    for wrong in w other dat; do
        must_fail 3 vm-list "$wrong"
        same "$err" "vm-list: $wrong: no such guest in $URI (try: vm-list --all)"
    done
    guest wet
    must_fail 3 vm-list wes
    contains "$err" "(try: vm-list --all)"
}
