#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The check of paths where nobody changes owners, and while names are swapped under it.
# bats file_tags=user
load ../helpers

@test "an ordinary user is told what his guest may not open, and the command that mends it" {
    [ "$(id -u)" != 0 ] || skip "root may write everywhere"
    embed
    mkdir -p d
    touch d/a.img d/b.img
    fake_guest web "" "<disk type='file'><source file='$T/d/a.img'/><target dev='vda' bus='virtio'/></disk>
        <disk type='file'><source file='$T/d/b.img'/><target dev='vdb' bus='virtio'/></disk>"
    chmod 400 d/a.img
    chmod 0 d/b.img
    must_fail 7 fake_start web
    contains "$err" "disk vda: $T/d/a.img: Permission denied: user '$(id -un)' may not read and write it" "(try: chmod u+w $(realpath d/a.img))"
    must_fail 7 seclabel --check --json web.xml
    jq -r '.[] | select(.remedy) | .remedy' <<<"$out" | bash
    ok seclabel --check web.xml
    ok fake_start web
    ok vm-stop -q --force web
}

@test "a directory that its owner has closed to himself hides what is behind it: it is named" {
    [ "$(id -u)" != 0 ] || skip "root may write everywhere"
    embed
    mkdir -p d/e
    touch d/e/a.img
    chmod 600 d
    domain web "<disk type='file'><source file='$T/d/e/a.img'/><target dev='vda' bus='virtio'/></disk>"
    must_fail 7 seclabel --check --json web.xml
    same "$(jq -r '.[] | select(.state != "ok") | .remedy' <<<"$out")" "chmod u+x $(realpath d)"
    chmod u+x d
    ok seclabel --check web.xml
}

@test "another user's access can be foreseen without being root, as far as one can see" {
    [ "$(id -u)" != 0 ] || skip "root may write everywhere"
    embed
    chmod 755 "$T"
    mkdir d
    touch d/a.img
    chmod 700 d
    domain web "<disk type='file'><source file='$T/d/a.img'/><target dev='vda' bus='virtio'/><readonly/></disk>"
    must_fail 7 seclabel --check --json --as +64390 web.xml
    contains "$(jq -r '.[].remedy' <<<"$out")" "chmod o+x $(realpath d)"
}

@test "names that are swapped during the check: it ends, with an answer of before or of after" {
    embed
    mkdir -p d/real d/other
    touch d/real/a.img
    mkfifo d/other/a.img
    ln -s real d/l
    domain web "<disk type='file'><source file='$T/d/l/a.img'/><target dev='vda' bus='virtio'/><readonly/></disk>"
    while :; do
        ln -sfn other d/l
        mv -T d/real d/away && mv -T d/away d/real
        ln -sfn real d/l
    done &
    local swapper=$! i status
    for i in $(seq 40); do
        status=0
        seclabel --check web.xml >out.txt 2>err.txt || status=$?
        case $status in 0 | 1 | 3 | 7) ;; *) kill $swapper; cat err.txt; return 1 ;; esac
    done
    kill $swapper
}
