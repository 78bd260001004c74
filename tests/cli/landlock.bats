#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real QEMU, paused, under Landlock and the filter of its sockets: asked by QMP to open what is not the guest's.
# bats file_tags=user
load ../helpers

# guest_on NAME [DEVICES [OTHER]]: a guest with a qcow2 disk of its own, paused.
guest_on() {
    requires qemu-system-x86_64
    [ -f "$T/$1.qcow2" ] || qemu-img create -q -f qcow2 "$T/$1.qcow2" 1M
    guest "$1" "<disk type='file'><driver name='qemu' type='qcow2'/><source file='$T/$1.qcow2'/>
        <target dev='vda' bus='virtio'/></disk>${2:-}" "${3:-}"
    root_is_meant
    vm-start -q --paused "$1"
}

root_is_meant() { mkdir -p "$ROOT/etc" && echo 'user = "root"' >"$ROOT/etc/qemu.conf"; }

needs_landlock() {
    embed
    domain probe
    seclabel --json "$T/probe.xml" | jq -e '.[] | select(.layer == "landlock" and .why == "process" and .wanted != null)' >/dev/null ||
        skip "needs Landlock in the kernel"
}

# open_file GUEST FILE [OPTION…]: QEMU opens FILE as an image.
open_file() {
    qmp-send "$1" "{\"execute\": \"blockdev-add\", \"arguments\": {\"driver\": \"file\", \"node-name\": \"n$RANDOM\",
        \"filename\": \"$2\", \"locking\": \"off\", \"read-only\": ${3:-true}}}"
}

