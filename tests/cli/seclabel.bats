#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=root
# seclabel's deeds: --apply, --restore, --show, and the process that takes on a guest's labels.
# shellcheck disable=SC2154
load ../helpers

setup() {
    helpers_setup
    chmod 755 "$T"
    embed
    mkdir -p "$ROOT/etc"
    printf '%s\n' 'user = "daemon"' 'group = "sys"' >"$ROOT/etc/qemu.conf"
    truncate -s 1M disk.img
    chown 55:56 disk.img
    fake_guest web '' "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>"
    STATE=$ROOT/lib/vmutils/web
}
owner() { stat -c %u:%g disk.img; }
bare() { same "$(owner)$(getfattr -h -d -m '^trusted' disk.img 2>/dev/null)" 55:56; }

@test "--apply gives the files to the guest, --restore takes them back" {
    ok seclabel --apply web
    contains "$out" "disk vda" "55:56" "1:3"
    same "$(owner)" 1:3
    ok seclabel --restore web
    bare
    [ ! -e "$STATE/journal" ]
    ok seclabel --restore web
}

@test "--apply of a document that is not defined leaves no directory behind when it is restored" {
    sed 's,>web<,>once<,' web.xml >once.xml
    ok seclabel --apply once.xml
    same "$(owner)" 1:3
    ok seclabel --restore once.xml
    bare
    [ ! -e "$ROOT/lib/vmutils/once" ]
    ok seclabel --apply once.xml
    ok seclabel --restore once
    bare
}

@test "what was applied stays through vm-reap --all and goes with vm-start's end" {
    ok seclabel --apply web
    ok vm-reap --all
    same "$(owner)" 1:3
    ok vm-list --all
    contains "$out" "shut off"
    ok fake_start web
    same "$(owner)" 1:3
    ok vm-stop --force web
    bare
}

@test "what was applied before another boot is taken back by vm-reap --all" {
    ok seclabel --apply web
    mkdir -p sys/proc/sys/kernel/random
    echo 11111111-2222-3333-4444-555555555555 >sys/proc/sys/kernel/random/boot_id
    VMUTILS_SYSROOT=$T/sys ok vm-reap --all
    bare
}

@test "--apply again begins anew, and one that was killed on the way is taken back by vm-reap --all" {
    requires strace
    ok seclabel --apply web
    ok seclabel --apply web
    ok seclabel --restore web
    bare
    strace -D -qq -o /dev/null -e trace=fchownat -e inject=fchownat:signal=KILL:when=1 seclabel --apply web || true
    wait_for test -e "$STATE/journal"
    ok vm-reap --all
    bare
}

@test "--apply that fails in the midst undoes what it did" {
    touch second
    chown 66:67 second
    domain two "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>
        <disk type='file'><source file='$T/second'/><target dev='vdb' bus='virtio'/></disk>"
    requires strace
    export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer does not work under strace
    must_fail any strace -qq -o /dev/null -e trace=fchownat -e inject=fchownat:error=EROFS:when=2 "$BIN/seclabel" --apply two.xml
    bare
    same "$(stat -c %u:%g second)" 66:67
    [ ! -e "$ROOT/lib/vmutils/two" ]
}

@test "a running guest's labels are in force: --apply and --restore refuse, --show tells" {
    ok fake_start web
    must_fail 4 seclabel --apply web
    contains "$err" "web: is running"
    must_fail 4 seclabel --restore web
    ok seclabel --show web
    contains "$out" "1:3" "disk vda" "in use; goes back to 55:56" "capabilities"
    ok seclabel --show --json web
    contains "$out" '"layer": "capabilities", "why": "process"' '"wanted": "none"'
    ok vm-stop --force web
    must_fail 4 seclabel --show web
    contains "$err" "web: is not running"
}

@test "--driver chooses a layer" {
    ok seclabel --driver dac web
    contains "$out" "disk vda"
    ok seclabel --driver selinux --apply web
    bare
    must_fail 2 seclabel --driver cgroup --apply web
    contains "$err" "has no labels"
}

@test "a command takes on the guest's user and group, and its status is passed" {
    ok seclabel web -- sh -c 'echo "$(id -u):$(id -g)"; grep CapEff /proc/self/status'
    contains "$out" 1:3 "0000000000000000"
    must_fail 5 seclabel web -- sh -c 'exit 5'
    # Of a directory that the guest's user may not enter nobody knows what is in there.
    must_fail 127 env PATH=/usr/bin:/bin "$BIN/seclabel" web -- no-such-command
    contains "$err" "no-such-command: No such file or directory"
    same "$(echo through | seclabel web -- cat)" through
    status=0
    seclabel web -- sh -c 'kill -TERM $$' || status=$?
    same $status 143
    touch plain
    must_fail 126 seclabel web -- "$T/plain"
    bare
}

