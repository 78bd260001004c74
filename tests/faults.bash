# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# Killing programs at their system calls, with strace's injection, and looking at what the next command makes of it.
# FAULTS=all: at each call; else a sample.

# A guest with something of each kind to undo: a disk of another owner, a directory for a socket.
fault_guest() { # more XML of devices, of the domain
    truncate -s 1M disk.img
    [ "$(id -u)" != 0 ] || chown 1234:1235 disk.img
    EMULATOR=${EMULATOR:-$FAKE_QEMU} domain web "<disk type='file'><source file='$T/disk.img'/><target dev='vda' bus='virtio'/></disk>
        <channel type='unix'><source mode='bind'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>${1:-}" "${2:-}"
    mkdir -p "$ROOT/etc/qemu"
    sed 's|<memory|<uuid>ef1bdff4-27f3-4e85-a807-5fb4d58463cc</uuid><memory|' web.xml >"$ROOT/etc/qemu/web.xml"
    BEFORE=$(outside)
    STATE=$ROOT/lib/vmutils/web
}

# What a guest changes outside of the store: owners, modes and every attribute of what it uses.
outside() {
    stat -c '%n %u:%g %a' -- *.img
    getfattr -h -d -m - -- *.img 2>/dev/null || true
}

# "NAME K" for each call in a trace (of strace -f) from line $2 on, K counting calls of that name in one process.
fault_points() {
    awk -v from="$2" '{ pid = $1; call = $2
        if (call ~ /^(<|\+|-|\?|exit|rt_sigreturn|execve)/ || call !~ /\(/) next
        sub(/\(.*/, "", call); k = ++n[pid, call]
        if (NR >= from && !seen[call, k]++) print call, k }' "$1"
}

# Those of them that this run tries.
fault_sample() { # every Nth
    if [ "${FAULTS:-}" = all ]; then cat; else awk -v n="$1" 'NR % n == 1'; fi
}

# inject CALL K OPTIONS… -- CMD…: the command dies at that call (its children, too, with -f).
inject() {
    local call=$1 k=$2
    shift 2
    strace -D -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$k" "$@" >/dev/null 2>&1 || true
} 2>/dev/null

processes() { grep -lsF -- "$T/" /proc/[0-9]*/cmdline | cut -d/ -f3 | grep -vx "$$" || true; }
nothing_runs() {
    local p
    for p in $(processes); do
        case "$(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null)" in
        '' | strace* | *bats*) ;;
        *) return 1 ;;
        esac
    done
}

# The guest's control groups, and those that are made for them.
groups() {
    cg-acl -q --path web 2>/dev/null | while read -r g; do
        for g in "$g" "${g%/*}"; do [ ! -e "$g" ] || echo "$g"; done
    done
}

# Nothing is left of the guest but its definition and what belongs to its folder.
is_clean() {
    local f
    for f in "$STATE"/*; do
        case ${f##*/} in lock | alive | stopping | monitor.lock | events | events.old | '*') ;;
        *) echo "left behind: $f"; return 1 ;;
        esac
    done
    [ ! -e "$ROOT/lib/qemu/domain-web" ] && [ ! -e "$ROOT/lib/qemu/channel/target/domain-web" ] ||
        { echo "left behind: a directory"; return 1; }
    [ "$(outside)" = "$BEFORE" ] || { diff <(echo "$BEFORE") <(outside); return 1; }
    [ -z "$(groups)" ] || { echo "left behind: $(groups)"; return 1; }
    wait_for nothing_runs || { echo "left running: $(ps -o pid,args -p "$(processes | paste -sd,)")"; return 1; }
}

# status_in "0 4" CMD…
status_in() {
    local wanted=$1 status=0 said
    shift
    said=$("$@" 2>&1) || status=$?
    case " $wanted " in *" $status "*) ;; *) echo "exit status $status: $*: $said"; return 1 ;; esac
}

# The next command, which one by turns; then the guest is manageable or off; then it is off and clean.
recovers() { # number of the case
    case $(($1 % 4)) in
    0) status_in "0" vm-reap --all ;;
    1) status_in "0 4" vm-start web ;;
    2) status_in "0 4" vm-stop --force web ;;
    3) ;;
    esac || return 1
    status_in "0 4" vm-stop --timeout 20 web || return 1
    [ ! -e "$STATE/journal" ] || status_in "0" vm-reap --all || return 1
    is_clean
}

# try_each N POINTS-FILE FUNCTION: calls FUNCTION CALL K for each point, then looks whether all recovers.
try_each() {
    local call k i=0 points
    mapfile -t points < <(fault_sample "$1" <"$2")
    echo "points: ${#points[@]}"
    [ ${#points[@]} -gt 0 ]
    for point in "${points[@]}"; do
        call=${point% *} k=${point#* } i=$((i + 1))
        "$3" "$call" "$k" || true
        recovers $i || { echo "killed at $call $k ($i)"; return 1; }
    done
}