connect_to() { # GUEST SOCKET
    qmp-send "$1" "{\"execute\": \"chardev-add\", \"arguments\": {\"id\": \"c$RANDOM\", \"backend\": {\"type\": \"socket\", \"data\":
        {\"server\": false, \"addr\": {\"type\": \"unix\", \"data\": {\"path\": \"$2\"}}}}}}"
}

@test "Landlock: two guests of one user open their own disks and not each other's" {
    needs_landlock
    guest_on one
    guest_on two
    ok open_file one "$T/one.qcow2"
    ok open_file two "$T/two.qcow2"
    must_fail any open_file one "$T/two.qcow2"
    contains "$err" "Permission denied"
    must_fail any open_file two "$T/one.qcow2"
    contains "$err" "Permission denied"
}

@test "Landlock: files of the user that are no guest's are out of reach" {
    needs_landlock
    echo secret >"$T/diary"
    guest_on one
    must_fail any open_file one "$T/diary"
    must_fail any open_file one /etc/passwd
    must_fail any open_file one "/proc/$$/environ"
}

@test "Landlock: a read-only disk may not be written" {
    needs_landlock
    truncate -s 1M "$T/cd.iso"
    guest_on one "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='$T/cd.iso'/><target dev='sda' bus='ide'/><readonly/></disk>"
    ok open_file one "$T/cd.iso" true
    must_fail any open_file one "$T/cd.iso" false
}

@test "sockets: the monitor of another guest and the session bus are out of reach" {
    needs_landlock
    guest_on one
    guest_on two
    must_fail any connect_to one "$ROOT/lib/vmutils/two/monitor.sock"
    contains "$err" "Failed to create socket"
    python3 -c "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind('$T/bus'); s.listen(); time.sleep(600)" 3>&- &
    wait_for test -S "$T/bus"
    must_fail any connect_to one "$T/bus"
    [ "$(vm-list --json one | jq -r '.[0].sockets')" = denied ]
}

@test "Landlock: a snapshot goes into a directory that the domain names, and nowhere else" {
    needs_landlock
    mkdir "$T/named" "$T/other"
    guest_on one "<filesystem type='mount' accessmode='mapped'><source dir='$T/named'/><target dir='x'/></filesystem>"
    node=$(qmp-send one query-named-block-nodes | jq -r '.return[] | select(.drv == "qcow2") | ."node-name"')
    snapshot() {
        qmp-send one "{\"execute\": \"blockdev-snapshot-sync\", \"arguments\": {\"node-name\": \"$node\", \"snapshot-file\": \"$1\",
            \"snapshot-node-name\": \"s$RANDOM\", \"format\": \"qcow2\"}}"
    }
    must_fail any snapshot "$T/other/snap.qcow2"
    [ ! -e "$T/other/snap.qcow2" ]
    ok snapshot "$T/named/snap.qcow2"
    [ -s "$T/named/snap.qcow2" ]
}

@test "Landlock: a snapshot goes into a directory that <metadata> names" {
    needs_landlock
    mkdir "$T/snaps"
    guest_on one "" "<metadata><confinement xmlns='urn:vmutils:confinement'><directory path='$T/snaps'/></confinement></metadata>"
    node=$(qmp-send one query-named-block-nodes | jq -r '.return[] | select(.drv == "qcow2") | ."node-name"')
    ok qmp-send one "{\"execute\": \"blockdev-snapshot-sync\", \"arguments\": {\"node-name\": \"$node\",
        \"snapshot-file\": \"$T/snaps/1.qcow2\", \"snapshot-node-name\": \"s1\", \"format\": \"qcow2\"}}"
    [ -s "$T/snaps/1.qcow2" ]
}

# By commands of the monitor that write files: MAKER GUEST FILE.
dump() { qmp-send "$1" "{\"execute\": \"dump-guest-memory\", \"arguments\": {\"paging\": false, \"protocol\": \"file:$2\"}}"; }
screenshot() { qmp-send "$1" "{\"execute\": \"screendump\", \"arguments\": {\"filename\": \"$2\"}}"; }
memory() { qmp-send "$1" "{\"execute\": \"pmemsave\", \"arguments\": {\"val\": 0, \"size\": 4096, \"filename\": \"$2\"}}"; }

@test "Landlock: dumps, screenshots and memory go into directories that the domain names, and nowhere else" {
    needs_landlock
    mkdir "$T/named" "$T/other"
    guest_on one "<video><model type='vga'/></video>" \
        "<metadata><confinement xmlns='urn:vmutils:confinement'><directory path='$T/named'/></confinement></metadata>"
    for maker in dump screenshot memory; do
        ok "$maker" one "$T/named/$maker"
        wait_for test -s "$T/named/$maker"
        must_fail any "$maker" one "$T/other/$maker"
        [ ! -e "$T/other/$maker" ]
    done
}

@test "Landlock: a dump and a migration go to a descriptor, whatever file it is, and no program is run for one" {
    needs_landlock
    guest_on one
    to_descriptor() { # COMMAND
        printf '%s\n' '{"execute": "getfd", "arguments": {"fdname": "out"}}' "$1" | qmp-send --fd 7 one
    }
    ok to_descriptor '{"execute": "dump-guest-memory", "arguments": {"paging": false, "protocol": "fd:out"}}' 7>"$T/dump"
    [ -s "$T/dump" ]
    ok to_descriptor '{"execute": "migrate", "arguments": {"uri": "fd:out"}}' 7>"$T/state"
    wait_for test -s "$T/state"
    qmp-send one '{"execute": "migrate", "arguments": {"uri": "exec:cat >'"$T"'/exec"}}' || true
    sleep 0.1
    [ ! -e "$T/exec" ]
}

@test "Landlock: log files that are not there yet are made" {
    needs_landlock
    guest_on one "<serial type='file'><source path='$T/serial.log'/></serial><console type='pty'/>"
    [ -f "$T/serial.log" ]
    [ "$(stat -c %a "$T/serial.log")" = 600 ]
}

@test "Landlock: a socket of the domain's own is made in its directory" {
    needs_landlock
    mkdir "$T/socks"
    python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('$T/socks/serial')" # left over
    guest_on one "<serial type='unix'><source mode='bind' path='$T/socks/serial'/></serial>"
    [ -S "$T/socks/serial" ]
    [ "$(vm-list --json one | jq -r '.[0].sockets')" != denied ]
}

@test "Landlock: TCP ports that are not the guest's are out of reach" {
    needs_landlock
    [ "$(seclabel --json "$T/probe.xml" | jq -r '.[] | select(.layer == "landlock" and .why == "process") | .wanted' | tr -dc 0-9)" -ge 4 ] ||
        skip "needs Landlock in the kernel, version 4"
    guest_on one
    # Port 9 of this machine has nobody behind it: without Landlock the connection would be refused.
    must_fail any qmp-send one '{"execute": "chardev-add", "arguments": {"id": "t", "backend": {"type": "socket", "data":
        {"server": false, "addr": {"type": "inet", "data": {"host": "127.0.0.1", "port": "9"}}}}}}'
    contains "$err" "Permission denied"
    must_fail any qmp-send one '{"execute": "chardev-add", "arguments": {"id": "u", "backend": {"type": "socket", "data":
        {"server": true, "wait": false, "addr": {"type": "inet", "data": {"host": "127.0.0.1", "port": "0"}}}}}}'
}

