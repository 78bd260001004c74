# SPDX-License-Identifier: LGPL-2.1-or-later
# Files and links that are swapped between the plan of a start and its deeds.
# build: plain
# shellcheck shell=bash
load ../helpers

@test "a name that another has got for a file of his where a log was to be made: no label" {
    requires root
    requires strace
    embed
    selinux_policy
    mkdir logs theirs
    echo theirs >theirs/file
    setfattr -n security.selinux -v old_u:object_r:old_t:s0 theirs/file
    fake_guest web '' "<serial type='file'><source path='$T/logs/serial.out'/></serial>"
    for how in "ln theirs/file" "ln -s ../theirs/file"; do
        rm -f logs/*
        halted_start web
        $how logs/serial.out
        ! go_on || { echo "started with: $how"; false; }
        contains "$(cat start.err)" "serial.out"
        same "$(getfattr --only-values -n security.selinux theirs/file | tr -d '\0')" old_u:object_r:old_t:s0
        same "$(cat theirs/file)" theirs
    done
}

# A disk that is QEMU's user's already, so that no row of owners looks at it again, in a directory of another's.
disk_among_strangers() {
    requires root
    requires strace
    embed
    mkdir -p "$ROOT/etc" theirs other
    printf 'user = "+1234"\ngroup = "+1235"\n' >"$ROOT/etc/qemu.conf"
    truncate -s 1M theirs/disk.img other/disk.img
    chown 1234:1235 theirs/disk.img other/disk.img
    chown 64321:64321 theirs
    chmod 755 . theirs other
    fake_guest web '' "<disk type='file'><source file='$T/theirs/disk.img'/><target dev='vda' bus='virtio'/></disk>${1:-}"
}

@test "a disk in whose place another puts a link to another guest's: no start" {
    disk_among_strangers
    halted_start web
    ln -sf ../other/disk.img theirs/disk.img
    chown -h 64321:64321 theirs/disk.img
    ! go_on
    contains "$(cat start.err)" "disk vda: $T/theirs/disk.img: is a link of user id 64321 to $T/other/disk.img"
    same "$(vm-list --name)" ""
    same "$(stat -c %u other/disk.img)" 1234
}

@test "a directory that another makes a link to one of another guest's: no start" {
    disk_among_strangers
    halted_start web
    mv theirs mine
    ln -s other theirs
    chown -h 64321:64321 theirs
    ! go_on
    contains "$(cat start.err)" "disk vda: $T/theirs/disk.img: is a link of user id 64321 to $T/other/disk.img"
}

@test "a link that root has made, a disk that its own user replaces, and one on an overlay that is written meanwhile: a start" {
    disk_among_strangers "<disk type='file'><source file='$T/link.img'/><target dev='vdb' bus='virtio'/></disk>
        <disk type='file'><source file='$T/over/low.img'/><target dev='vdc' bus='virtio'/></disk>
        <serial type='file'><source path='$T/log'/></serial><parallel type='file'><source path='$T/logs/parallel'/></parallel>"
    mkdir low up work over logs
    chown 1234 logs
    truncate -s 1M low/low.img
    chown 1234:1235 low/low.img
    mount -t overlay overlay -o "lowerdir=$T/low,upperdir=$T/up,workdir=$T/work" over
    ln -s other/disk.img link.img
    touch real.log
    chown 1234:1235 real.log
    ln -s real.log log
    halted_start web
    cp -p theirs/disk.img theirs/new
    mv theirs/new theirs/disk.img
    touch over/low.img
    cp -p other/disk.img other/new
    mv other/new other/disk.img
    local status=0
    go_on || status=$?
    vm-stop -q --force web || status=1
    umount over
    [ "$status" = 0 ] || { cat start.err; false; }
    same "$(stat -c %u:%a logs/parallel)" 1234:600
}

# bats test_tags=user
@test "nobody asks whose the files are of who starts a guest for himself" {
    requires strace
    embed
    echo >mine.log
    ln -s mine.log log
    truncate -s 1M disk.img
    fake_guest web '' "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk><serial type='file'><source path='$T/log'/></serial>"
    halted_start web
    cp disk.img new
    mv new disk.img
    go_on || { cat start.err; false; }
    ok vm-stop --force web
}
