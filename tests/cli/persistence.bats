# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
# Definitions of guests that run.
load ../helpers

@test "a running guest that is undefined goes on, transient, and is gone when it ends" {
    guest web
    ok vm-start -q --paused web
    ok vm-undefine web
    contains "$err" "goes on running"
    same "$(vm-list --transient --name)" web
    must_fail 4 vm-undefine web
    contains "$err" "transient"
    ok vm-stop --force web
    same "$(vm-list --all --name)" ""
    same "$(ls "$ROOT/lib/vmutils")" ""
}

@test "a transient guest that is defined stays when it ends" {
    domain web
    ok vm-start -q --paused --transient web.xml
    uuid=$(vm-list --uuid web)
    ok vm-define --json <<<"$(vm-dumpxml web)"
    contains "$out" '"running": true'
    same "$(vm-list --persistent --name)" web
    ok vm-stop --force web
    same "$(vm-list --all --uuid)" "$uuid"
}

@test "the uuid of a transient guest is taken" {
    domain web
    ok vm-start -q --paused --transient web.xml
    sed "s,>web<,>db<,;s,</name>,</name><uuid>$(vm-list --uuid)</uuid>," web.xml >db.xml
    must_fail 1 vm-define db.xml
    contains "$err" "guest 'web' is already"
    must_fail 1 vm-define <<<"$(sed 's,</name>,</name><uuid>6ba7b810-9dad-11d1-80b4-00c04fd430c8</uuid>,' web.xml)"
}

@test "a running guest is found by its id, which --name forbids" {
    guest web
    ok vm-start -q --paused web
    same "$(vm-list --name 1)" web
    contains "$(vm-dumpxml --id 1)" "<name>web</name>" " id='1'"
    must_fail 3 vm-dumpxml --name 1
    must_fail 3 vm-dumpxml --uuid 1
}

@test "a guest that is named like the id of another goes first" {
    guest 1 && guest web
    ok vm-start -q --paused web
    contains "$(vm-dumpxml 1)" "<name>1</name>"
    contains "$(vm-dumpxml --id 1)" "<name>web</name>"
}

@test "--inactive prints the next definition of a guest that runs" {
    guest web
    ok vm-start -q --paused web
    ok vm-define -q <<<"$(vm-dumpxml --inactive web | sed 's,>65536<,>131072<,')"
    contains "$(vm-dumpxml --inactive web)" ">131072</memory>"
    contains "$(vm-dumpxml web)" ">65536</memory>"
    same "$(vm-list --state paused --name)" web
}
