#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016,SC2030,SC2031,SC1010
# Control groups of guests: which devices QEMU may open, how much of the host it may have. A real QEMU, paused.
load ../helpers

setup() { helpers_setup; }
teardown() {
    for l in $LOOPS; do losetup -d "$l" || true; done
    helpers_teardown
}
LOOPS=

# A block device of 1 MiB in $loop.
block() {
    requires losetup
    truncate -s 1M "$1"
    loop=$(losetup -f --show "$1") || skip "needs loop devices"
    LOOPS="$LOOPS $loop"
}
disk() { echo "<disk type='block'><driver name='qemu' type='raw'/><source dev='$1'/><target dev='vda' bus='virtio'/></disk>"; }

requires_tree() { # a controller of version 1, or cgroup2
    case $1 in
    cgroup2) grep -q ' - cgroup2 ' /proc/self/mountinfo || skip "needs a mounted cgroup2" ;;
    *) grep -q " - cgroup .*\b$1\b" /proc/self/mountinfo || skip "needs the control group '$1'" ;;
    esac
}
where() { awk -v t=" - $1 " '$0 ~ t { at = $5 } END { print at }' /proc/self/mountinfo; }
tree() { awk -v c="$1" '/ - cgroup / && $NF ~ "(^|,)" c "(,|$)" { at = $5 } END { print at }' /proc/self/mountinfo; }
# without DIR… -- CMD…: these mount points are not to be seen by CMD
without() {
    local dirs=()
    while [ "$1" != -- ]; do
        dirs+=("$1")
        shift
    done
    shift
    # shellcheck disable=SC2016
    unshare -m sh -c 'n=$1; shift; while [ $n -gt 0 ]; do mount -t tmpfs none "$1" || exit 9; shift; n=$((n - 1)); done; exec "$@"' \
        sh ${#dirs[@]} "${dirs[@]}" "$@"
}
pid_of() { sed -n 's/^{"qemu":{"pid":\([0-9]*\),.*/\1/p' "$ROOT/lib/vmutils/$1/journal"; }
# The groups of the guest and those above it that vmutils made.
left() {
    cg-acl -q --path "$1" | while read -r g; do
        for g in "$g" "${g%/*}"; do [ ! -e "$g" ] || echo "$g"; done
    done
}
refused() { # GUEST DEVICE: by its number, since the guest may have a /dev of its own
    rm -f "$T/node"
    mknod "$T/node" b "$((0x$(stat -c %t "$2")))" "$((0x$(stat -c %T "$2")))"
    must_fail any qmp-send "$1" '{"execute":"blockdev-add","arguments":{"driver":"host_device","filename":"'"$T"'/node","node-name":"x"}}'
    contains "$err" "Operation not permitted"
}
allowed() { # a second node on the guest's own device
    ok qmp-send "$1" '{"execute":"blockdev-add","arguments":{"driver":"host_device","filename":"'"$2"'","node-name":"y","read-only":true}}'
}

# bats test_tags=root
@test "devices, version 2: another's node is refused to QEMU, its own disk opens" {
    requires root
    requires qemu-system-x86_64
    requires_tree cgroup2
    block own.img
    own=$loop
    block other.img
    guest web "$(disk "$own")"
    v1=$(tree devices)
    ok without ${v1:+"$v1"} -- vm-start --paused web
    contains "$(cat "/proc/$(pid_of web)/cgroup")" "0::/" "/web"
    same "$(grep -c 'devices:/.*web' "/proc/$(pid_of web)/cgroup")" 0
    refused web "$loop"
    allowed web "$own"
    ok vm-stop --force web
    same "$(left web)" ""
}

# bats test_tags=root
@test "devices, version 1: another's node is refused to QEMU, its own disk opens" {
    requires root
    requires qemu-system-x86_64
    requires_tree devices
    block own.img
    own=$loop
    block other.img
    guest web "$(disk "$own")"
    v2=$(where cgroup2)
    ok without ${v2:+"$v2"} -- vm-start --paused web
    contains "$(grep devices: "/proc/$(pid_of web)/cgroup")" "/web"
    same "$(grep -c '^0::/.*web' "/proc/$(pid_of web)/cgroup")" 0
    refused web "$loop"
    allowed web "$own"
    ok vm-stop --force web
    same "$(left web)" ""
}

# bats test_tags=root
@test "a read-only disk may be read only" {
    requires root
    requires qemu-system-x86_64
    requires_tree cgroup2
    block own.img
    guest web "<disk type='block'><driver name='qemu' type='raw'/><source dev='$loop'/><target dev='vda' bus='virtio'/><readonly/></disk>"
    ok vm-start --paused web
    allowed web "$loop"
    refused web "$loop"
    ok cg-acl --show web
    contains "$out" "b     $((0x$(stat -c %t "$loop")))      $((0x$(stat -c %T "$loop")))      rm"
    ok vm-stop --force web
}

# A terminal that can be opened, and is none of those that every guest may have.
terminal() {
    [ -c "/dev/$1" ] && (exec 8<>"/dev/$1") 2>/dev/null || skip "needs terminals (/dev/$1)"
}
by_number() { echo "c $((0x$(stat -c %t "$1"))) $((0x$(stat -c %T "$1")))"; }

# bats test_tags=root
@test "devices: a terminal that is a serial port of the guest opens, another's is refused, version 1 and 2" {
    requires root
    requires qemu-system-x86_64
    terminal tty5
    terminal tty6
    guest web "<serial type='dev'><source path='/dev/tty5'/></serial>"
    for version in devices cgroup2; do
        requires_tree $version
        [ $version = devices ] && hide=$(where cgroup2) || hide=$(tree devices)
        ok without ${hide:+"$hide"} -- vm-start --paused web
        contains "$(ls -l "/proc/$(pid_of web)/fd")" "-> /dev/tty5"
        ok cg-acl --show web
        same "$version: $(awk '$1 == "c" && $2 == 4 { print $1, $2, $3 }' <<<"$out")" "$version: $(by_number /dev/tty5)"
        ok vm-stop --force web
        same "$(left web)" ""
        # The same rules for a program that is not kept from either by anything else.
        # shellcheck disable=SC2016
        ok without ${hide:+"$hide"} -- cg-acl web.xml -- sh -c 'exec 8<>/dev/tty5'
        must_fail any without ${hide:+"$hide"} -- cg-acl web.xml -- sh -c 'exec 8<>/dev/tty6'
        contains "$err" "/dev/tty6: Operation not permitted"
        ok without ${hide:+"$hide"} -- cg-acl --remove web.xml
    done
}

# bats test_tags=root
@test "groups are gone after kill -9 of QEMU, with vm-reap and without" {
    requires root
    [ -n "$(tree devices)$(where cgroup2)" ] || skip "needs control groups"
    fake_guest web
    ok vm-start web
    [ -n "$(left web)" ]
    kill -9 "$(pid_of web)"
    wait_for eval '[ ! -e "$ROOT/lib/vmutils/web/journal" ]'
    same "$(left web)" ""
    ok vm-start --no-reap web
    kill -9 "$(pid_of web)"
    wait_for eval 'vm-reap --all && [ ! -e "$ROOT/lib/vmutils/web/journal" ]' # which leaves one that is still dying
    same "$(left web)" ""
}

# bats test_tags=root
@test "limits, version 1: written, read back, and each thread in its place" {
    requires root
    requires qemu-system-x86_64
    for c in cpu cpuset memory blkio; do requires_tree $c; done
    block own.img
    guest web "$(disk "$loop")" "<iothreads>1</iothreads>
        <cputune><shares>2048</shares><period>100000</period><quota>50000</quota><global_period>90000</global_period>
        <global_quota>80000</global_quota><emulator_period>70000</emulator_period><emulator_quota>60000</emulator_quota>
        <iothread_period>50000</iothread_period><iothread_quota>40000</iothread_quota>
        <vcpupin vcpu='0' cpuset='1'/><emulatorpin cpuset='0'/><vcpusched vcpus='0' scheduler='batch'/>
        <iothreadsched iothreads='1' scheduler='idle'/></cputune>
        <memtune><hard_limit unit='MiB'>1024</hard_limit><soft_limit unit='MiB'>512</soft_limit></memtune>
        <blkiotune><device><path>$loop</path><read_bytes_sec>1048576</read_bytes_sec><write_iops_sec>100</write_iops_sec></device></blkiotune>
        <numatune><memory mode='strict' nodeset='0'/></numatune>"
    [ "$(nproc --all)" -gt 1 ] || skip "needs two processors"
    ok vm-start --paused web
    pid=$(pid_of web)
    at() { echo "$(tree "$1")$(sed -n "s/^[0-9]*:[^:]*\b$1\b[^:]*:.*\(\/libvirt\/.*\)/\1/p" "/proc/$pid/cgroup")"; }
    cpu=$(at cpu) memory=$(at memory) blkio=$(at blkio) cpuset=$(at cpuset)
    same "${cpu##*/} ${cpuset##*/}" "emulator emulator"
    same "$(cat "$cpu/../cpu.shares" "$cpu/../cpu.cfs_period_us" "$cpu/../cpu.cfs_quota_us" | paste -sd' ')" "2048 90000 80000"
    same "$(cat "$cpu/cpu.cfs_period_us" "$cpu/cpu.cfs_quota_us" | paste -sd' ')" "70000 60000"
    same "$(cat "$cpu/../vcpu0/cpu.cfs_period_us" "$cpu/../vcpu0/cpu.cfs_quota_us" | paste -sd' ')" "100000 50000"
    same "$(cat "$cpu/../iothread1/cpu.cfs_quota_us")" 40000
    same "$(cat "$memory/memory.limit_in_bytes" "$memory/memory.soft_limit_in_bytes" | paste -sd' ')" "1073741824 536870912"
    dev="$((0x$(stat -c %t "$loop"))):$((0x$(stat -c %T "$loop")))"
    same "$(cat "$blkio/blkio.throttle.read_bps_device" "$blkio/blkio.throttle.write_iops_device" | paste -sd' ')" \
        "$dev 1048576 $dev 100"
    same "$(cat "$cpuset/cpuset.cpus" "$cpuset/../cpuset.mems" "$cpuset/../vcpu0/cpuset.cpus" | paste -sd' ')" "0 0 1"
    for task in "/proc/$pid/task"/*; do
        case $(cat "$task/comm") in
        CPU*) want="vcpu0 1 3" ;;
        "IO iothread1") want="iothread1 0-$(($(nproc --all) - 1)) 5" ;;
        *) want="emulator 0 0" ;;
        esac
        group=$(sed -n 's/^[0-9]*:\([^:]*,\)*cpu\(,[^:]*\)*:.*\///p' "$task/cgroup")
        same "$group $(awk '/^Cpus_allowed_list:/ { print $2 }' "$task/status") $(cut -d' ' -f41 <(sed 's/(.*)/x/' "$task/stat"))" "$want"
    done
    ok vm-stop --force web
    same "$(left web)" ""
}

# bats test_tags=root
@test "the kernel's no to a limit fails the start, names it, and leaves nothing" {
    requires root
    requires_tree cpu
    fake_guest web "" "" "<cputune><shares>9</shares><quota>1</quota></cputune>"
    must_fail 1 vm-start web
    contains "$err" "cpu.cfs_quota_us: cannot set 1"
    same "$(left web)" ""
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
}

# bats test_tags=root
@test "without libbpf a guest of version 2 starts, with a notice" {
    requires root
    requires_tree cgroup2
    lib=$(ldconfig -p | sed -n 's/.*libbpf.so.1 .*=> //p')
    [ -n "$lib" ] || skip "needs libbpf"
    fake_guest web
    v1=$(tree devices)
    [ -z "$v1" ] || hide=(without "$v1" --)
    ok "${hide[@]}" unshare -m sh -c 'mount --bind /dev/null "$1" && vm-start web' sh "$(realpath "$lib")"
    contains "$err" "no device rules: BPF programs need libbpf"
    ok vm-stop --force web
}

# bats test_tags=root
@test "devices, version 1: what a group above does not have is left out" {
    requires root
    requires_tree devices
    fake_guest web
    dir=$(cg-acl --path web | grep "^$(tree devices)/")
    mkdir -p "${dir%/*}"
    echo 'c 1:7 rwm' >"${dir%/*}/devices.deny"
    ok vm-start web
    contains "$(cat "$dir/devices.list")" "c 1:3 rwm"
    same "$(grep -c 'c 1:7' "$dir/devices.list")" 0
    ok vm-stop --force web
    rmdir "${dir%/*}" "${dir%/*/*}"
}

