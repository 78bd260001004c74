#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# vm-start's own check of what QEMU may not open, and file servers that are dead.
# bats file_tags=root
load ../helpers
load ../access

# A FUSE file system whose server never answers, for as long as descriptor 9 is open.
hang() {
    mkdir m
    exec 9<>/dev/fuse || skip "no FUSE here"
    mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 none m || skip "no FUSE here"
}

@test "a file server that is dead holds nobody up: the path is named, status 8" {
    hang
    disk "$T/m/a.img"
    must_fail 8 seclabel --check web.xml
    contains "$err" "disk vda: $T/m/a.img: no answer from $HERE/m for 5 s"
    guest web "<disk type='file'><source file='$T/m/a.img'/><target dev='vda' bus='virtio'/></disk>"
    must_fail 8 vm-start web
    contains "$err" "vm-start: web: disk vda: $T/m/a.img: no answer from $HERE/m for 5 s"
}

@test "a backing file on a dead file server holds nobody up" {
    hang
    truncate -s 1M b.img
    qemu-img create -q -f qcow2 -u -F raw -b "$T/m/b.img" d/a.qcow2 1M
    domain web "<disk type='file'><driver name='qemu' type='qcow2'/><source file='$T/d/a.qcow2'/><target dev='vda' bus='virtio'/></disk>"
    must_fail 8 seclabel --check web.xml
    contains "$err" "no answer from one of the backing files"
}

@test "vm-start: all that fails is told, and nothing was changed" {
    local before after
    touch d/ok.img d/a.img
    mkdir d/e
    touch d/e/b.img
    chmod 700 d/e
    fake_guest web "" "$(for i in ok.img:a a.img:b e/b.img:c gone.img:d; do
        echo "<disk type='file'><source file='$T/d/${i%:*}'/><target dev='vd${i#*:}' bus='virtio'/></disk>"
    done)"
    chmod 400 d/a.img
    before=$(stat -c '%n %u %g %a %Z' d d/*)
    must_fail 7 vm-start --bindir "$T/fake-web" web
    contains "$err" "vm-start: web: disk vdb: $T/d/a.img: Permission denied: user '$U' may not read and write it" "(try: chmod u+w $HERE/d/a.img)" \
        "vm-start: web: disk vdc: $T/d/e/b.img: Permission denied: directory $HERE/d/e lacks search permission for user '$U'" \
        "(try: chmod o+x $HERE/d/e)" "vm-start: web: disk vdd: $T/d/gone.img: No such file or directory"
    after=$(stat -c '%n %u %g %a %Z' d d/*)
    same "$after" "$before"
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
    same "$(vm-list --all --name)" web
}

@test "vm-start: a disk that is missing is status 3" {
    fake_guest web "" "<disk type='file'><source file='$T/d/gone.img'/><target dev='vda' bus='virtio'/></disk>"
    must_fail 3 fake_start web
    contains "$err" "web: disk vda: $T/d/gone.img: No such file or directory"
}

@test "vm-start: what it printed, run as printed, lets the guest start" {
    requires system
    echo "vmq:x:$U:$U::/:/bin/sh" >>/etc/passwd
    mkdir d/e
    touch d/e/b.img
    chmod 600 d/e/b.img
    chmod 700 d/e
    fake_guest web "" "<disk type='file'><source file='$T/d/e/b.img'/><target dev='vda' bus='virtio'/></disk>"
    chmod 755 fake-web
    must_fail 7 fake_start web
    bash -c "$(sed 's/.*(try: \(.*\))/\1/' <<<"$err")"
    ok fake_start web
    ok vm-stop -q --force web
}

@test "vm-start --dry-run tells it, too, and prints the plan" {
    touch d/a.img
    chmod 700 d
    fake_guest web "" "<disk type='file'><source file='$T/d/a.img'/><target dev='vda' bus='virtio'/></disk>"
    ok vm-start --dry-run --bindir "$T/fake-web" web
    contains "$err" "directory $HERE/d lacks search permission"
    contains "$out" "fake-qemu"
}

@test "vm-start: a read-only disk on a read-only file system is used as it is" {
    requires system
    echo "vmq:x:$U:$U::/:/bin/sh" >>/etc/passwd
    mkdir m
    mount -t tmpfs -o size=1m,mode=755 none m || skip "nothing can be mounted here"
    touch m/a.img
    mount -o remount,ro m
    fake_guest web "" "<disk type='file'><source file='$T/m/a.img'/><target dev='vda' bus='virtio'/><readonly/></disk>"
    chmod 755 fake-web
    ok fake_start web
    ok vm-stop -q --force web
}
