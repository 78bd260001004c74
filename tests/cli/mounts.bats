#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The mount namespace of a guest: its own /dev, and directories of sockets that are empty in it.
load ../helpers

conf() { mkdir -p "$ROOT/etc" && printf '%s\n' "$@" >"$ROOT/etc/qemu.conf"; }
qemu_of() { vm-list --json "$1" | jq '.[0].pid'; }
within() { nsenter -t "$(qemu_of "$1")" -m -- "${@:2}"; }
nodes_of() { within "$1" find /dev -xdev \( -type c -o -type b \) | sort | tr '\n' ' '; }
namespaces() {
    unshare -m true 2>/dev/null || skip "needs mount namespaces"
    command -v nsenter >/dev/null || skip "needs nsenter"
    requires qemu-system-x86_64
}
connect_to() { # GUEST SOCKET
    qmp-send "$1" "{\"execute\": \"chardev-add\", \"arguments\": {\"id\": \"c$RANDOM\", \"backend\": {\"type\": \"socket\", \"data\":
        {\"server\": false, \"addr\": {\"type\": \"unix\", \"data\": {\"path\": \"$2\"}}}}}}"
}

# bats test_tags=root
@test "mount: /dev has the nodes of the device rules and no others" {
    namespaces
    guest web
    conf 'user = "root"'
    ok vm-start --paused web
    nodes=$(nodes_of web)
    contains "$nodes" "/dev/null " "/dev/urandom " "/dev/zero "
    for node in $nodes; do
        cg-acl --json web | jq -e --arg p "$node" '.[] | select(.path == $p)' >/dev/null || [ "$node" = /dev/userfaultfd ]
    done
    [ ! -e /dev/tty1 ] || must_fail any within web test -e /dev/tty1
    same "$(within web stat -c '%t:%T %a %u:%g' /dev/null)" "$(stat -c '%t:%T %a %u:%g' /dev/null)"
}

# bats test_tags=root
@test "mount: what is mounted below /dev stays, terminals too" {
    namespaces
    guest web "<serial type='pty'/><console type='pty'/>"
    conf 'user = "root"'
    ok vm-start --paused web
    contains "$(within web cat /proc/self/mountinfo)" " /dev/pts "
    pty=$(vm-dumpxml web | sed -n "s/.*<source path='\(.dev.pts.[0-9]*\)'.*/\1/p" | head -n 1)
    [ -c "$pty" ]
    same "$(within web stat -c %t:%T "$pty")" "$(stat -c %t:%T "$pty")"
}

# bats test_tags=root
@test "mount: cgroup_device_acl says what is in /dev" {
    namespaces
    guest web
    conf 'user = "root"' 'cgroup_device_acl = [ "/dev/null", "/dev/urandom", "/dev/full" ]'
    ok vm-start --paused web
    same "$(nodes_of web)" "/dev/full /dev/null /dev/urandom $([ ! -e /dev/userfaultfd ] || echo '/dev/userfaultfd ')"
    same "$(within web readlink /dev/fd)" /proc/self/fd
}

# bats test_tags=root
@test "mount: a node that is not the guest's is not there for QEMU" {
    namespaces
    [ -b /dev/loop0 ] || skip "needs loop devices"
    export VMUTILS_LANDLOCK=0
    guest web
    conf 'user = "root"' 'cgroup_controllers = [ "cpu" ]'
    ok vm-start --paused web
    must_fail any qmp-send web '{"execute": "blockdev-add", "arguments": {"driver": "host_device", "node-name": "x", "filename": "/dev/loop0"}}'
    contains "$err" "No such file or directory"
}

# bats test_tags=root
@test "mount: with Landlock, nodes of the guest's own /dev may be opened" {
    namespaces
    guest web "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
    conf 'user = "root"'
    ok vm-start --paused web
    ok qmp-send web '{"execute": "object-add", "arguments": {"qom-type": "rng-random", "id": "r9", "filename": "/dev/urandom"}}'
}

# bats test_tags=root
@test "mount: namespaces = [] leaves the host's /dev" {
    namespaces
    guest web
    conf 'user = "root"' 'namespaces = []'
    ok vm-start --paused web
    same "$(readlink "/proc/$(qemu_of web)/ns/mnt")" "$(readlink /proc/self/ns/mnt)"
}

# bats test_tags=root
@test "mount: without the right to mount it is a note, and an error where qemu.conf asks for it" {
    namespaces
    requires setpriv
    guest web "<serial type='unix'><source mode='bind' path='$T/web.sock'/></serial>"
    conf 'user = "root"' 'cgroup_controllers = []'
    ok setpriv --bounding-set=-sys_admin -- vm-start --paused web
    contains "$err" "cannot make a private /dev" "the guest sees the host's"
    [ "$(vm-list --json web | jq -r '.[0].sockets')" = open ]
    ok vm-stop --force web
    conf 'user = "root"' 'cgroup_controllers = []' 'namespaces = [ "mount" ]'
    must_fail 7 setpriv --bounding-set=-sys_admin -- vm-start --paused web
    contains "$err" "cannot make a private /dev" "namespaces = []"
}

# bats test_tags=root
@test "mount: nothing of it is left on the host" {
    namespaces
    guest web
    conf 'user = "root"'
    before=$(cut -d' ' -f5 /proc/self/mountinfo)
    ok vm-start --paused web
    same "$(cut -d' ' -f5 /proc/self/mountinfo)" "$before"
    ok vm-stop --force web
    same "$(cut -d' ' -f5 /proc/self/mountinfo)" "$before"
}

# bats test_tags=user
@test "sockets: of a guest that makes its own, other guests' monitors are out of reach" {
    requires qemu-system-x86_64
    guest one "<serial type='unix'><source mode='bind' path='$T/one.sock'/></serial>"
    guest two
    ok vm-start -q --paused one
    ok vm-start -q --paused two
    [ "$(vm-list --json one | jq -r '.[0].sockets')" = hidden ] || skip "needs user namespaces"
    must_fail any connect_to one "$ROOT/lib/vmutils/two/monitor.sock"
    contains "$err" "No such file or directory"
    ok seclabel --json one
    contains "$out" "hidden: " "$ROOT/lib/vmutils"
}

# bats test_tags=user
@test "sockets: of a guest that makes its own, the session bus is out of reach" {
    [ "$(id -u)" != 0 ] || skip "for ordinary users"
    requires qemu-system-x86_64
    export XDG_RUNTIME_DIR=$T/session
    mkdir -m 700 "$T/session"
    python3 -c "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind('$T/session/bus'); s.listen(); time.sleep(600)" 3>&- &
    wait_for test -S "$T/session/bus"
    guest one "<serial type='unix'><source mode='bind' path='$T/one.sock'/></serial>"
    ok vm-start -q --paused one
    [ "$(vm-list --json one | jq -r '.[0].sockets')" = hidden ] || skip "needs user namespaces"
    must_fail any connect_to one "$T/session/bus"
}

# bats test_tags=user
@test "sockets: a guest in a user namespace has no capabilities and is stopped like others" {
    [ "$(id -u)" != 0 ] || skip "for ordinary users"
    requires qemu-system-x86_64
    guest one "<serial type='unix'><source mode='bind' path='$T/one.sock'/></serial>"
    ok vm-start -q --paused one
    for field in CapInh CapPrm CapEff CapAmb; do
        same "$field $(sed -n "s/^$field:[[:space:]]*//p" "/proc/$(qemu_of one)/status")" "$field 0000000000000000"
    done
    ok vm-stop --force one
    [ ! -e "$T/one.sock" ]
}