# bats test_tags=root
@test "without control groups a guest starts, with a notice" {
    requires root
    requires_tree cgroup2
    fake_guest web
    ok without /sys/fs/cgroup -- vm-start web
    contains "$err" "no device rules: no control groups are mounted"
    ok vm-stop --force web
    ok without /sys/fs/cgroup -- cg-acl --apply web
    contains "$err" "no control groups are mounted"
}

# bats test_tags=root
@test "what is asked of a control group that is not there is an error that names both" {
    requires root
    fake_guest web "" "" "<cputune><shares>2048</shares></cputune>"
    must_fail 1 without /sys/fs/cgroup -- vm-start web
    contains "$err" "web: <cputune> <shares> needs the control group 'cpu': no control groups are mounted"
}

# bats test_tags=root
@test "cgroup_controllers of qemu.conf: an empty list is no groups, without a notice" {
    requires root
    fake_guest web
    mkdir -p "$ROOT/etc"
    echo 'cgroup_controllers = [ ]' >"$ROOT/etc/qemu.conf"
    ok vm-start web
    [[ $err != *"control group"* ]]
    same "$(grep -c libvirt "/proc/$(pid_of web)/cgroup")" 0
    ok vm-stop --force web
}

# bats test_tags=root
@test "cgroup_controllers of qemu.conf: without devices no rules, limits all the same" {
    requires root
    requires_tree cpu
    fake_guest web "" "" "<cputune><shares>2048</shares></cputune>"
    mkdir -p "$ROOT/etc"
    echo 'cgroup_controllers = [ "cpu" ]' >"$ROOT/etc/qemu.conf"
    ok vm-start web
    ok cg-acl --path web
    same "${out%/libvirt/*}" "$(tree cpu)"
    same "$(cat "$out/cpu.shares")" 2048
    ok vm-stop --force web
}

