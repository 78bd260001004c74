#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=root
# shellcheck disable=SC2154
# One disk, a guest of libvirt's own daemon and one of ours: they agree about whose it was and when it goes back.
load ../helpers

setup() {
    helpers_setup
    requires system
    requires libvirtd
    requires getfattr
    # The daemon asks every emulator that it finds before it answers: leave it one.
    for q in /usr/bin/qemu-system-*; do
        [ "$q" = /usr/bin/qemu-system-x86_64 ] || mountpoint -q "$q" || mount --bind /dev/null "$q"
    done
    printf '%s\n' 'stdio_handler = "file"' 'security_driver = "none"' 'user = "daemon"' 'group = "sys"' \
        'cgroup_controllers = [ ]' >/etc/libvirt/qemu.conf
    rm -rf /etc/libvirt/qemu/*.xml /etc/libvirt/qemu/autostart /run/libvirt
    chmod 755 "$T"
    truncate -s 1M disk.img
    chown 55:56 disk.img
    embed
    mkdir -p "$ROOT/etc"
    printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf"
    disk="<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    domain theirs "$disk"
    fake_guest ours '' "$disk"
    # The daemon takes the time less the uptime, rounded, for the beginning of the boot, so that two daemons of one boot may
    # differ by a second and then do not believe each other: it is started when that is least likely.
    sleep "$(awk '{ print 1 - $1 % 1 }' /proc/uptime)"
    libvirtd -d 3>&- && wait_for virsh -c qemu:///system list
    ok virsh -c qemu:///system define theirs.xml
}
# Now and then the daemon, new as it is, never answers a start: another one gets the same question, once.
theirs() {
    local status=0
    timeout 25 virsh -c qemu:///system "$@" theirs >asked 2>&1 || status=$?
    if [ $status = 124 ]; then
        pkill -9 libvirtd || true
        wait_for must_fail any pgrep libvirtd
        libvirtd -d 3>&- && wait_for virsh -c qemu:///system list
        virsh -c qemu:///system destroy theirs || true
        status=0
        timeout 25 virsh -c qemu:///system "$@" theirs >asked 2>&1 || status=$?
    fi
    [ $status = 0 ] || { cat asked; return 1; }
    ok virsh -c qemu:///system domstate theirs
}
kept() { stat -c %u:%g disk.img; getfattr -h -d -m '^trusted' disk.img 2>/dev/null | grep ref_dac || true; }

@test "the daemon's guest first: ours is one more, and gives the disk back after it" {
    theirs start --paused
    same "$(kept)" '1:3
trusted.libvirt.security.ref_dac="1"'
    ok fake_start ours
    same "$(kept)" '1:3
trusted.libvirt.security.ref_dac="2"'
    # libvirt 9.0 counts down to 1, leaves the owner, and then drops its attributes all the same.
    theirs destroy
    same "$(stat -c %u:%g disk.img)" 1:3
    ok vm-stop --force ours
    same "$(stat -c %u:%g disk.img)$(getfattr -h -d -m '^trusted' disk.img)" 55:56
}

@test "ours first: the daemon counts it, and gives the disk back after it" {
    ok fake_start ours
    theirs start --paused
    same "$(kept)" '1:3
trusted.libvirt.security.ref_dac="2"'
    ok vm-stop --force ours
    same "$(kept)" '1:3
trusted.libvirt.security.ref_dac="1"'
    theirs destroy
    same "$(kept)" 55:56
    same "$(getfattr -h -d -m '^trusted' disk.img)" ""
}

@test "neither takes from the other a disk that is in use for another user" {
    printf '%s\n' 'user = "games"' 'group = "games"' >"$ROOT/etc/qemu.conf"
    theirs start --paused
    must_fail 5 fake_start ours
    contains "$err" "is used by another guest, for which it belongs to 1:3"
    theirs destroy
    ok fake_start ours
    must_fail any virsh -c qemu:///system start --paused theirs
    contains "$err" "already in use"
    same "$(kept)" '5:60
trusted.libvirt.security.ref_dac="1"'
    ok vm-stop --force ours
    same "$(kept)" 55:56
}
