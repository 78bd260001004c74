#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests in huge pages, which the tests have the kernel set aside and give back.
# bats file_tags=root
load ../helpers

PAGES=40 # of 2 MiB: a guest of 64 MiB and some
BEFORE=

setup() {
    helpers_setup
    requires qemu-system-x86_64
    grep -q hugetlbfs /proc/filesystems && [ -w /proc/sys/vm/nr_hugepages ] || skip "needs huge pages"
    BEFORE=$(cat /proc/sys/vm/nr_hugepages)
    echo $((BEFORE + PAGES)) >/proc/sys/vm/nr_hugepages
    [ "$(awk '/^HugePages_Free:/ { print $2 }' /proc/meminfo)" -ge $PAGES ] || skip "needs huge pages"
    embed
    mkdir "$T/huge" "$ROOT/etc"
    mount -t hugetlbfs -o pagesize=2M,mode=0755 none "$T/huge"
    chmod 755 "$T"
    printf '%s\n' "hugetlbfs_mount = \"$T/huge\"" 'user = "+1234"' 'group = "+1235"' >"$ROOT/etc/qemu.conf"
}

teardown() {
    ! mountpoint -q "$T/huge" || umount -l "$T/huge"
    [ -z "$BEFORE" ] || echo "$BEFORE" >/proc/sys/vm/nr_hugepages
    helpers_teardown
}

used() { awk '/^HugePages_Total:/ { t = $2 } /^HugePages_Free:/ { f = $2 } END { print t - f }' /proc/meminfo; }

open_file() { # FILE: QEMU does
    qmp-send web "{\"execute\": \"blockdev-add\", \"arguments\": {\"driver\": \"file\", \"node-name\": \"n$RANDOM\",
        \"filename\": \"$1\", \"read-only\": true}}"
}

@test "huge pages: a guest's directory is made, is QEMU's while it runs, and is all of the mount that QEMU reaches" {
    guest web "" "<memoryBacking><hugepages/><allocation mode='immediate'/></memoryBacking>"
    before=$(used)
    mkdir -p "$T/huge/libvirt/qemu/9-db"
    truncate -s 2M "$T/huge/libvirt/qemu/9-db/ram"
    chown -R 1234:1235 "$T/huge/libvirt/qemu/9-db"
    chmod 755 "$T/huge/libvirt" "$T/huge/libvirt/qemu"
    ok vm-start --paused web
    [ "$(used)" -ge $((before + 32)) ]
    same "$(stat -c '%u:%g %a' "$T/huge/libvirt/qemu/"*-web)" "1234:1235 700"
    same "$(awk '/^Uid:/ { print $2 }' "/proc/$(vm-list --json web | jq '.[0].pid')/status")" 1234
    must_fail any open_file "$T/huge/libvirt/qemu/9-db/ram"
    contains "$err$out" "Permission denied"
    ok vm-stop --force web
    same "$(ls "$T/huge/libvirt/qemu")" 9-db
    same "$(used)" "$before"
}

@test "huge pages: those of a guest whose QEMU was killed are free again" {
    guest web "" "<memoryBacking><hugepages/><allocation mode='immediate'/></memoryBacking>"
    before=$(used)
    ok vm-start --paused web
    kill -9 "$(vm-list --json web | jq '.[0].pid')"
    wait_for eval '[ "$(used)" = '"$before"' ]'
    wait_for eval '[ ! -e "$ROOT/lib/vmutils/web/journal" ]'
    same "$(ls "$T/huge/libvirt/qemu")" ""
}
