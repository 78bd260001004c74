# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# Killing programs at their system calls (tests/kill-at.c), and looking at what the next command makes of it.
# With FAULTS at each call, in parts of which each tries every so manieth (FAULTS=K/PARTS); else at a sample.

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
    vm-start --dry-run web >/dev/null 2>&1 # what the emulator can do is in the cache from here on
}

# Once, so that what is traced does what all later ones do: the first makes directories, and state of a TPM.
warm() { vm-start "$@" web && vm-stop --force web; }

# What a guest changes outside of the store: owners, modes and every attribute of what it uses.
outside() {
    stat -c '%n %u:%g %a' -- *.img
    getfattr -h -d -m - -- *.img 2>/dev/null || true
}

# traced FILE CMD…: writes all that the command and what it starts ask of the kernel to FILE. It is whole when they have
# ended: all_traced FILE.
traced() { "$B/tests/kill-at" -o "$@"; }
all_traced() { wait_for grep -qx end "$1"; }

# "PROCESS CALL NAME" for each call in a trace, from the first change on: when the guest's lock is taken, or with "any"
# the first time that a file or directory is made; with "whole" all calls.
fault_points() { # trace [any|whole]
    ! grep '\.caps.* create$' "$1" || { echo "an emulator was asked what it can do: $1"; return 1; }
    awk -v which="${2:-}" 'BEGIN { on = which == "whole" }
        $3 == "openat" && $4 == "lock" && $5 == "create" { on = 1 }
        which == "any" && ($3 ~ /^mkdir/ || $5 == "create") { on = 1 }
        on && NF > 2 { print $1, $2, $3 }' "$1"
}

# Those of them that this run tries: every Nth, or its part of all.
fault_sample() { # every Nth
    case ${FAULTS:-} in
    '') awk -v n="$1" 'NR % n == 1 % n' ;;
    *) awk -v k="${FAULTS%/*}" -v n="${FAULTS#*/}" 'NR % n == k % n' ;;
    esac
}

# killed_at PROCESS CALL CMD…: that process of the command dies as it enters that call. With ALL=yes all of its processes do.
# How many really died is counted: others may have ended before that, or have made less calls than in the trace.
killed_at() {
    local process=$1 call=$2
    shift 2
    "$B/tests/kill-at" -p "$process" -n "$call" ${ALL:+-a} -o "killed.$((++fault_tries))" "$@" >/dev/null 2>&1 || true
}
fault_tries=0

# Most of the points were reached, else this looked at something else than what was traced.
points_done() {
    local killed
    killed=$(cat killed.* | grep -c killed)
    echo "# points: $fault_tries, killed: $killed" | tee -a /dev/fd/3
    [ "$fault_tries" -gt 0 ] && [ $((killed * 2)) -ge "$fault_tries" ]
}

# each_point EVERY POINTS FUNCTION: calls FUNCTION PROCESS CALL for each, which kills and then looks whether all recovers:
# one process of all that run, and, where there are more at that moment, all of them at once.
each_point() {
    local points point
    mapfile -t points < <(fault_sample "$1" <"$2")
    for point in "${points[@]}"; do
        for ALL in '' yes; do
            [ -z "$ALL" ] || ! grep -qsx "killed 1" "killed.$fault_tries" || continue
            # shellcheck disable=SC2086
            "$3" ${point% *} || { echo "killed at $point${ALL:+, with all}"; return 1; }
        done
    done
    points_done
}

# Lists what runs of this test.
running() {
    local p words
    for p in $(grep -lsF -- "$T/" /proc/[0-9]*/cmdline); do
        words=$(tr '\0' ' ' <"$p" 2>/dev/null)
        case $words in '' | */kill-at* | *bats*) ;; *) echo "$words" ;; esac
    done
}
nothing_runs() { [ -z "$(running)" ]; }

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
    nothing_runs || wait_for nothing_runs || { echo "left running: $(running)"; return 1; }
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

# try_each N POINTS FUNCTION: each_point, where FUNCTION kills and what all tests ask of a guest is asked after it.
try_each() {
    fault_try=$3 fault_number=0
    each_point "$1" "$2" fault_and_recover
}
fault_and_recover() {
    "$fault_try" "$1" "$2" || true
    recovers $((++fault_number))
}
