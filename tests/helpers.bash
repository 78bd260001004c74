# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2120,SC2119,SC2013
# Words for tests/cli/*.bats: "load ../helpers" at the top. See tests/README.
#
#   $BIN  built programs    $B  build directory    $TOP  source tree    $T  this test's own directory
#   $URI  an embed root of this test's own (made at the first use of "embed", "domain" or "guest")

: "${TOP:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}" "${B:=$TOP/build}" "${BIN:=$B/bin}"
FAKE_QEMU=$B/tests/fake-qemu
PATH=${VMUTILS_TEST_WRAPPED:+$VMUTILS_TEST_WRAPPED:}$BIN:$PATH
bats_require_minimum_version 1.7.0

setup() { helpers_setup; }
teardown() { helpers_teardown; }

# A file with a setup or teardown of its own calls these from it.
helpers_setup() {
    T=$(mktemp -d "${TMPDIR:-/tmp}/t.XXXXXX")
    cd "$T" || return 1
    # As beside a QEMU that was built and not installed: fake-qemu may read here under Landlock.
    mkdir "$T/qemu-bundle"
    URI=
    unset LIBVIRT_DEFAULT_URI
    [ "${VMUTILS_TEST_ALONE:-}" != yes ] || helpers_before=" $(helpers_pids | tr '\n' ' ') "
    [ "$(id -u)" = 0 ] || ! helpers_marked_root || skip "needs root"
}

# bats 1.8 does not tell a test its tags: they are the comment above it, or at the top of the file.
helpers_marked_root() {
    grep -Eq '^# bats file_tags=.*\broot\b' "$BATS_TEST_FILENAME" ||
        grep -B1 -F "@test \"$BATS_TEST_DESCRIPTION\"" "$BATS_TEST_FILENAME" | grep -Eq '^# bats test_tags=.*\broot\b'
}

helpers_teardown() {
    local pid
    if [ "${VMUTILS_TEST_ALONE:-}" = yes ]; then
        helpers_kill_others
    else
        # Without a process table of its own: what this test started is known by its directory.
        for pid in $(grep -lsFf <(echo "$T") /proc/[0-9]*/cmdline; find /proc/[0-9]*/cwd -maxdepth 0 -lname "$T*" 2>/dev/null); do
            pid=${pid#/proc/} pid=${pid%%/*}
            grep -qs bats "/proc/$pid/cmdline" || kill -9 "$pid" 2>/dev/null || true
        done
    fi
    cd /
    chmod -R u+rwX "$T" 2>/dev/null || true
    rm -rf --one-file-system "$T" || true
}

helpers_pids() { (cd /proc && printf '%s\n' [0-9]*); }

# Ends what was not there when the test began, but for this shell, its parents and its children.
helpers_kill_others() {
    local pid parent parents=" " round left
    pid=$BASHPID
    while [ "${pid:-0}" -gt 0 ]; do
        parents+="$pid "
        pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || break
    done
    for round in 1 2 3 4 5 6 7 8 9 10; do
        left=
        for pid in $(helpers_pids); do
            case "$helpers_before$parents" in *" $pid "*) continue ;; esac
            # bats' own helpers (its countdown, its formatter): this very shell, or children of another one.
            parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || continue
            case "$parents" in
            *" $parent "*) ;;
            *) ! grep -qs bats "/proc/$parent/cmdline" || continue ;;
            esac
            case "$(cat "/proc/$pid/cmdline" 2>/dev/null | tr '\0' ' ')" in '' | *bats*) continue ;; esac
            kill -9 "$pid" 2>/dev/null && left=yes
        done
        [ -n "$left" ] || return 0
        sleep 0.05
    done
}

# An embed root of this test's own: sets ROOT and URI, and LIBVIRT_DEFAULT_URI so that programs use it. What tests/run
# asked the emulator is in its cache, unless the file has COLD=yes.
embed() {
    ROOT=${1:-$T/root}
    mkdir -p "$ROOT"
    helpers_seed "$ROOT/cache/vmutils"
    URI="qemu:///embed?root=$ROOT"
    export LIBVIRT_DEFAULT_URI=$URI
}

# ok CMD...: must succeed. must_fail STATUS CMD...: must exit with just STATUS ("any": 1 to 125), never by
# a signal. Both leave what it printed in $out and $err.
ok() { helpers_run 0 "$@"; }
must_fail() { helpers_run "$@"; }
helpers_run() {
    local want=$1 status=0 files
    shift
    files=$(mktemp "$T/run.XXXXXX")
    "$@" >"$files" 2>"$files.err" || status=$?
    out=$(tr -d '\0' <"$files") err=$(tr -d '\0' <"$files.err")
    if [ "$status" = "$want" ] || { [ "$want" = any ] && [ $status -ge 1 ] && [ $status -le 125 ]; }; then
        return 0
    fi
    echo "exit status $status, expected $want: $*"
    echo "-- stdout: ${out:0:2000}"
    echo "-- stderr: ${err:0:2000}"
    return 1
}

# contains TEXT PART...: each PART is in TEXT.
contains() {
    local text=$1 part
    shift
    for part; do
        if [[ $text != *"$part"* ]]; then
            echo "not found: $part"
            echo "in: ${text:0:3000}"
            return 1
        fi
    done
}