# bats test_tags=root
@test "<resource>: a partition that is not there is refused with the command that makes it, and that one helps" {
    requires root
    [ -n "$(tree devices)$(where cgroup2)" ] || skip "needs control groups"
    fake_guest web "" "" "<resource><partition>/prod/blue</partition></resource>"
    must_fail 3 vm-start web
    while [[ $err == *"(try: mkdir -p"* ]]; do
        command=${err#*(try: }
        bash -c "${command%)*}"
        vm-start web 2>err && break
        err=$(cat err)
    done
    contains "$(cat "/proc/$(pid_of web)/cgroup")" "/prod.partition/blue.partition/web"
    ok vm-stop --force web
    same "$(cg-acl --path web | while read -r g; do [ ! -e "$g" ] || echo "$g"; [ -e "${g%/*}" ] || echo "no ${g%/*}"; done)" ""
    for dir in $(cg-acl --path web); do rmdir "${dir%/*}" "${dir%/*/*}"; done
}

@test "<resource>: a partition cannot lead out of its place" {
    [ "$(id -u)" != 0 ] || requires root
    for p in prod /../x /a//b / /a/..; do
        fake_guest web "" "" "<resource><partition>$p</partition></resource>"
        must_fail 1 vm-start --bindir "$T/fake-web" --dry-run web
        contains "$err" "<resource> partition '$p'"
    done
}

# bats test_tags=root
@test "a guest whose name is a file of the kernel's has its groups all the same" {
    requires root
    [ -n "$(tree devices)$(where cgroup2)" ] || skip "needs control groups"
    fake_guest cgroup.procs
    ok vm-start cgroup.procs
    contains "$(cat "/proc/$(pid_of cgroup.procs)/cgroup")" "/_cgroup.procs"
    ok vm-stop --force cgroup.procs
}

# bats test_tags=root
@test "a group that has a stranger's process is refused, and he and it stay" {
    requires root
    requires_tree cgroup2
    fake_guest web
    dir=$(cg-acl --path web | grep "^$(where cgroup2)/")
    mkdir -p "$dir"
    sleep 100 3>&- &
    echo $! >"$dir/cgroup.procs"
    must_fail 5 vm-start web
    contains "$err" "$dir: the group is there already and has processes (pid $!)"
    kill -0 $!
    [ ! -e "$ROOT/lib/vmutils/web/journal" ]
    kill $!
    wait $! || true
    ok vm-start web
    ok vm-stop --force web
    rmdir "${dir%/*}" "${dir%/*/*}" # which were not made by vmutils
}

# bats test_tags=root
@test "directories that an administrator made for all guests stay" {
    requires root
    requires_tree cgroup2
    fake_guest web
    dir=$(cg-acl --path web | grep "^$(where cgroup2)/")
    mkdir -p "${dir%/*}"
    ok vm-start web
    ok vm-stop --force web
    [ -d "${dir%/*}" ] && [ ! -e "$dir" ]
    rmdir "${dir%/*}" "${dir%/*/*}"
}

# bats test_tags=root
@test "two guests, one after the other: the directory of both goes with the last" {
    requires root
    requires_tree cgroup2
    fake_guest one
    fake_guest two
    ok vm-start one
    ok vm-start two
    ok vm-stop --force one
    above=$(dirname "$(cg-acl --path two | grep "^$(where cgroup2)/")")
    [ -d "$above" ]
    ok vm-stop --force two
    [ ! -e "$above" ]
}

# bats test_tags=root
@test "a user has groups in what was delegated to him, without device rules" {
    requires root
    requires system
    requires_tree cgroup2
    top=$(where cgroup2)
    mkdir "$top/session" "$top/session/shell"
    chown vmtest "$top/session" "$top/session/cgroup.procs" "$top/session/shell" "$top/session/shell/cgroup.procs"
    fake_guest web
    chmod 755 "$T" "$T/.." && chown -R vmtest "$T"
    as_user() {
        HOME=$T TMPDIR=$T XDG_RUNTIME_DIR=$T/runtime sh -c 'echo $$ >"$0/session/shell/cgroup.procs" &&
            exec setpriv --reuid vmtest --regid vmtest --clear-groups "$@"' "$top" "$@"
    }
    ok as_user vm-start --bindir "$T/fake-web" web
    contains "$(cat "/proc/$(pid_of web)/cgroup")" "/session/libvirt/qemu-"
    ok as_user vm-stop --force web
    [ ! -e "$top/session/libvirt" ]
    wait_for rmdir "$top/session/shell" # vm-reap is in it
    rmdir "$top/session"
}

# bats test_tags=user
@test "vm-start --dry-run: the groups are in the plan, and are not made" {
    fake_guest web
    ok fake_start web --dry-run
    if [ "$(id -u)" = 0 ] && grep -q ' - cgroup2 ' /proc/self/mountinfo; then
        contains "$out" "devices=c 1:3 rwm"
    fi
    same "$(left web)" ""
}