@test "Landlock: a guest with VNC, a terminal, sound, USB, a network of its user and a TPM of none starts" {
    needs_landlock
    guest_on one "<serial type='pty'/><graphics type='vnc' autoport='yes'/><video><model type='vga'/></video>
        <interface type='user'><model type='virtio'/></interface><sound model='ich6'/><input type='tablet' bus='usb'/>
        <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
    ok qmp-send one query-status
}

@test "Landlock: VMUTILS_LANDLOCK=0 and vmutils.conf switch it off" {
    needs_landlock
    export VMUTILS_LANDLOCK=0
    guest_on one
    echo other >"$T/other"
    ok open_file one "$T/other"
    [ "$(vm-list --json one | jq '.[0].landlock')" = null ]
    unset VMUTILS_LANDLOCK
    echo 'landlock = 0' >"$ROOT/etc/vmutils.conf"
    guest_on two
    ok open_file two "$T/other"
    ok seclabel --json two
    contains "$out" "landlock = 0 in $ROOT/etc/vmutils.conf"
}

@test "seclabel --show tells by which Landlock a guest is confined, and which rules it has" {
    needs_landlock
    shown() { seclabel --json --show one | jq -c '[.[] | select(.layer == "landlock" and (.why == "process" or .why == "disk vda")) | [.why, .now, .wanted]]'; }
    guest_on one
    contains "$(shown)" '["process",null,"ABI ' '["disk vda","read write truncate",null]'
    same "$(seclabel --json --show one | jq -r '.[] | select(.layer == "sockets") | .wanted')" denied
    ok vm-stop -q --force one
    VMUTILS_LANDLOCK=0 ok vm-start -q --paused one
    same "$(shown)" '[["process",null,"none"]]'
}

@test "vmutils.conf: a value out of range is an error with its line" {
    domain one
    mkdir -p "$ROOT/etc"
    printf '# mine\nlandlock = 7\n' >"$ROOT/etc/vmutils.conf"
    must_fail 1 seclabel "$T/one.xml"
    contains "$err" "vmutils.conf:2: landlock = 7: must be from 0 to 1"
}

@test "Landlock: a guest that asks for io_uring starts, and that its sockets are open is told" {
    needs_landlock
    qemu-img create -q -f raw "$T/data.img" 1M
    guest_on one "<disk type='file'><driver name='qemu' type='raw' io='io_uring'/><source file='$T/data.img'/><target dev='vdb' bus='virtio'/></disk>" ||
        skip "needs io_uring in the kernel"
    ok seclabel --json one
    contains "$out" "io='io_uring'"
}

@test "Landlock: vm-list tells its version" {
    needs_landlock
    guest_on one
    [ "$(vm-list --json one | jq '.[0].landlock > 0')" = true ]
}

@test "seclabel: tells which paths QEMU is let open, and why" {
    needs_landlock
    touch "$T/a.img"
    domain one "<disk type='file'><source file='$T/a.img'/><target dev='vda' bus='virtio'/></disk><interface type='user'/>"
    ok seclabel --json "$T/one.xml"
    [ "$(jq -r --arg p "$T/a.img" '.[] | select(.layer == "landlock" and .path == $p) | .wanted' <<<"$out")" = "read write" ]
    contains "$out" "TCP connections are not limited: user networking"
}