@test "a command of a guest whose label names a user runs as that user" {
    domain lab "" "<seclabel type='static' model='dac' relabel='yes'><label>games:games</label></seclabel>"
    ok seclabel lab.xml -- id -u
    same "$out" 5
}

@test "wrong uses are told apart" {
    must_fail 2 seclabel --apply --restore web
    must_fail 2 seclabel --apply web -- true
    must_fail 2 seclabel web db
    must_fail 2 seclabel web --
    must_fail 2 seclabel --driver daq web
    contains "$err" "there is no such layer"
    must_fail 3 seclabel --apply nosuch
    must_fail 3 seclabel --show nosuch
}

@test "the end of another guest that shares the disk does not wait for what is applied" {
    fake_guest db '' "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/><shareable/></disk>"
    ok seclabel --apply web
    ok fake_start db
    ok seclabel --restore web
    same "$(owner)" 1:3
    ok vm-stop --force db
    bare
}

# Two guests that share the disk.
second() {
    fake_guest db '' "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/><shareable/></disk>"
}

# give web, db: by seclabel --apply or by a start; take: back again.
give() { if [ "$1" = applied ]; then ok seclabel --apply "$2"; else ok fake_start "$2"; fi; }
take() {
    case $1 in
    applied) ok seclabel --restore "$2" ;;
    started) ok vm-stop --force "$2" ;;
    killed)
        kill -9 "$(sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/$2/journal")"
        wait_for test ! -e "$ROOT/lib/vmutils/$2/journal" ;;
    esac
}

@test "what is applied is a use of a shared disk, which goes back with the last, in every order" {
    second
    for remember in 1 0; do
        printf '%s\n' 'user = "daemon"' 'group = "sys"' "remember_owner = $remember" >"$ROOT/etc/qemu.conf"
        for other in applied started killed; do
            for order in "web db" "db web"; do
                # shellcheck disable=SC2086
                set -- $order
                give applied web
                give "${other/killed/started}" db
                for guest in "$@"; do
                    same "$remember $other $order $(owner)" "$remember $other $order 1:3"
                    if [ "$guest" = web ]; then take applied web; else take "$other" db; fi
                done
                bare
                give "${other/killed/started}" db
                give applied web
                take "$([ "$1" = web ] && echo applied || echo "$other")" "$1"
                same "$(owner)" 1:3
                take "$([ "$2" = web ] && echo applied || echo "$other")" "$2"
                bare
            done
        done
    done
}

@test "what is applied in one root counts for a guest of another" {
    second
    mkdir -p other/etc
    cp "$ROOT/etc/qemu.conf" other/etc
    ok seclabel -c "qemu:///embed?root=$T/other" --apply web.xml
    ok fake_start db
    ok vm-stop --force db
    same "$(owner)" 1:3
    ok seclabel -c "qemu:///embed?root=$T/other" --restore web.xml
    bare
}

@test "what two have applied before another boot is taken back by vm-reap --all" {
    second
    ok seclabel --apply web
    ok seclabel --apply db
    mkdir -p sys/proc/sys/kernel/random
    echo 11111111-2222-3333-4444-555555555555 >sys/proc/sys/kernel/random/boot_id
    VMUTILS_SYSROOT=$T/sys ok vm-reap --all
    bare
}

@test "a disk that is applied for one owner is not given to a guest with another" {
    second
    ok seclabel --apply web
    printf '%s\n' 'user = "games"' 'group = "sys"' >"$ROOT/etc/qemu.conf"
    must_fail 5 fake_start db
    contains "$err" "disk vda" "used by another guest"
    same "$(owner)" 1:3
    ok seclabel --restore web
    bare
}

@test "--restore and --apply that are killed at any change leave the other's use alone" {
    requires strace
    second
    for what in fchownat fsetxattr,setxattr,removexattr,fremovexattr symlinkat,unlinkat,write; do
        for when in 1 2 3; do
            ok seclabel --apply db
            strace -D -qq -o /dev/null -e "trace=$what" -e "inject=$what:signal=KILL:when=$when" seclabel --apply web || true
            wait_for sh -c "! pgrep -f '[s]eclabel --apply web'"
            ok vm-reap --all
            same "apply $what $when $(owner)" "apply $what $when 1:3"
            ok seclabel --apply web
            strace -D -qq -o /dev/null -e "trace=$what" -e "inject=$what:signal=KILL:when=$when" seclabel --restore web || true
            wait_for sh -c "! pgrep -f '[s]eclabel --restore web'"
            ok vm-reap --all
            same "restore $what $when $(owner)" "restore $what $when 1:3"
            ok seclabel --restore db
            ok seclabel --restore web
            bare
        done
    done
    ok vm-reap --all
    same "$(ls -A /run/libvirt/vmutils/claims/applied)" ""
}
