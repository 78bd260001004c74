# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# bats file_tags=user
load ../helpers

@test "marks are set, listed and removed" {
    guest web && guest db
    ok vm-autostart web
    ok vm-autostart
    same "$out" web
    ok vm-autostart --json
    same "$(jq -c . <<<"$out")" '[{"name":"web"}]'
    same "$(readlink "$ROOT/etc/qemu/autostart/web.xml")" ../web.xml
    ok vm-autostart --disable web
    ok vm-autostart
    same "$out" ""
}

@test "setting or removing a mark twice is no error" {
    guest web
    ok vm-autostart web web
    ok vm-autostart --disable web web
}

@test "a guest that is not there is status 3" {
    embed
    must_fail 3 vm-autostart nosuch
    must_fail 2 vm-autostart --disable
}

@test "a definition that is replaced keeps its mark" {
    guest web
    ok vm-autostart web
    ok vm-define -q web.xml
    same "$(vm-autostart)" web
}