# same WHAT WANTED
same() {
    [ "$1" = "$2" ] || { diff <(echo "$1") <(echo "$2"); return 1; }
}

# wait_for CMD...: until it succeeds, at most 30 s (slow machines and sanitizers; never a measure of speed).
wait_for() {
    local end=$((SECONDS + 30))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || { echo "never came true: $*"; return 1; }
        sleep 0.05
    done
}

# requires WHAT: skips with a reason where this machine lacks it.
requires() {
    case $1 in
    root) [ "$(id -u)" = 0 ] || skip "needs root" ;;
    system) [ "${VMUTILS_TEST_SYSTEM:-}" = yes ] || skip "needs a qemu:///system of its own (root, overlayfs, make check)" ;;
    libvirtd) [ -x /usr/sbin/libvirtd ] && command -v virsh >/dev/null || skip "needs libvirt-daemon-system" ;;
    trust) [ -z "${VMUTILS_TEST_WRAPPED:-}" ] || skip "needs a fake-qemu that is root's" ;;
    kvm) [ -w /dev/kvm ] || skip "needs /dev/kvm" ;;
    *) command -v "$1" >/dev/null || skip "needs $1" ;;
    esac
}

helpers_seed() {
    [ "${COLD:-}" != yes ] && [ ! -e "$1" ] && [ -e "$B/tests/probed/cache/vmutils" ] || return 0
    mkdir -p "$1" && cp "$B"/tests/probed/cache/vmutils/*.caps "$1" 2>/dev/null || rm -rf "$1"
}

# domain NAME [DEVICES-XML [OTHER-XML]]: writes $T/NAME.xml, a small x86_64 TCG guest that needs no disk.
# EMULATOR=PATH before it names another emulator (FAKE_QEMU).
domain() {
    [ -n "$URI" ] || embed
    cat >"$T/$1.xml" <<EOF
<domain type='qemu'>
  <name>$1</name>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  ${3:-}
  <devices>
    <emulator>${EMULATOR:-/usr/bin/qemu-system-x86_64}</emulator>
    ${2:-}
  </devices>
</domain>
EOF
}

# guest NAME [...]: domain, and defined in $URI.
guest() {
    domain "$@"
    vm-define -q -- "$T/$1.xml"
}

# fake_guest NAME [BEHAVIOURS [DEVICES-XML [OTHER-XML]]]: defines a guest with tests/fake-qemu.c in QEMU's place, which
# behaves so; fake_start NAME [OPTION...] starts it. The copy is this test's own, and trusted for that.
fake_guest() {
    local name=$1 dir=$T/fake-$1
    mkdir -p "$dir/qemu-bundle"
    cp "$FAKE_QEMU" "$dir/fake-qemu"
    echo "${2:-}" >"$dir/fake-qemu.conf"
    EMULATOR=$dir/fake-qemu domain "$name" "${3:-}" "${4:-}"
    vm-define -q --bindir "$dir" -- "$T/$name.xml"
}
fake_start() {
    local name=$1
    shift
    vm-start -q --bindir "$T/fake-$name" "$@" -- "$name"
}

# halted_start NAME: fake_start that stands still once its plan is made and written, before its first deed. go_on lets it do the
# rest, and has its status; what it says is in start.err.
halted_start() {
    rm -f "$T/halted"
    strace -e trace=fsync -e inject=fsync:signal=SIGSTOP:when=1 -o "$T/halted" vm-start -q --bindir "$T/fake-$1" -- "$1" 2>"$T/start.err" 3>&- &
    starter=$!
    wait_for grep -qs 'stopped by SIGSTOP' "$T/halted"
}

go_on() {
    pkill -CONT -P "$starter" -x vm-start
    wait "$starter"
}

# hold_lock FILE TYPE: a POSIX lock on FILE (0 to read, 1 to write), held until it is killed; says "locked". For Linux
# on 64-bit machines: struct flock is packed by hand, perl-base has no more than that.
hold_lock() {
    exec perl -e 'use Fcntl; open(F, "+<", $ARGV[0]) or die; fcntl(F, F_SETLK, pack("s s x4 q q l x4", $ARGV[1], 0, 0, 0, 0)) or die;
        $| = 1; print "locked\n"; sleep 1000' "$1" "$2"
}

# selinux_policy: a policy of the test's own below VMUTILS_SYSROOT, as if SELinux were on and enforcing.
selinux_policy() {
    export VMUTILS_SYSROOT=$T/sys
    mkdir -p sys/sys/fs/selinux sys/etc/selinux/lab/contexts/files
    echo 1 >sys/sys/fs/selinux/enforce
    printf 'SELINUX=enforcing\nSELINUXTYPE=lab\n' >sys/etc/selinux/config
    printf 'lab_u:lab_r:kvm_t:s0\nlab_u:lab_r:tcg_t:s0\n' >sys/etc/selinux/lab/contexts/virtual_domain_context
    printf 'lab_u:object_r:image_t:s0\nlab_u:object_r:content_t:s0\n' >sys/etc/selinux/lab/contexts/virtual_image_context
    printf '/.*\tlab_u:object_r:default_t:s0\n' >sys/etc/selinux/lab/contexts/files/file_contexts
}
